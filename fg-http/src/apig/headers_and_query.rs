//! Deserializes headers into a `HeaderMap` and query parameters into the query of a URI.
//!
//! A value is a string or a list of strings. Numbers and flags are converted to strings; `null` is
//! no value.

use std::fmt::{self, Write as _};

use fg_events::apig::reading;
use form_urlencoded::Serializer;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess,
    Unexpected, Visitor,
};

use super::json_output::Entries;
use super::nullable::NullableString;

/// Calls a function with each value of a name. The function can reject it with a message.
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
        f.write_str("a string or a list of strings")
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
        let text = reading::string_of_float(number, &self)?;
        self.visit_str(&text)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(Values(&mut *self.0))?.is_some() {}
        Ok(())
    }

    /// `{}`, which is no value; or a number, if some crate of the program enables
    /// `serde_json/arbitrary_precision`.
    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        match reading::string_of_entries(entries, &self)? {
            None => Ok(()),
            Some(number) => self.visit_str(&number),
        }
    }
}

/// Collects the entries of an object; `null` and `""` are empty objects.
struct ObjectVisitor<T>(T);

/// A collection that reads the value of each name itself.
trait Collect {
    fn add<'de, A: MapAccess<'de>>(&mut self, name: &str, entries: &mut A) -> Result<(), A::Error>;
}

impl<'de, T: Collect> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<T, A::Error> {
        while let Some(NullableString(name)) = entries.next_key()? {
            self.0.add(&name, &mut entries)?;
        }
        Ok(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        if text.is_empty() {
            Ok(self.0)
        } else {
            Err(E::invalid_type(Unexpected::Str(text), &self))
        }
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<T, A::Error> {
        match elements.next_element::<IgnoredAny>()? {
            None => Ok(self.0),
            Some(_) => Err(A::Error::invalid_type(Unexpected::Seq, &self)),
        }
    }
}

/// The headers of a request. Those that HTTP does not allow are skipped: the client cannot fix what
/// the gateway let through.
#[derive(Default)]
pub(super) struct RequestHeaders {
    pub(super) map: HeaderMap,
    pub(super) skipped: SkippedHeaders,
}

/// Headers of the event that the request does not have.
#[derive(Debug, Default)]
pub(crate) struct SkippedHeaders {
    count: usize,
    /// The first [`MAX_NAMES`](Self::MAX_NAMES) names, quoted and escaped.
    names: String,
}

impl SkippedHeaders {
    const MAX_NAMES: usize = 4;

    #[cold]
    fn add(&mut self, name: &str) {
        const MAX_LENGTH: usize = 64;
        self.count += 1;
        if self.count <= Self::MAX_NAMES {
            let end = name.char_indices().nth(MAX_LENGTH).map_or(name.len(), |(end, _)| end);
            let comma = if self.names.is_empty() { "" } else { ", " };
            let _ = write!(
                self.names,
                "{comma}{:?}{}",
                &name[..end],
                if end < name.len() { ".." } else { "" }
            );
        }
    }

    /// The warning to log, if any header was skipped.
    pub(crate) fn message(&self) -> Option<String> {
        let Self { count, names } = self;
        let more = if *count > Self::MAX_NAMES { ", .." } else { "" };
        (*count > 0).then(|| format!("{count} header values that HTTP does not allow are left out of the request: {names}{more}"))
    }
}

impl Collect for RequestHeaders {
    fn add<'de, A: MapAccess<'de>>(&mut self, name: &str, entries: &mut A) -> Result<(), A::Error> {
        let parsed = HeaderName::from_bytes(name.as_bytes());
        entries.next_value_seed(Values(&mut |value: &str| {
            let is_added = match (&parsed, HeaderValue::from_bytes(value.as_bytes())) {
                (Ok(name), Ok(value)) => self.map.try_append(name, value).is_ok(),
                _ => false,
            };
            if !is_added {
                self.skipped.add(name);
            }
            Ok(())
        }))
    }
}

impl<'de> Deserialize<'de> for RequestHeaders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(Self::default()))
    }
}

/// The headers of a response. One that HTTP does not allow is an error.
#[derive(Default)]
pub(super) struct ResponseHeaders(pub(super) HeaderMap);

impl Collect for ResponseHeaders {
    fn add<'de, A: MapAccess<'de>>(&mut self, name: &str, entries: &mut A) -> Result<(), A::Error> {
        let parsed = HeaderName::from_bytes(name.as_bytes());
        entries.next_value_seed(Values(&mut |value: &str| {
            let name = parsed
                .as_ref()
                .map_err(|_| format!("{name:?} cannot be the name of an HTTP header"))?;
            let value = HeaderValue::from_bytes(value.as_bytes());
            // The value is not shown: it may be a secret.
            let value = value.map_err(|_| {
                "the value of an HTTP header cannot have control characters".to_owned()
            })?;
            self.0
                .try_append(name, value)
                .map(drop)
                .map_err(|_| "there are too many headers".to_owned())
        }))
    }
}

impl<'de> Deserialize<'de> for ResponseHeaders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(Self::default()))
    }
}

/// The query of a URI.
#[derive(Default)]
pub(super) struct Query(pub(super) String);

impl Collect for Query {
    fn add<'de, A: MapAccess<'de>>(&mut self, name: &str, entries: &mut A) -> Result<(), A::Error> {
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

/// The parameters of a query: each name with its values, in order of first appearance.
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

    /// Whether or not `serde_json/arbitrary_precision` is switched on; `.ci/check-precision` runs
    /// this with it.
    #[test]
    fn a_number_keeps_its_digits_or_is_an_error() {
        let query = |json: &str| {
            serde_json::from_str::<Query>(json)
                .map(|query| query.0)
                .map_err(|error| error.to_string())
        };
        assert_eq!(query(r#"{"n":1.5,"m":[2.5,-3]}"#).as_deref(), Ok("n=1.5&m=2.5&m=-3"));
        assert_eq!(query(r#"{"n":{}}"#).as_deref(), Ok(""));
        assert!(query(r#"{"n":{"m":1}}"#).is_err_and(|error| {
            error.contains("invalid type: map, expected a string or a list of strings")
        }));
        let large = "123456789012345678901234";
        match query(&format!(r#"{{"n":{large}}}"#)) {
            Ok(query) => assert_eq!(query, format!("n={large}")),
            Err(error) => {
                assert!(error.contains("expected a string or a list of strings"), "{error}");
            }
        }
    }

    #[test]
    fn skipped_headers_are_reported_in_one_short_line() {
        let mut skipped = SkippedHeaders::default();
        assert_eq!(skipped.message(), None);
        skipped.add("a\nb");
        skipped.add(&"é".repeat(1000));
        (0..1000).for_each(|_| skipped.add("c d"));
        let message = skipped.message().expect("some are skipped");
        assert!(
            message.starts_with("1002 header values that HTTP does not allow are left out of the request: \"a\\nb\", \"é"),
            "{message}"
        );
        assert!(message.len() < 300 && message.ends_with("\"c d\", .."), "{message}");
    }
}
