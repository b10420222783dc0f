//! Reads what the platform sends in more than one form: a missing value, `null` and `""` are alike,
//! numbers and flags may be texts.
//!
//! What cannot be meant, such as a list where a text belongs, is an error; the deserializer that
//! drives this knows the path.

#[cfg(feature = "apig")]
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{
    DeserializeOwned, Deserializer, Error, Expected, IgnoredAny, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::number::{self, Entries};

/// A type of a field. Its default is what a missing value, `null` and `""` become.
pub(crate) trait Tolerant: Default {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Whether it is left out when the event is written.
    fn is_absent(&self) -> bool;
}

/// For `#[serde(deserialize_with)]`: a field that is there, whatever is in it.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// An object has none of the fields that it is for, but others.
#[cold]
pub(crate) fn unknown_shape<E: Error>(
    payload: &[&str],
    unknown: &serde_json::Map<String, Value>,
) -> E {
    /// How many names are told, and how much of each: they are the sender's.
    const NAMES: usize = 8;
    const LENGTH: usize = 64;
    let mut message = String::new();
    for (index, key) in payload.iter().enumerate() {
        let _ = write!(message, "{}`{key}`", if index == 0 { "" } else { " or " });
    }
    message.push_str(" is missing; unknown instead: ");
    for (index, key) in unknown.keys().take(NAMES).enumerate() {
        let end = key.char_indices().nth(LENGTH).map_or(key.len(), |(end, _)| end);
        let cut = if end < key.len() { ".." } else { "" };
        let _ = write!(
            message,
            "{}`{}{cut}`",
            if index == 0 { "" } else { ", " },
            key[..end].escape_debug()
        );
    }
    if unknown.len() > NAMES {
        let _ = write!(message, " and {} more", unknown.len() - NAMES);
    }
    E::custom(message)
}

/// For `#[serde(deserialize_with)]`.
pub(crate) fn field<'de, T: Tolerant, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::read(deserializer)
}

/// For `#[serde(skip_serializing_if)]`.
pub(crate) fn absent<T: Tolerant>(value: &T) -> bool {
    value.is_absent()
}

/// A field, or an element of a list or a map.
#[derive(Default)]
pub(crate) struct Element<T>(pub(crate) T);

impl<'de, T: Tolerant> Deserialize<'de> for Element<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

