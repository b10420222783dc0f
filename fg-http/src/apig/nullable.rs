//! Strings and flags that may be `null` in JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// A string, borrowed from the JSON if it has no escape sequences; empty for `null`.
#[derive(Default)]
pub(super) struct NullableString<'a>(pub(super) Cow<'a, str>);

struct StringVisitor;

impl<'de> Visitor<'de> for StringVisitor {
    type Value = NullableString<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(NullableString(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(NullableString(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(NullableString::default())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for NullableString<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StringVisitor)
    }
}

/// A flag, which some senders write as a string; `false` for `null`.
#[derive(Clone, Copy, Default)]
pub(super) struct NullableFlag(pub(super) bool);

struct FlagVisitor;

impl Visitor<'_> for FlagVisitor {
    type Value = NullableFlag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(NullableFlag(flag))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            _ if text.eq_ignore_ascii_case("true") => Ok(NullableFlag(true)),
            _ if text.is_empty() || text.eq_ignore_ascii_case("false") => Ok(NullableFlag(false)),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(NullableFlag(false))
    }
}

impl<'de> Deserialize<'de> for NullableFlag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlagVisitor)
    }
}
