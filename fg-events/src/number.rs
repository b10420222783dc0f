//! Numbers that are neither an `i64` nor a `u64`, with and without the feature
//! `arbitrary_precision` of `serde_json`.
//!
//! Without that feature `serde_json` passes such a number to [`Visitor::visit_f64`]. With it, which
//! any crate of a program can enable for all of them, it passes the number to
//! [`Visitor::visit_map`]: as an object with one private key, whose value is the literal. The same
//! is true of a [`serde_json::Value`], and of the buffers of `#[serde(flatten)]` and
//! `#[serde(untagged)]`.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StringDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, Expected, MapAccess, Unexpected, Visitor,
};

/// The private key, from `serde_json`'s `number.rs`. A test guards it.
const KEY: &str = "$serde_json::private::Number";

/// What `visit_map` was called for.
pub(crate) enum Entries<'de, A> {
    /// The literal of a number.
    Number(String),
    /// An object.
    Object(Object<'de, A>),
}

impl<'de, A: MapAccess<'de>> Entries<'de, A> {
    pub(crate) fn open(mut entries: A) -> Result<Self, A::Error> {
        let first = entries.next_key()?.map(|Key(key)| key);
        if first.as_deref() == Some(KEY) {
            return entries.next_value().map(Self::Number);
        }
        Ok(Self::Object(Object { first, entries }))
    }

    /// The number; an object is an error.
    pub(crate) fn number<E: Error>(self, expected: &dyn Expected) -> Result<String, E> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Object(_) => Err(E::invalid_type(Unexpected::Map, expected)),
        }
    }

    /// The object; a number is an error.
    pub(crate) fn object<E: Error>(self, expected: &dyn Expected) -> Result<Object<'de, A>, E> {
        match self {
            Self::Number(number) => {
                Err(E::invalid_type(Unexpected::Float(float(&number)), expected))
            }
            Self::Object(object) => Ok(object),
        }
    }
}

/// For `visit_map` of a visitor that accepts no objects: visits the number as an `f64`, as without
/// the feature.
pub(crate) fn visit_float<'de, V: Visitor<'de>, A: MapAccess<'de>>(
    visitor: V,
    entries: A,
) -> Result<V::Value, A::Error> {
    let number = Entries::open(entries)?.number(&visitor)?;
    visitor.visit_f64(float(&number))
}

/// For `visit_map` of a visitor that accepts strings, numbers and `{}`: the number as a string,
/// `None` for `{}`.
#[cfg(feature = "apig")]
pub(crate) fn string_of_entries<'de, A: MapAccess<'de>>(
    entries: A,
    expected: &dyn Expected,
) -> Result<Option<String>, A::Error> {
    match Entries::open(entries)? {
        Entries::Number(number) => Ok(Some(string_of(number))),
        Entries::Object(Object { first: None, .. }) => Ok(None),
        Entries::Object(_) => Err(A::Error::invalid_type(Unexpected::Map, expected)),
    }
}

/// Every number in JSON parses as an `f64`; one that is too large is infinite.
fn float(number: &str) -> f64 {
    number.parse().unwrap_or(f64::NAN)
}

/// Converts an `f64` to a string.
///
/// An integer beyond `i64` and `u64` is an error: it has been rounded to another number than the
/// one sent.
pub(crate) fn string_of_float<E: Error>(number: f64, expected: &dyn Expected) -> Result<String, E> {
    if is_too_large(number) {
        Err(E::invalid_value(Unexpected::Float(number), expected))
    } else {
        Ok(number.to_string())
    }
}

/// Converts the literal of a number to a string: as [`string_of_float`] does if its `f64` is exact,
/// or else the literal itself.
pub(crate) fn string_of(number: String) -> String {
    /// Every decimal number with so many digits survives a round trip through an `f64`.
    const EXACT_DIGITS: usize = 15;
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let float = float(&number);
    if digits.trim_matches('0').len() > EXACT_DIGITS || is_too_large(float) {
        number
    } else {
        float.to_string()
    }
}

fn is_too_large(number: f64) -> bool {
    /// 2^63.
    const BEYOND_I64: f64 = 9_223_372_036_854_775_808.0;
    number.abs() >= BEYOND_I64
}

/// The entries of an object whose first key has been read.
pub(crate) struct Object<'de, A> {
    first: Option<Cow<'de, str>>,
    entries: A,
}

/// A key, borrowed from the payload if possible.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }

            fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Object<'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(Cow::Borrowed(key)) => {
                seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
            }
            Some(Cow::Owned(key)) => seed.deserialize(StringDeserializer::new(key)).map(Some),
            None => self.entries.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.entries.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.entries.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_string_from_its_digits_and_from_its_f64() {
        for (written, text) in [
            ("1.5", "1.5"),
            ("1.10", "1.1"),
            ("-0.25", "-0.25"),
            ("3.0", "3"),
            ("1e3", "1000"),
            ("2.5E-1", "0.25"),
        ] {
            assert_eq!(string_of(written.to_owned()), text);
            assert_eq!(
                string_of_float::<serde_json::Error>(float(written), &"a string").ok().as_deref(),
                Some(text)
            );
        }
    }

    #[test]
    fn a_number_that_no_f64_represents_keeps_its_digits_or_is_an_error() {
        for written in [
            "123456789012345678901234",
            "-9223372036854775809",
            "18446744073709551616",
            "1e30",
            "1e400",
        ] {
            assert_eq!(string_of(written.to_owned()), written);
            assert!(
                string_of_float::<serde_json::Error>(float(written), &"a string").is_err(),
                "{written}"
            );
        }
        assert_eq!(string_of("0.12345678901234567891".to_owned()), "0.12345678901234567891");
    }

    /// Passes with the feature and without: `.ci/check-precision` runs all tests of this crate with
    /// it.
    #[test]
    fn the_key_is_serde_jsons_own() {
        let number = serde_json::from_str::<serde_json::Number>("1.10").expect("it is a number");
        let is_precise = number.to_string() == "1.10";
        struct Probe;
        impl<'de> Visitor<'de> for Probe {
            type Value = bool;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
                Ok(false)
            }
            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<bool, A::Error> {
                Entries::open(entries)?.number(&self).map(|number| number == "1.10")
            }
        }
        let seen =
            Deserializer::deserialize_any(&mut serde_json::Deserializer::from_str("1.10"), Probe);
        assert_eq!(seen.ok(), Some(is_precise));
    }
}
