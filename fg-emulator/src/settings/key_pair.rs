//! The key pair with which requests to the platform's API are signed.

use std::fmt;

/// An access key and its secret key, which are never printed.
///
/// ```
/// let emulator = fg_emulator::Emulator::attach().key_pair("AK", "SK").start()?;
/// let pair = emulator.key_pair().expect("it was set");
/// assert_eq!((pair.access_key(), pair.secret_key()), ("AK", "SK"));
/// assert_eq!(format!("{pair:?}"), "KeyPair(***)");
/// # Ok::<(), fg_emulator::PlatformError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct KeyPair {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
}

impl KeyPair {
    /// The access key, which names the pair in a signature.
    #[must_use]
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// The secret key, with which signatures are made and verified.
    #[must_use]
    pub fn secret_key(&self) -> &str {
        &self.secret_key
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(***)")
    }
}
