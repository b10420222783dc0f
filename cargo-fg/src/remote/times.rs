//! Times of the platform and of the command line.

use std::time::{Duration, SystemTime};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A time that the platform tells, which it writes in several ways; without an offset it is UTC.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let time: DateTime = text.parse().ok()?;
        Some(time.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp())
    })
}

/// A time in RFC 3339, in UTC.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let time = Timestamp::try_from(time);
    time.map_or_else(|_| "not known".to_owned(), |time| time.strftime("%FT%TZ").to_string())
}

/// A time on the command line: so long ago, as in `90s`, `10m`, `2h` and `3d`, or a time of RFC
/// 3339.
pub(crate) fn parse_moment(text: &str) -> Result<Timestamp, String> {
    if let Some(time) = parse(text) {
        return Ok(time);
    }
    let wrong = || {
        "it is a duration such as 90s, 10m, 2h or 3d, or a time such as 2026-11-27T10:20:30Z"
            .to_owned()
    };
    let (number, seconds) = match text.char_indices().next_back() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 60 * 60),
        Some((at, 'd')) => (&text[..at], 24 * 60 * 60),
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    let ago = Duration::from_secs(u64::from(number) * seconds);
    let ago = SignedDuration::try_from(ago).map_err(|_| wrong())?;
    Timestamp::now().checked_sub(ago).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_the_platforms_times_are_read() {
        let expected: Timestamp = "2026-11-27T01:02:03Z".parse().expect("a time");
        for text in [
            "2026-11-27T01:02:03Z",
            "2026-11-27T09:02:03+08:00",
            "2026-11-27T01:02:03",
            "2026-11-27 01:02:03",
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        assert_eq!(parse("2019-10-29171553"), None);
    }

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("2h", 7200), ("3d", 259_200)] {
            let ago = Timestamp::now().as_second() - parse_moment(text).expect(text).as_second();
            assert!((seconds..seconds + 60).contains(&ago), "{text}: {ago}");
        }
        assert!(parse_moment("2026-11-27T10:20:30Z").is_ok());
        for text in ["", "10", "m", "-1m", "1.5h", "10 m", "1w", "99999999999d", "4294967295d"] {
            assert!(parse_moment(text).is_err(), "{text}");
        }
    }
}
