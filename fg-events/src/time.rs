//! Times, in any of the formats that the platform uses; the original string is kept.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::content::ContentError;
use crate::number::{self, Entries};
use crate::tolerant::Tolerant;

/// A point in time, as the string or number that was received.
///
/// | format | sent by |
/// | --- | --- |
/// | RFC 3339, any offset, any fraction of a second | timer, SMN, OBS, EventGrid, asynchronous notification |
/// | the same with `Z` and an offset, `2020-08-20T12:00:00.000Z+08:00`: the offset applies | asynchronous notification |
/// | ISO 8601 in the basic format, `20250630T122121Z` | IoTDA |
/// | `2016/12/08 11:07:28 GMT+08:00` | CTS |
/// | a Unix timestamp, also as a string: in seconds, or by its magnitude in milli-, micro- or nanoseconds | Kafka, LTS, CTS |
///
/// Without an offset the time is UTC. Any string is accepted;
/// [`to_system_time`](Self::to_system_time) fails if it is not a time.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// use fg_events::Time;
///
/// let time = Time::from("2018-06-01T08:30:00+08:00");
/// assert_eq!(time.to_system_time(), Ok(UNIX_EPOCH + Duration::from_secs(1_527_813_000)));
/// assert_eq!(time.as_str(), "2018-06-01T08:30:00+08:00");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Time {
    text: String,
    /// Whether it was a number in the payload.
    number: bool,
}

impl Time {
    /// The original string; the digits, if it was a number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Parses the time.
    ///
    /// # Errors
    ///
    /// If the string has none of the formats, is not a valid date, or is outside of the range of
    /// [`SystemTime`].
    pub fn to_system_time(&self) -> Result<SystemTime, ContentError> {
        let text = self.text.trim();
        let nanoseconds = since_epoch(text).or_else(|| parse_date(text));
        nanoseconds
            .and_then(at)
            .ok_or_else(|| ContentError::new("time", format!("is not a time: `{}`", self.text)))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl From<&str> for Time {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), number: false }
    }
}

impl From<String> for Time {
    fn from(text: String) -> Self {
        Self { text, number: false }
    }
}

/// A Unix timestamp in seconds, milli-, micro- or nanoseconds, by its magnitude.
impl From<i64> for Time {
    fn from(number: i64) -> Self {
        Self { text: number.to_string(), number: true }
    }
}

/// RFC 3339 in UTC.
impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Self {
        let nanoseconds = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i128::try_from(after.as_nanos()).unwrap_or(i128::MAX),
            Err(before) => i128::try_from(before.duration().as_nanos())
                .map_or(i128::MIN, |nanoseconds| -nanoseconds),
        };
        let (seconds, fraction) =
            (nanoseconds.div_euclid(NANOSECONDS), nanoseconds.rem_euclid(NANOSECONDS));
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let of_day = seconds.rem_euclid(86_400);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if fraction != 0 {
            text.push_str(format!(".{fraction:09}").trim_end_matches('0'));
        }
        text.push('Z');
        Self { text, number: false }
    }
}

const NANOSECONDS: i128 = 1_000_000_000;

fn at(nanoseconds: i128) -> Option<SystemTime> {
    let distance = nanoseconds.unsigned_abs();
    let seconds = u64::try_from(distance / 1_000_000_000).ok()?;
    let distance = Duration::new(seconds, u32::try_from(distance % 1_000_000_000).ok()?);
    if nanoseconds < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    }
}

/// Parses a Unix timestamp to nanoseconds. The magnitude determines the unit: 10^11 seconds would
/// be the year 5138, 10^11 milliseconds is 1973.
fn since_epoch(text: &str) -> Option<i128> {
    // `20250630T122121Z` begins with digits and is not a number; nor is an empty string.
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok()?;
    let unit = match number.unsigned_abs() {
        0..100_000_000_000 => NANOSECONDS,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1000,
        _ => 1,
    };
    let part = fraction_of(fraction, unit)?;
    Some(i128::from(number) * unit + if whole.starts_with('-') { -part } else { part })
}

