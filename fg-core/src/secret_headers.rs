//! The headers with secrets: taken out before anything can print them.

use crate::credentials::Credentials;
use crate::headers::names;
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
    /// Keeps the value if the header is a secret one; false if it is not.
    pub(crate) fn take(&mut self, name: &str, value: &[u8]) -> bool {
        let Some(slot) = self.slot(name) else { return false };
        *slot = Some(Secret::new(String::from_utf8_lossy(value)));
        self.are_any = true;
        true
    }

    /// Keys that do not expire, as a developer has them, come with a token that is there and empty.
    /// It is no secret by itself.
    pub(crate) fn take_empty(&mut self, name: &str) {
        if name.eq_ignore_ascii_case(names::SECURITY_TOKEN) {
            self.security[2] = Some(Secret::default());
        }
    }

    /// Where the value of a secret header goes.
    fn slot(&mut self, name: &str) -> Option<&mut Option<Secret>> {
        // Most are ruled out by their length.
        let is =
            |candidate: &str| name.len() == candidate.len() && name.eq_ignore_ascii_case(candidate);
        match name {
            _ if is(names::SECURITY_ACCESS_KEY) => Some(&mut self.security[0]),
            _ if is(names::SECURITY_SECRET_KEY) => Some(&mut self.security[1]),
            _ if is(names::SECURITY_TOKEN) => Some(&mut self.security[2]),
            _ if is(names::AUTH_TOKEN) => Some(&mut self.token),
            _ if is(names::ACCESS_KEY) => Some(&mut self.access_key),
            _ if is(names::SECRET_KEY) => Some(&mut self.secret_key),
            _ if is(names::STREAM_TOKEN) => Some(&mut self.stream_token),
            _ => None,
        }
    }

    /// After the last header: the temporary credentials are three or none.
    pub(crate) fn complete(&mut self) {
        if let [Some(security_access_key), Some(security_secret_key), Some(security_token)] =
            std::mem::take(&mut self.security)
        {
            self.credentials =
                Some(Credentials { security_access_key, security_secret_key, security_token });
        }
    }
}
