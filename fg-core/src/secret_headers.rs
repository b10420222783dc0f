//! The headers with secrets: taken out before anything can print them.

use crate::credentials::Credentials;
use crate::headers::is_absent;
use crate::known_header::SecretName;
use crate::secret::Secret;

/// The values of the headers that are seen only by code that asks for them by name.
#[derive(Default)]
pub(crate) struct SecretHeaders {
    pub(crate) are_any: bool,
    /// Access key, secret key and token, as they come.
    security: [Option<Secret>; 3],
    pub(crate) credentials: Option<Credentials>,
    pub(crate) token: Option<Secret>,
    pub(crate) access_key: Option<Secret>,
    pub(crate) secret_key: Option<Secret>,
    pub(crate) stream_token: Option<Secret>,
}

impl SecretHeaders {
    /// Takes the value of a secret header.
    ///
    /// An empty value is no secret. One counts all the same: keys that do not expire, as a
    /// developer has them, come with an empty security token.
    #[inline(never)]
    pub(crate) fn insert(&mut self, name: SecretName, value: &[u8]) {
        if is_absent(value) {
            if value.is_empty() && name == SecretName::SecurityToken {
                self.security[2] = Some(Secret::default());
            }
            return;
        }
        let place = match name {
            SecretName::AccessKey => &mut self.access_key,
            SecretName::SecretKey => &mut self.secret_key,
            SecretName::AuthToken => &mut self.token,
            SecretName::SecurityAccessKey => &mut self.security[0],
            SecretName::SecuritySecretKey => &mut self.security[1],
            SecretName::SecurityToken => &mut self.security[2],
            SecretName::StreamToken => &mut self.stream_token,
        };
        *place = Some(Secret::new(String::from_utf8_lossy(value)));
        self.are_any = true;
    }

    /// Has to be called after the last header: the temporary credentials are three or none.
    pub(crate) fn complete(&mut self) {
        if self.security.iter().all(Option::is_none) {
            return;
        }
        if let [Some(security_access_key), Some(security_secret_key), Some(security_token)] =
            std::mem::take(&mut self.security)
        {
            self.credentials =
                Some(Credentials { security_access_key, security_secret_key, security_token });
        }
    }
}
