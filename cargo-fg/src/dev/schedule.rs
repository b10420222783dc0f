//! When a timer fires, in the two formats of the platform: `@every 30m`, and a cron expression whose
//! first field is the seconds.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{ToSpan, ZonedDateTime};

/// How far ahead to search: long enough for 29 February on a given weekday.
const HORIZON_IN_YEARS: i16 = 30;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The schedule of a timer.
#[derive(Clone, Debug)]
pub(super) enum Schedule {
    /// An interval.
    Every(Duration),
    /// Times of day.
    Cron(Box<Cron>),
}

/// A cron expression: the allowed values of each field as a bit set.
#[derive(Clone, Debug)]
pub(super) struct Cron {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether both day and weekday are restricted, in which case either has to match.
    either_day: bool,
    zone: TimeZone,
}

impl Schedule {
    /// Parses the platform's format: `@every 1h30m`, or `[CRON_TZ=zone] seconds minutes hours day
    /// month [weekday]`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some(time) = text.strip_prefix("@every ") {
            return parse_duration(time.trim()).map(Self::Every);
        }
        if text.starts_with('@') {
            return Err(format!(
                "{text:?} is neither `@every` with a duration nor a cron expression"
            ));
        }
        Cron::parse(text).map(|cron| Self::Cron(Box::new(cron)))
    }

    /// The time until it fires; `None` if it never does.
    pub(super) fn wait(&self, now: &ZonedDateTime) -> Option<Duration> {
        match self {
            Self::Every(time) => Some(*time),
            Self::Cron(cron) => Duration::try_from(cron.next(now)?.duration_since(now)).ok(),
        }
    }
}

/// Parses a duration in the format of Go: `1h30m`, `1.5h`, `300ms`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration like 30s, 5m, 1.5h or 2h30m");
    let (mut rest, mut total) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let digits = rest
            .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
            .ok_or_else(wrong)?;
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|letter: char| letter.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let seconds = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(wrong()),
        };
        let number: f64 = number.parse().map_err(|_| wrong())?;
        total = Duration::try_from_secs_f64(number * seconds)
            .ok()
            .and_then(|part| total.checked_add(part))
            .ok_or_else(wrong)?;
        rest = after;
    }
    // A shorter interval is surely a mistake.
    if total < Duration::from_millis(1) { Err(wrong()) } else { Ok(total) }
}

impl Cron {
    fn parse(text: &str) -> Result<Self, String> {
        let mut fields: Vec<_> = text.split_whitespace().collect();
        let zone = match fields.first().and_then(|first| first.strip_prefix("CRON_TZ=")) {
            None => TimeZone::system(),
            Some(name) => {
                fields.remove(0);
                TimeZone::get(name).map_err(|error| format!("CRON_TZ={name}: {error}"))?
            }
        };
        let (second, minute, hour, day, month, weekday) = match fields[..] {
            [second, minute, hour, day, month] => (second, minute, hour, day, month, "*"),
            [second, minute, hour, day, month, weekday] => {
                (second, minute, hour, day, month, weekday)
            }
            _ => {
                let count = fields.len();
                return Err(format!(
                    "{text:?} has {count} fields; it needs seconds, minutes, hours, day, month and optionally weekday"
                ));
            }
        };
        Ok(Self {
            seconds: parse_field("seconds", second, 0, 59, &[])?,
            minutes: parse_field("minutes", minute, 0, 59, &[])?,
            hours: parse_field("hours", hour, 0, 23, &[])?,
            days: parse_field("day", day, 1, 31, &[])?,
            months: parse_field("month", month, 1, 12, &MONTHS)?,
            weekdays: parse_field("weekday", weekday, 0, 6, &DAYS)?,
            either_day: !is_any(day) && !is_any(weekday),
            zone,
        })
    }