/// The decimals of a unit in nanoseconds; anything smaller than a nanosecond is truncated.
fn fraction_of(digits: &str, unit: i128) -> Option<i128> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut part = 0;
    let mut place = unit;
    for digit in digits.bytes() {
        place /= 10;
        part += i128::from(digit - b'0') * place;
    }
    Some(part)
}

/// Parses a date with an optional time of day to nanoseconds since 1970.
fn parse_date(text: &str) -> Option<i128> {
    let mut rest = Rest(text);
    let year = rest.digits(4)?;
    let dated = rest.one_of(&["-", "/"]);
    let month = rest.digits(2)?;
    if dated {
        rest.one_of(&["-", "/"]).then_some(())?;
    }
    let day = rest.digits(2)?;
    let mut nanoseconds = 0;
    let mut offset = 0;
    if !rest.0.is_empty() {
        rest.one_of(&["T", "t", " "]).then_some(())?;
        let hour = rest.digits(2)?;
        rest.one_of(&[":"]);
        let minute = rest.digits(2)?;
        rest.one_of(&[":"]);
        let second = rest.digits(2)?;
        // 60 is a leap second.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        if rest.one_of(&[".", ","]) {
            let end =
                rest.0.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.0.len());
            let (fraction, after) =
                rest.0.split_at_checked(end).filter(|(fraction, _)| !fraction.is_empty())?;
            nanoseconds = fraction_of(fraction, NANOSECONDS)?;
            rest.0 = after;
        }
        nanoseconds += (hour * 3600 + minute * 60 + second) * NANOSECONDS;
        offset = parse_offset(&mut rest)?;
    }
    let days = days_from_civil(year, month, day)?;
    Some((days * 86_400 - offset) * NANOSECONDS + nanoseconds)
}

/// The offset from UTC in seconds: `Z`, `+08:00`, `+0800`, `+08`, `GMT+08:00`, `Z+08:00`, or none.
fn parse_offset(rest: &mut Rest<'_>) -> Option<i128> {
    rest.one_of(&[" "]);
    rest.one_of(&["Z", "z", "GMT", "UTC"]);
    let sign = if rest.one_of(&["+"]) {
        1
    } else if rest.one_of(&["-"]) {
        -1
    } else {
        return rest.0.is_empty().then_some(0);
    };
    let hours = rest.digits(2)?;
    rest.one_of(&[":"]);
    let minutes = if rest.0.is_empty() { 0 } else { rest.digits(2)? };
    (rest.0.is_empty() && hours < 24 && minutes < 60)
        .then_some(sign * (hours * 3600 + minutes * 60))
}

/// The part of the string that has not been parsed yet.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn digits(&mut self, count: usize) -> Option<i128> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.0 = rest;
        digits.parse().ok()
    }

    fn one_of(&mut self, words: &[&str]) -> bool {
        let rest = words.iter().find_map(|word| self.0.strip_prefix(word));
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}

/// The days since 1970 of a date of the Gregorian calendar; `None` if there is no such date.
fn days_from_civil(year: i128, month: i128, day: i128) -> Option<i128> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    // Years are counted from March, so that the leap day is the last day of the year.
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(
        year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
            - 719_468,
    )
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i128) -> (i128, i128, i128) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i128::from(month <= 2), month, day)
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.number {
            if let Ok(number) = self.text.parse::<i64>() {
                return serializer.serialize_i64(number);
            }
            if let Ok(number) = self.text.parse::<f64>() {
                return serializer.serialize_f64(number);
            }
        }
        serializer.serialize_str(&self.text)
    }
}

struct TimeVisitor;

impl<'de> Visitor<'de> for TimeVisitor {
    type Value = Option<Time>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a time")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(if text.is_empty() { None } else { Some(Time::from(text)) })
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Time::from(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(Time { text: number.to_string(), number: true }))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(Time { text: number::string_of_float(number, &self)?, number: true }))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        let text = Entries::open(entries)?.number(&self).map(number::string_of)?;
        Ok(Some(Time { text, number: true }))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(TimeVisitor)?
            .ok_or_else(|| Error::custom("the time is missing"))
    }
}

