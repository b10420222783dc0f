//! Headers and parameters: names with one value or several, as API Gateway sends them.

use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::number::{self, Entries};
use crate::tolerant::{Tolerant, only_empty_map, only_empty_seq};

/// The values of one name.
#[derive(Default)]
pub(crate) struct Values(pub(crate) Vec<String>);

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or a list of strings")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Values, E> {
        Ok(Values(vec![text.to_owned()]))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Values, E> {
        Ok(Values(vec![flag.to_string()]))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Values, E> {
        Ok(Values(vec![number.to_string()]))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Values, E> {
        Ok(Values(vec![number.to_string()]))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Values, E> {
        Ok(Values(vec![number::string_of_float(number, &self)?]))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Values, A::Error> {
        match Entries::open(entries)? {
            Entries::Number(number) => Ok(Values(vec![number::string_of(number)])),
            Entries::Object(object) => only_empty_map(&self, object),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Values, E> {
        Ok(Values::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Values, A::Error> {
        // An element that is `null` has no values, and so adds none.
        let mut values = Vec::new();
        while let Some(Values(more)) = elements.next_element()? {
            values.extend(more);
        }
        Ok(Values(values))
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor)
    }
}

/// Names with their values, in the order of the payload. A name may have several values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields<const IGNORE_CASE: bool> {
    entries: Vec<(String, Vec<String>)>,
}

/// HTTP headers. Names are case-insensitive.
///
/// ```
/// use fg_events::apig::Headers;
///
/// let headers = Headers::new().with("content-type", "text/plain").with("accept", "text/html").with("Accept", "text/plain");
/// assert_eq!(headers.get("Content-Type"), Some("text/plain"));
/// assert_eq!(headers.get_all("accept").collect::<Vec<_>>(), ["text/html", "text/plain"]);
/// ```
pub type Headers = Fields<true>;

/// Parameters of a query or a path. Names are case-sensitive.
pub type Parameters = Fields<false>;

impl<const IGNORE_CASE: bool> Fields<IGNORE_CASE> {
    /// Creates an empty collection.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Adds a value, and keeps those that the name already has.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.append(name, value);
        self
    }

    /// Adds a value, and keeps those that the name already has.
    pub fn append(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let name = name.into();
        match self.entries.iter_mut().find(|(known, _)| Self::same(known, &name)) {
            Some((_, values)) => values.push(value.into()),
            None => self.entries.push((name, vec![value.into()])),
        }
    }

    /// The first value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// All values of a name.
    pub fn get_all<'a>(
        &'a self,
        name: &str,
    ) -> impl Iterator<Item = &'a str> + use<'a, IGNORE_CASE> {
        let place = self.entries.iter().position(|(known, _)| Self::same(known, name));
        place
            .and_then(|place| self.entries.get(place))
            .into_iter()
            .flat_map(|(_, values)| values)
            .map(String::as_str)
    }

    /// All pairs of a name and one of its values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries
            .iter()
            .flat_map(|(name, values)| values.iter().map(|value| (name.as_str(), value.as_str())))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn same(one: &str, other: &str) -> bool {
        if IGNORE_CASE { one.eq_ignore_ascii_case(other) } else { one == other }
    }

    pub(crate) fn entries(&self) -> &[(String, Vec<String>)] {
        &self.entries
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.entries.retain(|(known, _)| !Self::same(known, name));
    }
}

impl<const IGNORE_CASE: bool, N: Into<String>, V: Into<String>> FromIterator<(N, V)>
    for Fields<IGNORE_CASE>
{
    fn from_iter<I: IntoIterator<Item = (N, V)>>(entries: I) -> Self {
        entries.into_iter().fold(Self::new(), |fields, (name, value)| fields.with(name, value))
    }
}

impl<const IGNORE_CASE: bool> Serialize for Fields<IGNORE_CASE> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.entries.len()))?;
        for (name, values) in &self.entries {
            match values.as_slice() {
                [value] => map.serialize_entry(name, value)?,
                values => map.serialize_entry(name, values)?,
            }
        }
        map.end()
    }
}

struct FieldsVisitor<const IGNORE_CASE: bool>;

impl<'de, const IGNORE_CASE: bool> Visitor<'de> for FieldsVisitor<IGNORE_CASE> {
    type Value = Fields<IGNORE_CASE>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        let mut entries = Entries::open(entries)?.object(&self)?;
        let mut fields = Fields::new();
        while let Some((name, Values(values))) = entries.next_entry::<String, _>()? {
            match fields.entries.iter_mut().find(|(known, _)| Self::Value::same(known, &name)) {
                Some((_, known)) => known.extend(values),
                None => fields.entries.push((name, values)),
            }
        }
        Ok(fields)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() {
            Ok(Fields::new())
        } else {
            Err(E::invalid_type(Unexpected::Str(text), &self))
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Fields::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        only_empty_seq(&self, elements)
    }
}

impl<'de, const IGNORE_CASE: bool> Deserialize<'de> for Fields<IGNORE_CASE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldsVisitor)
    }
}

impl<const IGNORE_CASE: bool> Tolerant for Fields<IGNORE_CASE> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn is_absent(&self) -> bool {
        self.entries.is_empty()
    }
}
