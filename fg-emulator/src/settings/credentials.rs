//! The credentials that an invocation gets in its headers.

use std::fmt;

/// The credentials of the function's agency, which the platform sends with every invocation.
///
/// Empty values are not sent. The exception is the security token beside a security key pair:
/// permanent keys have no token, but a function expects all three headers.
///
/// ```
/// let credentials = fg_emulator::Credentials {
///     security_access_key: "AK".into(),
///     security_secret_key: "SK".into(),
///     security_token: "ST".into(),
///     ..Default::default()
/// };
/// assert!(!format!("{credentials:?}").contains("AK"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// `X-CFF-Access-Key`, which is deprecated by the platform.
    pub access_key: String,
    /// `X-CFF-Secret-Key`, which is deprecated by the platform.
    pub secret_key: String,
    /// `X-CFF-Auth-Token`
    pub auth_token: String,
    /// `X-CFF-Security-Access-Key`
    pub security_access_key: String,
    /// `X-CFF-Security-Secret-Key`
    pub security_secret_key: String,
    /// `X-CFF-Security-Token`
    pub security_token: String,
}

impl Credentials {
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let headers = [
            ("X-CFF-Access-Key", self.access_key.as_str()),
            ("X-CFF-Secret-Key", &self.secret_key),
            ("X-CFF-Auth-Token", &self.auth_token),
            ("X-CFF-Security-Access-Key", &self.security_access_key),
            ("X-CFF-Security-Secret-Key", &self.security_secret_key),
            ("X-CFF-Security-Token", &self.security_token),
        ];
        let has_key = !self.security_access_key.is_empty() && !self.security_secret_key.is_empty();
        headers.into_iter().filter(move |(name, value)| {
            !value.is_empty() || (has_key && *name == "X-CFF-Security-Token")
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}
