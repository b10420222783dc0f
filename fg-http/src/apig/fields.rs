//! Headers and query parameters of an event or an answer, read into what HTTP has for them.
//!
//! A value is a text or a list of texts; numbers and flags are taken for their text, and `null` for no value.

use std::fmt;

use form_urlencoded::Serializer;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::Number;

use super::json::Entries;
use super::text::Text;

/// Takes each value of a name, or says why it cannot.
struct Values<'f>(&'f mut dyn FnMut(&str) -> Result<(), String>);

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        (self.0)(text).map_err(E::custom)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        self.visit_str(&flag.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        /// 2^63: beyond it the last digits of a whole number are gone, so that it would be another one than was sent.
        const BEYOND_I64: f64 = 9_223_372_036_854_775_808.0;
        if number.abs() >= BEYOND_I64 {
            return Err(E::invalid_value(Unexpected::Float(number), &self));
        }
        self.visit_str(&number.to_string())
    }

    /// A fraction, or a number beyond `u64`, where a crate of the program has switched on `serde_json/arbitrary_precision`.
    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        match Number::deserialize(MapAccessDeserializer::new(entries)) {
            Ok(number) => self.visit_str(&number.to_string()),
            Err(_) => Err(A::Error::invalid_type(Unexpected::Map, &self)),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(Values(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

/// An object whose entries are taken one by one; `null` and `""` are none.
struct ObjectVisitor<T>(T);

trait Take {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, entries: &mut A) -> Result<(), A::Error>;
}

impl<'de, T: Take> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<T, A::Error> {
        while let Some(Text(name)) = entries.next_key()? {
            self.0.take(&name, &mut entries)?;
        }
        Ok(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        if text.is_empty() { Ok(self.0) } else { Err(E::invalid_type(Unexpected::Str(text), &self)) }
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(self.0)
    }
}

/// HTTP headers.
#[derive(Default)]
pub(super) struct Headers(pub(super) HeaderMap);

impl Take for Headers {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, entries: &mut A) -> Result<(), A::Error> {
        let parsed = HeaderName::from_bytes(name.as_bytes());
        entries.next_value_seed(Values(&mut |value: &str| {
            let name = parsed.as_ref().map_err(|_| format!("{name:?} cannot be the name of an HTTP header"))?;
            let value = HeaderValue::from_bytes(value.as_bytes());
            // The value is not shown: it may be a secret.
            let value = value.map_err(|_| "the value of an HTTP header cannot have control characters".to_owned())?;
            self.0.try_append(name, value).map(drop).map_err(|_| "there are too many headers".to_owned())
        }))
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(Self::default()))
    }
}

/// The query of a URI.
#[derive(Default)]
pub(super) struct Query(pub(super) String);

impl Take for Query {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, entries: &mut A) -> Result<(), A::Error> {
        entries.next_value_seed(Values(&mut |value: &str| {
            let mut query = Serializer::new(std::mem::take(&mut self.0));
            query.append_pair(name, value);
            self.0 = query.finish();
            Ok(())
        }))
    }
}

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(Self::default()))
    }
}

/// The parameters of a query, each name with its values, in the order of the first of them.
pub(super) fn parameters_of(query: &str) -> Entries<'_> {
    let mut places = std::collections::HashMap::new();
    let mut parameters: Entries<'_> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let place = *places.entry(name).or_insert_with_key(|name| {
            parameters.push((name.clone(), Vec::new()));
            parameters.len() - 1
        });
        if let Some((_, values)) = parameters.get_mut(place) {
            values.push(value);
        }
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether or not `serde_json/arbitrary_precision` is switched on; `.ci/check-precision` runs this with it.
    #[test]
    fn a_number_is_its_text_or_an_error_and_never_another_number() {
        let query = |json: &str| serde_json::from_str::<Query>(json).map(|query| query.0).map_err(|error| error.to_string());
        assert_eq!(query(r#"{"n":1.5,"m":[2.5,-3]}"#).as_deref(), Ok("n=1.5&m=2.5&m=-3"));
        assert!(query(r#"{"n":{}}"#).is_err_and(|error| error.contains("invalid type: map, expected a text or a list of texts")));
        let large = "123456789012345678901234";
        match query(&format!(r#"{{"n":{large}}}"#)) {
            Ok(query) => assert_eq!(query, format!("n={large}")),
            Err(error) => assert!(error.contains("expected a text or a list of texts"), "{error}"),
        }
    }
}
