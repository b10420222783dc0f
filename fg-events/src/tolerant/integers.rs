//! Integers, also as strings or as floats without a fraction.

use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, Unexpected, Visitor};

use super::Tolerant;
use crate::number;

/// Any integer; the range of the field's type is checked afterwards.
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
        // 2^53: up to here an `f64` represents every integer exactly.
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

#[cfg(test)]
mod tests {
    use super::super::tests::read;

    #[test]
    fn a_number_may_arrive_as_a_string() {
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
    fn a_number_out_of_range_is_an_error() {
        assert!(
            read::<Option<u16>>("65536")
                .is_err_and(|error| error.contains("65536 is out of range, expected a u16"))
        );
        assert!(read::<Option<u64>>("-1").is_err());
        assert_eq!(read::<Option<u64>>(&u64::MAX.to_string()), Ok(Some(u64::MAX)));
        assert_eq!(read::<Option<i64>>(&i64::MIN.to_string()), Ok(Some(i64::MIN)));
    }
}