/// A string that may hold JSON, or a list of such: an object or a list in its place is taken as its
/// JSON.
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
        // An empty string and an empty object in its place mean the same: nothing.
        Ok(if map.is_empty() { String::new() } else { Value::Object(map).to_string() })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<String, A::Error> {
        let list = Vec::<Value>::deserialize(SeqAccessDeserializer::new(elements))?;
        Ok(if list.is_empty() { String::new() } else { Value::Array(list).to_string() })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        TextVisitor.visit_str(text)
    }

    fn visit_string<E: Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<String, E> {
        TextVisitor.visit_bool(flag)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        TextVisitor.visit_i64(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        TextVisitor.visit_u64(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<String, E> {
        TextVisitor.visit_f64(number)
    }

    fn visit_unit<E: Error>(self) -> Result<String, E> {
        Ok(String::new())
    }
}

/// [`String`], or with `JSON` what [`Json`] takes, that is borrowed from the payload where it
/// stands there as it is.
#[cfg(feature = "apig")]
pub(crate) struct Borrowed<const JSON: bool>;

#[cfg(feature = "apig")]
impl<'de, const JSON: bool> Visitor<'de> for Borrowed<JSON> {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if JSON { JsonVisitor.expecting(formatter) } else { TextVisitor.expecting(formatter) }
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        TextVisitor.visit_str(text).map(Cow::Owned)
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        TextVisitor.visit_bool(flag).map(Cow::Owned)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        TextVisitor.visit_i64(number).map(Cow::Owned)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        TextVisitor.visit_u64(number).map(Cow::Owned)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        TextVisitor.visit_f64(number).map(Cow::Owned)
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

/// Takes an empty object for nothing. One with entries does not belong here.
pub(crate) fn only_empty_map<'de, T: Default, A: MapAccess<'de>>(
    visitor: &dyn Expected,
    mut entries: A,
) -> Result<T, A::Error> {
    match entries.next_key::<IgnoredAny>()? {
        None => Ok(T::default()),
        Some(_) => Err(A::Error::invalid_type(Unexpected::Map, visitor)),
    }
}

/// The same of a list.
pub(crate) fn only_empty_seq<'de, T: Default, A: SeqAccess<'de>>(
    visitor: &dyn Expected,
    mut elements: A,
) -> Result<T, A::Error> {
    match elements.next_element::<IgnoredAny>()? {
        None => Ok(T::default()),
        Some(_) => Err(A::Error::invalid_type(Unexpected::Seq, visitor)),
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<String, E> {
        Ok(flag.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<String, E> {
        number::string_of_float(number, &self)
    }

    fn visit_unit<E: Error>(self) -> Result<String, E> {
        Ok(String::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<String, A::Error> {
        match Entries::open(entries)? {
            Entries::Number(number) => Ok(number::string_of(number)),
            Entries::Object(object) => only_empty_map(&self, object),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<String, A::Error> {
        only_empty_seq(&self, elements)
    }
}

impl Tolerant for String {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

struct FlagVisitor;

impl<'de> Visitor<'de> for FlagVisitor {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("true or false")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<bool, E> {
        Ok(flag)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        match text.trim() {
            "" | "0" => Ok(false),
            "1" => Ok(true),
            word if word.eq_ignore_ascii_case("true") => Ok(true),
            word if word.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<bool, E> {
        match number {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<bool, A::Error> {
        number::visit_float(self, entries)
    }
}

impl Tolerant for bool {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlagVisitor)
    }

    /// `false` is an answer.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Any integer, before its range is known.
struct IntegerVisitor;

impl<'de> Visitor<'de> for IntegerVisitor {
    type Value = Option<i128>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        // Up to here a float holds every whole number; beyond, it would be another number than the
        // one sent.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && number.abs() <= EXACT {
            return Ok(Some(number as i128));
        }
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        match text.trim() {
            "" => Ok(None),
            digits => {
                digits.parse().map(Some).map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        number::visit_float(self, entries)
    }
}

macro_rules! integers {
    ($($integer:ty)*) => { $(
        impl Tolerant for Option<$integer> {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let Some(number) = deserializer.deserialize_any(IntegerVisitor)? else { return Ok(None) };
                let out_of_range = |_| Error::custom(format_args!("{number} is out of range, expected a {}", stringify!($integer)));
                <$integer>::try_from(number).map(Some).map_err(out_of_range)
            }

            fn is_absent(&self) -> bool {
                self.is_none()
            }
        }
    )* };
}

integers!(u16 u32 u64 i64);

struct ListVisitor<T>(PhantomData<T>);

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

impl Tolerant for Value {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn is_absent(&self) -> bool {
        self.is_null()
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

/// An object inside an event.
pub(crate) fn object<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + DeserializeOwned + Serialize,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(ObjectVisitor(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Tolerant>(json: &str) -> Result<T, String> {
        T::read(&mut serde_json::Deserializer::from_str(json)).map_err(|error| error.to_string())
    }

    #[test]
    fn null_and_the_empty_text_are_the_default() {
        for json in ["null", r#""""#] {
            assert_eq!(read::<String>(json), Ok(String::new()));
            assert_eq!(read::<bool>(json), Ok(false));
            assert_eq!(read::<Option<u64>>(json), Ok(None));
            assert_eq!(read::<Vec<String>>(json), Ok(Vec::new()));
            assert_eq!(read::<BTreeMap<String, String>>(json), Ok(BTreeMap::new()));
            assert_eq!(
                object::<BTreeMap<String, u8>, _>(&mut serde_json::Deserializer::from_str(json))
                    .ok(),
                Some(BTreeMap::new())
            );
        }
    }

    #[test]
    fn an_empty_object_and_an_empty_list_are_nothing() {
        for json in ["{}", "[]"] {
            assert_eq!(read::<String>(json), Ok(String::new()));
            assert_eq!(read::<Vec<String>>(json), Ok(Vec::new()));
            assert_eq!(read::<BTreeMap<String, String>>(json), Ok(BTreeMap::new()));
            assert_eq!(read::<Json<String>>(json).map(|text| text.0), Ok(String::new()));
        }
        assert!(
            read::<String>(r#"{"a":1}"#)
                .is_err_and(|error| error.contains("invalid type: map, expected a text"))
        );
        assert!(read::<Vec<String>>(r#"{"a":1}"#).is_err());
    }

    #[test]
    fn a_string_that_may_hold_json_takes_the_json_itself() {
        let json = |json: &str| read::<Json<String>>(json).map(|text| text.0);
        assert_eq!(json(r#" {"a": [1, null]} "#), Ok(r#"{"a":[1,null]}"#.to_owned()));
        assert_eq!(json(r#"[[], "b"]"#), Ok(r#"[[],"b"]"#.to_owned()));
        assert_eq!(json(r#""{\"a\": 1}""#), Ok(r#"{"a": 1}"#.to_owned()));
        assert_eq!(json("null"), Ok(String::new()));
    }

    #[test]
    fn a_text_may_be_a_number_or_a_flag() {
        assert_eq!(read::<String>("-5"), Ok("-5".to_owned()));
        assert_eq!(read::<String>("2.5"), Ok("2.5".to_owned()));
        assert_eq!(read::<String>("true"), Ok("true".to_owned()));
        assert!(
            read::<String>("[1]")
                .is_err_and(|error| error.contains("invalid type: sequence, expected a text"))
        );
    }

    #[test]
    fn a_number_may_be_a_text() {
        assert_eq!(read::<Option<u64>>(r#"" 100 ""#), Ok(Some(100)));
        assert_eq!(read::<Option<i64>>(r#""-1""#), Ok(Some(-1)));
        assert_eq!(read::<Option<i64>>("3.0"), Ok(Some(3)));
        assert!(
            read::<Option<i64>>("3.5")
                .is_err_and(|error| error.contains("expected a whole number"))
        );
        assert!(read::<Option<i64>>("1e300").is_err());
        assert!(
            read::<Option<u64>>(r#""many""#)
                .is_err_and(|error| error.contains("string \"many\", expected a whole number"))
        );
    }

    #[test]
    fn a_number_out_of_range_is_an_error_and_not_another_number() {
        assert!(
            read::<Option<u16>>("65536")
                .is_err_and(|error| error.contains("65536 is out of range, expected a u16"))
        );
        assert!(read::<Option<u64>>("-1").is_err());
        assert_eq!(read::<Option<u64>>(&u64::MAX.to_string()), Ok(Some(u64::MAX)));
        assert_eq!(read::<Option<i64>>(&i64::MIN.to_string()), Ok(Some(i64::MIN)));
    }

    #[test]
    fn a_number_too_large_to_be_kept_is_never_another_string() {
        for digits in ["123456789012345678901234", "-123456789012345678901234"] {
            match read::<String>(digits) {
                Ok(text) => assert_eq!(text, digits),
                Err(error) => assert!(error.contains("expected a text"), "{error}"),
            }
        }
        assert_eq!(read::<String>(&u64::MAX.to_string()), Ok(u64::MAX.to_string()));
    }

    /// With `serde_json/arbitrary_precision` it looks like an object on its way here.
    #[test]
    fn a_fraction_is_a_number_wherever_it_stands() {
        let float = "invalid type: floating point `1.5`, expected";
        assert!(
            read::<Vec<String>>("1.5")
                .is_err_and(|error| error.contains(&format!("{float} a list")))
        );
        assert!(
            read::<bool>("1.5")
                .is_err_and(|error| error.contains(&format!("{float} true or false")))
        );
        assert!(
            read::<BTreeMap<String, String>>("1.5")
                .is_err_and(|error| error.contains(&format!("{float} an object")))
        );
        let object =
            object::<BTreeMap<String, u8>, _>(&mut serde_json::Deserializer::from_str("1.5"));
        assert!(
            object.is_err_and(|error| error.to_string().contains(&format!("{float} an object")))
        );
        assert!(
            read::<String>(r#"{"a":1}"#)
                .is_err_and(|error| error.contains("invalid type: map, expected a text"))
        );
        assert_eq!(read::<Vec<String>>("[1.5]"), Ok(vec!["1.5".to_owned()]));
        assert_eq!(
            read::<BTreeMap<String, Option<u64>>>(r#"{"a":3.0,"b":4.0}"#).map(|map| map.len()),
            Ok(2)
        );
    }

    #[test]
    fn a_value_and_the_buffers_of_serde_hold_the_same_numbers_as_the_payload() {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Event {
                text: Element<String>,
                number: Element<Option<i64>>,
            },
            #[allow(dead_code)]
            Other(u8),
        }
        let json = r#"{"text":2.5,"number":3.0}"#;
        let value: Value = serde_json::from_str(json).expect("it is JSON");
        for read in [
            serde_json::from_str(json),
            Either::deserialize(&value),
            serde_json::from_value(value.clone()),
        ] {
            let Ok(Either::Event { text, number }) = read else { panic!("it fits") };
            assert_eq!((text.0.as_str(), number.0), ("2.5", Some(3)));
        }
    }

    #[test]
    fn a_flag_may_be_a_text_or_a_bit() {
        for json in ["true", r#""true""#, r#""True""#, "1", r#""1""#] {
            assert_eq!(read::<bool>(json), Ok(true), "{json}");
        }
        for json in ["false", r#""FALSE""#, "0"] {
            assert_eq!(read::<bool>(json), Ok(false), "{json}");
        }
        assert!(
            read::<bool>(r#""yes""#).is_err_and(|error| error.contains("expected true or false"))
        );
        assert!(read::<bool>("2").is_err());
    }

    #[test]
    fn elements_are_as_tolerant_as_fields() {
        assert_eq!(
            read::<Vec<String>>(r#"["a",1,null]"#),
            Ok(vec!["a".to_owned(), "1".to_owned(), String::new()])
        );
        assert_eq!(
            read::<BTreeMap<String, Option<u64>>>(r#"{"":"7"}"#),
            Ok(BTreeMap::from([(String::new(), Some(7))]))
        );
        assert!(
            read::<Vec<String>>(r#""a""#)
                .is_err_and(|error| error.contains("string \"a\", expected a list"))
        );
    }
}
