//! Lists, maps and objects; an empty string, list or object in place of one is an empty one.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    DeserializeOwned, Deserializer, Error, Expected, IgnoredAny, MapAccess, SeqAccess, Unexpected,
    Visitor,
};

use super::{Element, Tolerant};
use crate::number::Entries;

/// The default for an empty object; one with entries is an error.
pub(crate) fn only_empty_map<'de, T: Default, A: MapAccess<'de>>(
    visitor: &dyn Expected,
    mut entries: A,
) -> Result<T, A::Error> {
    match entries.next_key::<IgnoredAny>()? {
        None => Ok(T::default()),
        Some(_) => Err(A::Error::invalid_type(Unexpected::Map, visitor)),
    }
}

/// The default for an empty list; one with elements is an error.
pub(crate) fn only_empty_seq<'de, T: Default, A: SeqAccess<'de>>(
    visitor: &dyn Expected,
    mut elements: A,
) -> Result<T, A::Error> {
    match elements.next_element::<IgnoredAny>()? {
        None => Ok(T::default()),
        Some(_) => Err(A::Error::invalid_type(Unexpected::Seq, visitor)),
    }
}

pub(super) struct ListVisitor<T>(pub(super) PhantomData<T>);

impl<'de, T: Tolerant> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(Element(element)) = elements.next_element()? {
            list.push(element);
        }
        Ok(list)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
        if text.is_empty() {
            Ok(Vec::new())
        } else {
            Err(E::invalid_type(Unexpected::Str(text), &self))
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Vec<T>, A::Error> {
        only_empty_map(&self, Entries::open(entries)?.object(&self)?)
    }
}

impl<T: Tolerant> Tolerant for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

struct MapVisitor<T>(PhantomData<T>);

impl<'de, T: Tolerant> Visitor<'de> for MapVisitor<T> {
    type Value = BTreeMap<String, T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        let mut entries = Entries::open(entries)?.object(&self)?;
        let mut map = BTreeMap::new();
        while let Some((key, Element(value))) = entries.next_entry()? {
            map.insert(key, value);
        }
        Ok(map)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() {
            Ok(BTreeMap::new())
        } else {
            Err(E::invalid_type(Unexpected::Str(text), &self))
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        only_empty_seq(&self, elements)
    }
}

impl<T: Tolerant> Tolerant for BTreeMap<String, T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MapVisitor(PhantomData))
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Default + DeserializeOwned> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(Entries::open(entries)?.object(&self)?))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        if text.is_empty() {
            Ok(T::default())
        } else {
            Err(E::invalid_type(Unexpected::Str(text), &self))
        }
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        only_empty_seq(&self, elements)
    }
}

/// For `#[serde(deserialize_with)]`: an object inside an event.
pub(crate) fn object<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + DeserializeOwned + Serialize,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(ObjectVisitor(PhantomData))
}
