//! Strings: a number or a flag in place of a string is converted to one.

use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Tolerant;
use super::containers::{only_empty_map, only_empty_seq};
use crate::number::{self, Entries};

pub(super) struct StringVisitor;

impl<'de> Visitor<'de> for StringVisitor {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
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
        deserializer.deserialize_any(StringVisitor)
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;

    #[test]
    fn a_string_may_arrive_as_a_number_or_a_flag() {
        assert_eq!(read::<String>("-5"), Ok("-5".to_owned()));
        assert_eq!(read::<String>("2.5"), Ok("2.5".to_owned()));
        assert_eq!(read::<String>("true"), Ok("true".to_owned()));
        assert!(
            read::<String>("[1]")
                .is_err_and(|error| error.contains("invalid type: sequence, expected a string"))
        );
    }

    #[test]
    fn a_number_too_large_for_an_integer_keeps_its_digits_or_is_an_error() {
        for digits in ["123456789012345678901234", "-123456789012345678901234"] {
            match read::<String>(digits) {
                Ok(text) => assert_eq!(text, digits),
                Err(error) => assert!(error.contains("expected a string"), "{error}"),
            }
        }
        assert_eq!(read::<String>(&u64::MAX.to_string()), Ok(u64::MAX.to_string()));
    }
}
