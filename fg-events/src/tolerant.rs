//! Tolerant deserialization of fields: a missing value, `null` and `""` are equivalent; numbers and
//! flags may arrive as strings.
//!
//! A value of the wrong kind, such as a list in place of a string, is an error. The JSON path is
//! added by the deserializer that drives this.

mod containers;
mod flags;
mod integers;
mod json_strings;
mod strings;
mod unknown_shape;

use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::Value;

pub(crate) use self::containers::{object, only_empty_map, only_empty_seq};
#[cfg(feature = "apig")]
pub(crate) use self::json_strings::Borrowed;
pub(crate) use self::json_strings::Json;
pub(crate) use self::unknown_shape::unknown_shape;

/// A type of a field. A missing value, `null` and `""` are its default.
pub(crate) trait Tolerant: Default {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Whether the field is skipped when the event is serialized.
    fn is_absent(&self) -> bool;
}

/// For `#[serde(deserialize_with)]`: a field that is present, even as `null`.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
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

impl Tolerant for Value {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn is_absent(&self) -> bool {
        self.is_null()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    pub(super) fn read<T: Tolerant>(json: &str) -> Result<T, String> {
        T::read(&mut serde_json::Deserializer::from_str(json)).map_err(|error| error.to_string())
    }

    #[test]
    fn null_and_the_empty_string_are_the_default() {
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
    fn an_empty_object_and_an_empty_list_are_the_default() {
        for json in ["{}", "[]"] {
            assert_eq!(read::<String>(json), Ok(String::new()));
            assert_eq!(read::<Vec<String>>(json), Ok(Vec::new()));
            assert_eq!(read::<BTreeMap<String, String>>(json), Ok(BTreeMap::new()));
            assert_eq!(read::<Json<String>>(json).map(|text| text.0), Ok(String::new()));
        }
        assert!(
            read::<String>(r#"{"a":1}"#)
                .is_err_and(|error| error.contains("invalid type: map, expected a string"))
        );
        assert!(read::<Vec<String>>(r#"{"a":1}"#).is_err());
    }

    /// With `serde_json/arbitrary_precision` it is passed to `visit_map`.
    #[test]
    fn a_fraction_in_place_of_another_value_is_a_number() {
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
                .is_err_and(|error| error.contains("invalid type: map, expected a string"))
        );
        assert_eq!(read::<Vec<String>>("[1.5]"), Ok(vec!["1.5".to_owned()]));
        assert_eq!(
            read::<BTreeMap<String, Option<u64>>>(r#"{"a":3.0,"b":4.0}"#).map(|map| map.len()),
            Ok(2)
        );
    }

    #[test]
    fn numbers_survive_a_value_and_the_buffers_of_serde() {
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
