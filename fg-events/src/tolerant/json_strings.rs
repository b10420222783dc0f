//! Strings that may hold JSON, owned or borrowed from the payload.

#[cfg(feature = "apig")]
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Tolerant;
use super::containers::ListVisitor;
#[cfg(feature = "apig")]
use super::containers::{only_empty_map, only_empty_seq};
use super::strings::StringVisitor;

/// A string that may hold JSON, or a list of such strings. An object or a list in place of the
/// string is converted to its JSON.
#[derive(Default)]
pub(crate) struct Json<T>(pub(crate) T);

impl<'de> Deserialize<'de> for Json<String> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor).map(Self)
    }
}

impl<'de> Deserialize<'de> for Json<Vec<String>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list: Vec<Json<String>> = deserializer.deserialize_any(ListVisitor(PhantomData))?;
        Ok(Self(list.into_iter().map(|element| element.0).collect()))
    }
}

impl Tolerant for Json<String> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn is_absent(&self) -> bool {
        self.0.is_empty()
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<String, A::Error> {
        let map = serde_json::Map::deserialize(MapAccessDeserializer::new(entries))?;
        // An empty object, like an empty string, is no value.
        Ok(if map.is_empty() { String::new() } else { Value::Object(map).to_string() })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<String, A::Error> {
        let list = Vec::<Value>::deserialize(SeqAccessDeserializer::new(elements))?;
        Ok(if list.is_empty() { String::new() } else { Value::Array(list).to_string() })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        StringVisitor.visit_str(text)
    }

    fn visit_string<E: Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<String, E> {
        StringVisitor.visit_bool(flag)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        StringVisitor.visit_i64(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        StringVisitor.visit_u64(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<String, E> {
        StringVisitor.visit_f64(number)
    }

    fn visit_unit<E: Error>(self) -> Result<String, E> {
        Ok(String::new())
    }
}

/// Like [`String`], or like [`Json`] if `JSON`, but borrowed from the payload if possible.
#[cfg(feature = "apig")]
pub(crate) struct Borrowed<const JSON: bool>;

#[cfg(feature = "apig")]
impl<'de, const JSON: bool> Visitor<'de> for Borrowed<JSON> {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if JSON { JsonVisitor.expecting(formatter) } else { StringVisitor.expecting(formatter) }
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        StringVisitor.visit_str(text).map(Cow::Owned)
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        StringVisitor.visit_bool(flag).map(Cow::Owned)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        StringVisitor.visit_i64(number).map(Cow::Owned)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        StringVisitor.visit_u64(number).map(Cow::Owned)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        StringVisitor.visit_f64(number).map(Cow::Owned)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(""))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        if JSON {
            JsonVisitor.visit_map(entries).map(Cow::Owned)
        } else {
            only_empty_map(&self, entries)
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        if JSON {
            JsonVisitor.visit_seq(elements).map(Cow::Owned)
        } else {
            only_empty_seq(&self, elements)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn a_string_that_may_hold_json_may_arrive_as_the_json_itself() {
        let json = |json: &str| read::<Json<String>>(json).map(|text| text.0);
        assert_eq!(json(r#" {"a": [1, null]} "#), Ok(r#"{"a":[1,null]}"#.to_owned()));
        assert_eq!(json(r#"[[], "b"]"#), Ok(r#"[[],"b"]"#.to_owned()));
        assert_eq!(json(r#""{\"a\": 1}""#), Ok(r#"{"a": 1}"#.to_owned()));
        assert_eq!(json("null"), Ok(String::new()));
    }
}
