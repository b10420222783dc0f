//! Generates ids for requests that come without one.

use std::hash::{BuildHasher, RandomState};

/// Generates a request id in the platform's format: a random UUID.
pub(crate) fn random_request_id() -> String {
    // The standard library's hasher has random keys.
    let random = RandomState::new();
    let (high, low) = (random.hash_one(1), random.hash_one(2));
    // Version 4, variant 1.
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_request_id_is_a_random_uuid() {
        let id = super::random_request_id();
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert_ne!(id, super::random_request_id());
    }
}
