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
        KNOWN.iter().find(|(known, _)| is(known, name)).map(|(_, header)| *header)
    }
}

// Not inlined, as it would be inlined for each of the names.
#[inline(never)]
fn is(known: &str, name: &str) -> bool {
    let middle = known.len() / 2;
    // Not two of the names have the same length and the same character there.
    known.len() == name.len()
        && known.as_bytes()[middle] == name.as_bytes()[middle].to_ascii_lowercase()
        && known.eq_ignore_ascii_case(name)
}