    /// The next time after `now`.
    fn next(&self, now: &ZonedDateTime) -> Option<ZonedDateTime> {
        let local = now.with_time_zone(self.zone.clone()).datetime();
        let last = local.checked_add(HORIZON_IN_YEARS.years()).ok()?;
        let mut at =
            local.with().subsec_nanosecond(0).build().ok()?.checked_add(1.second()).ok()?;
        while at < last {
            match self.skip(at) {
                Some(later) => at = later?,
                None => {
                    let found = at.to_zoned_datetime(self.zone.clone()).ok()?;
                    // When the clock is set back, an hour is repeated, and this may be its first
                    // occurrence, in the past.
                    if found > *now {
                        return Some(found);
                    }
                    at = at.checked_add(1.second()).ok()?;
                }
            }
        }
        None
    }

    /// Skips to the next value of the largest field that does not match; `None` if all match.
    fn skip(&self, at: DateTime) -> Option<Option<DateTime>> {
        let midnight = at.date().to_datetime(jiff::civil::Time::midnight());
        let hour = midnight.checked_add(i64::from(at.hour()).hours()).ok()?;
        let minute = hour.checked_add(i64::from(at.minute()).minutes()).ok()?;
        let later = if !has(self.months, at.month()) {
            midnight.first_of_month().checked_add(1.month())
        } else if !self.fits_day(at) {
            midnight.checked_add(1.day())
        } else if !has(self.hours, at.hour()) {
            hour.checked_add(1.hour())
        } else if !has(self.minutes, at.minute()) {
            minute.checked_add(1.minute())
        } else if !has(self.seconds, at.second()) {
            at.checked_add(1.second())
        } else {
            return None;
        };
        Some(later.ok())
    }

    fn fits_day(&self, at: DateTime) -> bool {
        let (day, weekday) =
            (has(self.days, at.day()), has(self.weekdays, at.weekday().to_sunday_zero_offset()));
        if self.either_day { day || weekday } else { day && weekday }
    }
}

fn has(bits: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|value| bits & (1 << value) != 0)
}

fn is_any(field: &str) -> bool {
    field == "*" || field == "?"
}