impl Tolerant for Option<Time> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nanoseconds(time: impl Into<Time>) -> Option<i128> {
        let time: SystemTime = time.into().to_system_time().ok()?;
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i128::try_from(after.as_nanos()).ok(),
            Err(before) => {
                i128::try_from(before.duration().as_nanos()).ok().map(|nanoseconds| -nanoseconds)
            }
        }
    }

    fn seconds(time: impl Into<Time>) -> Option<i128> {
        nanoseconds(time).map(|nanoseconds| nanoseconds.div_euclid(NANOSECONDS))
    }

    #[test]
    fn every_format_of_the_platform_is_parsed() {
        assert_eq!(seconds("2018-06-01T08:30:00+08:00"), Some(1_527_813_000));
        assert_eq!(seconds("2018-06-01T00:30:00Z"), Some(1_527_813_000));
        assert_eq!(nanoseconds("1970-01-01T00:00:00.167931174Z"), Some(167_931_174));
        assert_eq!(seconds("2020-08-20T12:00:00.000Z+08:00"), seconds("2020-08-20T04:00:00Z"));
        assert_eq!(seconds("20250630T122121Z"), seconds("2025-06-30T12:21:21Z"));
        assert_eq!(seconds("2016/12/08 11:07:28 GMT+08:00"), seconds("2016-12-08T03:07:28Z"));
        assert_eq!(seconds("1969-12-31T23:59:59Z"), Some(-1));
        assert_eq!(seconds("2000-02-29"), Some(951_782_400));
    }

    #[test]
    fn the_magnitude_of_a_number_determines_its_unit() {
        for number in
            [1_576_737_962, 1_576_737_962_000, 1_576_737_962_000_000, 1_576_737_962_000_000_000]
        {
            assert_eq!(seconds(number), Some(1_576_737_962));
            assert_eq!(seconds(number.to_string()), Some(1_576_737_962));
        }
        assert_eq!(nanoseconds("1.5"), Some(1_500_000_000));
        assert_eq!(nanoseconds("-0.5"), Some(-500_000_000));
    }

    #[test]
    fn what_is_not_a_time_is_an_error_that_quotes_it() {
        for text in [
            "soon",
            "2018-13-01T00:00:00Z",
            "2019-02-29",
            "2018-06-01T24:00:00Z",
            "2018-06-01T08:30:00+08:00 or so",
            "2018-06-01T",
        ] {
            let error = Time::from(text).to_system_time().expect_err(text);
            assert_eq!(error.to_string(), format!("`time` is not a time: `{text}`"));
        }
    }

    #[test]
    fn a_number_stays_a_number_and_a_string_a_string() {
        for json in ["1576737962", "\"1576737962\"", "1.5", "\"soon\""] {
            let time: Time = serde_json::from_str(json).expect("it is kept");
            assert_eq!(serde_json::to_string(&time).expect("it is written"), json);
        }
        assert!(
            serde_json::from_str::<Time>("[]")
                .is_err_and(|error| error.to_string().contains("expected a time"))
        );
    }

    proptest! {
        #[test]
        fn a_time_survives_a_round_trip(seconds in -62_135_596_800_i64..253_402_300_800, fraction in 0_u32..1_000_000_000) {
            let base = i128::from(seconds) * NANOSECONDS + i128::from(fraction);
            let time = at(base).expect("it can be held");
            prop_assert_eq!(nanoseconds(Time::from(time)), Some(base));
        }

        #[test]
        fn no_string_panics(text in "[0-9TZ:+./ -]{0,40}|.{0,20}") {
            let _ = Time::from(text).to_system_time();
        }

        #[test]
        fn an_offset_is_subtracted(hours in 0_i128..24, minutes in 0_i128..60) {
            let text = format!("2018-06-01T08:30:00+{hours:02}:{minutes:02}");
            prop_assert_eq!(seconds(text), Some(1_527_841_800 - hours * 3600 - minutes * 60));
        }
    }
}
