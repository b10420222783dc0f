//! Request ids in the form of the platform's: random UUIDs.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A new request id: a UUID of version 4.
///
/// ```
/// assert_eq!(fg_emulator::random_request_id().len(), 36);
/// ```
#[must_use]
pub fn random_request_id() -> String {
    // Each `RandomState` has new random keys, so the hash of nothing is a random number. This needs
    // no dependency.
    let [high, low] = [(); 2].map(|()| RandomState::new().build_hasher().finish());
    let variant = 0x8000 | ((low >> 48) & 0x3fff);
    format!(
        "{:08x}-{:04x}-4{:03x}-{variant:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low & 0xffff_ffff_ffff
    )
}
