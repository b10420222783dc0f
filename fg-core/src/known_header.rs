//! The headers that a context does not just keep: found by their names.

use crate::header_names as names;

/// A header that is looked at when an invocation begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KnownHeader {
    RequestId,
    Timeout,
    Secret(SecretName),
}

/// A header whose value is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretName {
    AccessKey,
    SecretKey,
    AuthToken,
    SecurityAccessKey,
    SecuritySecretKey,
    SecurityToken,
    StreamToken,
}

const KNOWN: [(&str, KnownHeader); 9] = [
    (names::REQUEST_ID, KnownHeader::RequestId),
    (names::TIMEOUT, KnownHeader::Timeout),
    (names::ACCESS_KEY, KnownHeader::Secret(SecretName::AccessKey)),
    (names::SECRET_KEY, KnownHeader::Secret(SecretName::SecretKey)),
    (names::AUTH_TOKEN, KnownHeader::Secret(SecretName::AuthToken)),
    (names::SECURITY_ACCESS_KEY, KnownHeader::Secret(SecretName::SecurityAccessKey)),
    (names::SECURITY_SECRET_KEY, KnownHeader::Secret(SecretName::SecuritySecretKey)),
    (names::SECURITY_TOKEN, KnownHeader::Secret(SecretName::SecurityToken)),
    (names::STREAM_TOKEN, KnownHeader::Secret(SecretName::StreamToken)),
];

/// The lengths of their names, a bit for each.
const LENGTHS: u32 = {
    let (mut lengths, mut index) = (0, 0);
    while index < KNOWN.len() {
        lengths |= 1 << KNOWN[index].0.len();
        index += 1;
    }
    lengths
};

impl KnownHeader {
    /// The known header of this name, whatever its case.
    #[inline]
    pub(crate) fn of(name: &str) -> Option<Self> {
        // Rules out most of the names.
        let may_be_known = name.len() < 32 && LENGTHS >> name.len() & 1 == 1;
        if may_be_known && matches!(name.as_bytes()[0], b'x' | b'X') {
            Self::find(name)
        } else {
            None
        }
    }

    #[inline(never)]
    fn find(name: &str) -> Option<Self> {
        let key = key(name);
        let (known, header) = KNOWN[KEYS.iter().position(|known| *known == key)?];
        // Most HTTP libraries give names in lower case.
        (known == name || known.eq_ignore_ascii_case(name)).then_some(header)
    }
}

/// The keys of their names, in the same order.
const KEYS: [u16; KNOWN.len()] = {
    let (mut keys, mut index) = ([0; KNOWN.len()], 0);
    while index < KNOWN.len() {
        keys[index] = key(KNOWN[index].0);
        index += 1;
    }
    keys
};

/// The length of a name, and the seventh character from its end. Not two of the known names have
/// both alike.
const fn key(name: &str) -> u16 {
    let character = name.as_bytes()[name.len() - 7].to_ascii_lowercase();
    u16::from_le_bytes([name.len() as u8, character])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_known_name_is_found_whatever_its_case() {
        for (name, header) in KNOWN {
            assert_eq!(KnownHeader::of(name), Some(header), "{name}");
            assert_eq!(KnownHeader::of(&name.to_ascii_uppercase()), Some(header), "{name}");
            assert_eq!(KnownHeader::of(&format!("{name}s")), None);
            assert_eq!(KnownHeader::of(&name.replace('-', "_")), None);
        }
        assert_eq!(KnownHeader::of(""), None);
    }
}
