//! The parts of the JSON of events and responses, with their serialized length, so that the output
//! buffer is allocated once.

use std::borrow::Cow;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A body in JSON: a string, or bytes that are encoded in base64 while they are written.
#[derive(Clone, Copy)]
pub(super) enum EncodedBody<'a> {
    Text(&'a str),
    Base64(&'a [u8]),
}

impl EncodedBody<'_> {
    pub(super) const fn is_base64(self) -> bool {
        matches!(self, Self::Base64(_))
    }

    /// The length of the JSON in bytes.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Text(text) => string_len(text),
            Self::Base64(bytes) => bytes.len().div_ceil(3) * 4 + 2,
        }
    }
}

impl Serialize for EncodedBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Base64(bytes) => serializer.collect_str(&Base64Display::new(bytes, &STANDARD)),
        }
    }
}

/// The length of a string in JSON, including quotes and escapes.
pub(super) fn string_len(text: &str) -> usize {
    let escaped = |byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    };
    2 + text.bytes().map(escaped).sum::<usize>()
}

/// Names with their values.
pub(super) type Entries<'a> = Vec<(Cow<'a, str>, Vec<Cow<'a, str>>)>;

/// An object whose values are strings, or lists of strings if a name has several.
pub(super) struct Object<'a>(pub(super) Entries<'a>);

impl Object<'_> {
    /// The length of the JSON in bytes.
    pub(super) fn len(&self) -> usize {
        // An upper bound: a comma for each value; a colon, a comma and two brackets for each name.
        let entry = |(name, values): &(Cow<'_, str>, Vec<Cow<'_, str>>)| {
            string_len(name) + 4 + values.iter().map(|value| string_len(value) + 1).sum::<usize>()
        };
        2 + self.0.iter().map(entry).sum::<usize>()
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, values) in &self.0 {
            match values.as_slice() {
                [value] => map.serialize_entry(name, value)?,
                values => map.serialize_entry(name, values)?,
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_length_of_a_body_is_exact(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            for body in [EncodedBody::Text(&text), EncodedBody::Base64(&bytes)] {
                prop_assert_eq!(serde_json::to_vec(&body).expect("it is written").len(), body.len());
            }
        }

        #[test]
        fn the_length_of_an_object_is_an_upper_bound(entries in vec((any::<String>(), vec(any::<String>(), 0..4)), 0..4)) {
            let entries = entries.iter().map(|(name, values)| {
                (Cow::Borrowed(name.as_str()), values.iter().map(|value| Cow::Borrowed(value.as_str())).collect())
            });
            let object = Object(entries.collect());
            prop_assert!(serde_json::to_vec(&object).expect("it is written").len() <= object.len());
        }
    }
}
