//! A value that is never printed.

use std::fmt;

use zeroize::Zeroize;

/// A secret string: prints as `***`, is not `Serialize`, and is wiped from memory when it is
/// dropped.
///
/// On the custom runtime the buffers that it came through are wiped as well, with all other headers
/// and the body of the event, before the next event is asked for. In server mode they belong to the
/// HTTP library, which does not do that. A copy that a handler makes is its own.
///
/// ```
/// let token = fg_core::Secret::new("s3cr3t");
/// assert_eq!(format!("{token} {token:?}"), "*** Secret(***)");
/// assert_eq!(token.expose(), "s3cr3t");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps this value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for signing or for an `Authorization` header; do not log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    // Not inlined: it is called for each of the secret headers, and is long.
    #[inline(never)]
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}
