//! Identifiers: random ones, and ones that follow from something that is kept.

use std::hash::{BuildHasher, Hasher, RandomState};

use sha2::{Digest, Sha256};

/// The UUID that always belongs to this string: the first half of its SHA-256.
pub(crate) fn derived_uuid(string: &str) -> String {
    let digest = Sha256::digest(string.as_bytes());
    let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    uuid(number(&digest[..8]), number(&digest[8..16]))
}

/// A random UUID, of version 4.
pub(crate) fn random_uuid() -> String {
    // Each `RandomState` has new random keys, so the hash of nothing is a random number.
    let [high, low] = [(); 2].map(|()| RandomState::new().build_hasher().finish());
    uuid(high & !0xf000 | 0x4000, low & !(0b11 << 62) | (0b10 << 62))
}

fn uuid(high: u64, low: u64) -> String {
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_uuid_follows_from_its_string_alone() {
        assert_eq!(derived_uuid("a"), derived_uuid("a"));
        assert_ne!(derived_uuid("a"), derived_uuid("b"));
    }

    #[test]
    fn identifiers_have_the_form_of_a_uuid() {
        for id in [random_uuid(), derived_uuid("a")] {
            let lengths: Vec<_> = id.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        }
    }

    #[test]
    fn random_uuids_differ() {
        assert_ne!(random_uuid(), random_uuid());
    }
}
