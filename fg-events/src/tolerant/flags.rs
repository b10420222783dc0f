//! Flags: `true` and `false`, also as strings or as 0 and 1.

use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, Unexpected, Visitor};

use super::Tolerant;
use crate::number;

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

    /// `false` is serialized too: it is a value, not the lack of one.
    fn is_absent(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;

    #[test]
    fn a_flag_may_arrive_as_a_string_or_a_bit() {
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
}
