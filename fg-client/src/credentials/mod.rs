//! Access keys, and where they are found.
//!
//! The first of these that has them is taken, as a whole: an access key is never combined with a
//! secret key from elsewhere.
//!
//! | | source | what is read |
//! | --- | --- | --- |
//! | 1 | the program | [`Builder::credentials`](crate::Builder::credentials) |
//! | 2 | variables of the official SDKs | `HUAWEICLOUD_SDK_AK`, `HUAWEICLOUD_SDK_SK`, `HUAWEICLOUD_SDK_SECURITY_TOKEN` |
//! | 3 | variables of Terraform | `HW_ACCESS_KEY`, `HW_SECRET_KEY`, `HW_SECURITY_TOKEN` |
//! | 4 | variables of OpenStack | `OS_ACCESS_KEY`, `OS_SECRET_KEY`, `OS_SECURITY_TOKEN` |
//! | 5 | the file of the official SDKs | `~/.huaweicloud/credentials`, or `HUAWEICLOUD_SDK_CREDENTIALS_FILE`; section `basic`, or `global` |
//! | 6 | KooCLI | `~/.hcloud/config.json`, or `HW_SHARED_CONFIG_FILE`; profile `HW_PROFILE`, or the current one |
//! | 7 | the agency of a cloud server | the metadata service; asked at the first request, for at most 3 seconds |
//!
//! With [`Builder::profile`](crate::Builder::profile) only 5 and 6 are read, and only the section,
//! or profile, of that name.
//!
//! A variable that is empty counts as absent. An incomplete source, an access key without its
//! secret key, is an error, not a reason to go on: what is signed with the wrong key is hard to
//! understand. KooCLI encrypts what it stores, unless told otherwise with
//! `hcloud configure set --cli-auth-encrypt=false`; encrypted values are an error that says so.
//!
//! Not supported: `HUAWEICLOUD_SDK_IDP_ID`, identity tokens of a provider, passwords, and
//! `HW_ASSUME_ROLE_*`.

mod chain;
mod file;
mod koocli;
mod metadata;
mod source;

use std::fmt;
use std::time::SystemTime;

pub(crate) use self::chain::{Lookup, look_up};
pub(crate) use self::metadata::Metadata;
pub use self::source::{Found, Source};
use crate::secret::Secret;
use crate::sign::Key;

/// An access key with what belongs to it.
#[derive(Clone, Debug)]
pub struct Credentials {
    access_key: String,
    secret_key: Secret,
    security_token: Option<Secret>,
    expires_at: Option<SystemTime>,
}

impl Credentials {
    /// A permanent access key.
    pub fn new(access_key: impl Into<String>, secret_key: impl Into<Secret>) -> Self {
        Self {
            access_key: access_key.into(),
            secret_key: secret_key.into(),
            security_token: None,
            expires_at: None,
        }
    }

    /// The token of temporary credentials. An empty one counts as none.
    #[must_use]
    pub fn with_security_token(mut self, token: impl Into<Secret>) -> Self {
        self.security_token = Some(token.into()).filter(|token| !token.expose().is_empty());
        self
    }

    /// When temporary credentials end.
    #[must_use]
    pub fn with_expiry(mut self, expires_at: SystemTime) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    /// The access key. It is an identifier, not a secret.
    #[must_use]
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// The secret key.
    #[must_use]
    pub fn secret_key(&self) -> &Secret {
        &self.secret_key
    }

    /// The token of temporary credentials.
    #[must_use]
    pub fn security_token(&self) -> Option<&Secret> {
        self.security_token.as_ref()
    }

    /// When temporary credentials end, if that is known.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// What signs with them.
    #[must_use]
    pub fn key(&self) -> Key {
        let key = Key::new(self.access_key.clone(), self.secret_key.clone());
        match &self.security_token {
            Some(token) => key.security_token(token.clone()),
            None => key,
        }
    }

    /// The text without the secret key and the token, should they be in it.
    pub(crate) fn redact(&self, text: String) -> String {
        let token = self.security_token.as_ref().map(Secret::expose);
        [Some(self.secret_key.expose()), token]
            .into_iter()
            .flatten()
            .filter(|secret| secret.len() >= 4)
            .fold(text, |text, secret| text.replace(secret, "***"))
    }
}

/// Why there are no credentials to sign with.
#[derive(Clone, Debug)]
pub struct CredentialsError {
    message: String,
}

impl CredentialsError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CredentialsError {}