/// Parses `*`, `5`, `1-5`, `*/15`, `10-40/10`, names, and lists of these with commas.
fn parse_field(
    name: &str,
    field: &str,
    least: u32,
    most: u32,
    names: &[&str],
) -> Result<u64, String> {
    let wrong = || {
        format!(
            "{name}: {field:?} is not a value from {least} to {most}, a range, `*`, a step like `*/5`, or a list of these"
        )
    };
    let value = |text: &str| {
        let named = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text))
            .and_then(|at| u32::try_from(at).ok());
        let value = named.map(|at| at + least).or_else(|| text.parse().ok());
        value.filter(|value| (least..=most).contains(value)).ok_or_else(wrong)
    };
    let mut bits = 0;
    for part in field.split(',') {
        let (range, step) =
            part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || (range == "?" && (name == "day" || name == "weekday")) => {
                (least, most)
            }
            Some((from, to)) => (value(from)?, value(to)?),
            // `10/5` is every fifth value from 10 on.
            None => (value(range)?, if step.is_some() { most } else { value(range)? }),
        };
        let step: usize = step
            .map_or(Ok(1), |step| step.parse().ok().filter(|step| *step > 0).ok_or_else(wrong))?;
        if from > to {
            return Err(wrong());
        }
        bits |= (from..=to).step_by(step).fold(0, |bits, value| bits | 1 << value);
    }
    Ok(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next times after this one, which is in the format of RFC 9557.
    fn times(schedule: &str, after: &str, count: usize) -> Vec<String> {
        let Ok(Schedule::Cron(cron)) = Schedule::parse(schedule) else {
            panic!("{schedule} is a cron expression")
        };
        let mut now: ZonedDateTime = after.parse().expect("a time");
        (0..count)
            .map(|_| {
                now = cron.next(&now).expect("it comes");
                now.datetime().to_string()
            })
            .collect()
    }

    #[test]
    fn an_interval_is_written_as_in_go() {
        for (text, seconds) in
            [("30m", 1800.0), ("1.5h", 5400.0), ("2h30m", 9000.0), ("300ms", 0.3), ("1m0.5s", 60.5)]
        {
            let Ok(Schedule::Every(time)) = Schedule::parse(&format!("@every {text}")) else {
                panic!("{text} is a time")
            };
            assert!((time.as_secs_f64() - seconds).abs() < 1e-9, "{text}: {time:?}");
        }
        for text in ["@every 5", "@every soon", "@every 0s", "@every 1ns", "@hourly"] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_cron_expression_begins_with_the_seconds() {
        let after = "2026-03-01T08:15:30+00:00[UTC]";
        let of = |text: &str| times(&format!("CRON_TZ=UTC {text}"), after, 2);
        assert_eq!(of("0 15 2 * * ?"), ["2026-03-02T02:15:00", "2026-03-03T02:15:00"]);
        assert_eq!(of("*/20 * * * *"), ["2026-03-01T08:15:40", "2026-03-01T08:16:00"]);
        assert_eq!(of("0 30 8 ? * MON-FRI"), ["2026-03-02T08:30:00", "2026-03-03T08:30:00"]);
        assert_eq!(of("0 0 0 1 Jan,jul *"), ["2026-07-01T00:00:00", "2027-01-01T00:00:00"]);
        assert_eq!(of("0 0 12 29 2 *"), ["2028-02-29T12:00:00", "2032-02-29T12:00:00"]);
        assert_eq!(of("10/25 59 23 * * *"), ["2026-03-01T23:59:10", "2026-03-01T23:59:35"]);
    }

    /// The first four bytes are a Unix timestamp. A published crate has no seeds.
    #[test]
    fn the_seeds_of_the_fuzz_target_are_rejected_or_have_a_next_time() {
        let folder =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/schedule");
        let seeds = match std::fs::read_dir(&folder) {
            Ok(seeds) => seeds,
            Err(error) => return println!("SKIPPED: {}: {error}", folder.display()),
        };
        let mut count = 0;
        for seed in seeds {
            let bytes =
                std::fs::read(seed.expect("it can be listed").path()).expect("it can be read");
            let (seconds, text) = bytes.split_first_chunk::<4>().expect("the time stands first");
            let now = jiff::Timestamp::from_second(u32::from_le_bytes(*seconds).into())
                .expect("it is before 2107");
            if let Ok(schedule) = Schedule::parse(&String::from_utf8_lossy(text)) {
                assert!(
                    schedule
                        .wait(&now.to_zoned_datetime(TimeZone::UTC))
                        .is_none_or(|wait| wait > Duration::ZERO)
                );
            }
            count += 1;
        }
        assert!(count > 0, "{} is empty", folder.display());
    }

    #[test]
    fn if_both_day_and_weekday_are_restricted_either_has_to_match() {
        let of = times("CRON_TZ=UTC 0 0 0 13 * FRI", "2026-03-01T00:00:00+00:00[UTC]", 3);
        assert_eq!(of, ["2026-03-06T00:00:00", "2026-03-13T00:00:00", "2026-03-20T00:00:00"]);
    }

    #[test]
    fn the_time_zone_applies_and_a_skipped_time_fires_after_the_gap() {
        let of = times("CRON_TZ=Europe/Berlin 0 30 2 * * *", "2026-03-28T12:00:00+00:00[UTC]", 2);
        assert_eq!(of, ["2026-03-29T03:30:00", "2026-03-30T02:30:00"]);
    }

    #[test]
    fn an_invalid_expression_is_an_error_that_names_the_field() {
        for (text, reason) in [
            ("0 0 0 * ", "has 4 fields"),
            ("60 0 0 * * *", "seconds: \"60\""),
            ("0 0 24 * * *", "hours: \"24\""),
            ("0 0 0 0 * *", "day: \"0\""),
            ("0 0 0 * * 7", "weekday: \"7\""),
            ("? 0 0 * * *", "seconds: \"?\""),
            ("*/0 * * * * *", "seconds: \"*/0\""),
            ("5-1 * * * * *", "seconds: \"5-1\""),
            ("CRON_TZ=Nowhere/Land 0 0 0 * * *", "CRON_TZ=Nowhere/Land"),
        ] {
            let error = Schedule::parse(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
        let Ok(Schedule::Cron(never)) = Schedule::parse("0 0 0 31 2 *") else {
            panic!("it is well formed")
        };
        assert!(never.next(&ZonedDateTime::now()).is_none());
    }
}
