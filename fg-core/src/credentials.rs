//! The temporary credentials of the function's agency.

use crate::secret::Secret;

/// Temporary access key, secret key and security token of the function's agency; the three are used
/// together.
///
/// They are there if the function has an agency, and are valid for 24 hours. Platform:
/// `X-CFF-Security-Access-Key`, `X-CFF-Security-Secret-Key`, `X-CFF-Security-Token` (Go:
/// `GetSecurityAccessKey`, `GetSecuritySecretKey`, `GetSecurityToken`).
#[derive(Clone, Debug)]
pub struct Credentials {
    pub(crate) security_access_key: Secret,
    pub(crate) security_secret_key: Secret,
    pub(crate) security_token: Secret,
}

impl Credentials {
    /// These three, for tests and for clients of other services.
    pub fn new(
        access_key: impl Into<Secret>,
        secret_key: impl Into<Secret>,
        token: impl Into<Secret>,
    ) -> Self {
        Self {
            security_access_key: access_key.into(),
            security_secret_key: secret_key.into(),
            security_token: token.into(),
        }
    }

    /// The temporary access key.
    #[must_use]
    pub fn security_access_key(&self) -> &Secret {
        &self.security_access_key
    }

    /// The temporary secret key.
    #[must_use]
    pub fn security_secret_key(&self) -> &Secret {
        &self.security_secret_key
    }

    /// The token that belongs to the two keys; sent as `X-Security-Token`.
    #[must_use]
    pub fn security_token(&self) -> &Secret {
        &self.security_token
    }
}
