//! When a timer fires, in the formats of the platform: the rate `3m`, the interval `@every 30m`,
//! and a cron expression whose first field is the seconds.

use std::fmt;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};

/// How far ahead to search: long enough for 29 February on a given weekday.
const HORIZON_IN_YEARS: i16 = 30;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// When a timer fires.
///
/// ```
/// use fg_local::Schedule;
///
/// assert!(Schedule::parse("0 15 2 * * ?").is_ok());
/// assert!(Schedule::parse("@every 1h30m").is_ok());
/// assert!(Schedule::rate("3m").is_ok());
/// assert!(Schedule::rate("3 minutes").is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Schedule(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// An interval.
    Every(Duration),
    /// Times of day.
    Cron(Box<Cron>),
}

/// Why a string is not a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleError(String);

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ScheduleError {}

/// A cron expression: the allowed values of each field as a bit set.
#[derive(Clone, Debug)]
struct Cron {
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
    /// Reads the format of the schedule type `Cron`: `@every 1h30m`, or `[CRON_TZ=zone] seconds
    /// minutes hours day month [weekday]` (FunctionGraph user guide, "Cron Expressions for a
    /// Function Timer Trigger").
    ///
    /// A field is a value, a range, `*`, a step such as `0/5`, or a list of these; day and weekday
    /// may be `?`. `L`, `W` and `#` are not in the platform's documentation, and are refused.
    /// Without `CRON_TZ` the times are those of this machine's time zone, as those of the platform
    /// are of the region's.
    ///
    /// # Errors
    ///
    /// The error names the field and its allowed values.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        if let Some(time) = text.strip_prefix("@every ") {
            return match parse_duration(time.trim()) {
                Ok(time) => Ok(Self(Kind::Every(time))),
                Err(reason) => Err(ScheduleError(reason)),
            };
        }
        if text.starts_with('@') {
            return Err(ScheduleError(format!(
                "{text:?} is neither `@every` with a duration nor a cron expression"
            )));
        }
        match Cron::parse(text) {
            Ok(cron) => Ok(Self(Kind::Cron(Box::new(cron)))),
            Err(reason) => Err(ScheduleError(reason)),
        }
    }

    /// Reads the format of the schedule type `Rate`: 1 to 60 minutes, 1 to 24 hours, or 1 to 30
    /// days, such as `3m`, `2h` or `1d` (FunctionGraph user guide, "Using a Timer Trigger").
    ///
    /// # Errors
    ///
    /// If it is not a number with one of these units, or is out of these bounds.
    pub fn rate(text: &str) -> Result<Self, ScheduleError> {
        let wrong = || {
            let reason = "is not a rate: 1m to 60m, 1h to 24h, or 1d to 30d";
            ScheduleError(format!("{text:?} {reason}"))
        };
        let unit = text.chars().next_back().ok_or_else(wrong)?;
        let (most, seconds) = match unit {
            'm' => (60, 60),
            'h' => (24, 60 * 60),
            'd' => (30, 24 * 60 * 60),
            _ => return Err(wrong()),
        };
        let digits = &text[..text.len() - 1];
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let count: u64 = digits.parse().ok().filter(|_| is_number).ok_or_else(wrong)?;
        if !(1..=most).contains(&count) {
            return Err(wrong());
        }
        Ok(Self(Kind::Every(Duration::from_secs(count * seconds))))
    }

    /// The time until it fires, counted from now if it is an interval; `None` if it never does.
    #[must_use]
    pub fn wait(&self, now: &ZonedDateTime) -> Option<Duration> {
        match &self.0 {
            Kind::Every(time) => Some(*time),
            Kind::Cron(cron) => Duration::try_from(cron.next(now)?.duration_since(now)).ok(),
        }
    }

    /// The first time after this one at which it fires. An interval is counted from its start.
    pub(crate) fn next(&self, start: Timestamp, after: &ZonedDateTime) -> Option<Timestamp> {
        match &self.0 {
            Kind::Every(time) => {
                let interval = i128::try_from(time.as_nanos()).ok()?;
                let (start, after) = (start.as_nanosecond(), after.timestamp().as_nanosecond());
                let count = (after - start).max(0) / interval + 1;
                Timestamp::from_nanosecond(start.checked_add(interval.checked_mul(count)?)?).ok()
            }
            Kind::Cron(cron) => Some(cron.next(after)?.timestamp()),
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
        let Ok(Schedule(Kind::Cron(cron))) = Schedule::parse(schedule) else {
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
            let Ok(Schedule(Kind::Every(time))) = Schedule::parse(&format!("@every {text}")) else {
                panic!("{text} is a time")
            };
            assert!((time.as_secs_f64() - seconds).abs() < 1e-9, "{text}: {time:?}");
        }
        for text in ["@every 5", "@every soon", "@every 0s", "@every 1ns", "@hourly"] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rate_has_the_bounds_of_the_platform() {
        let after = "2026-03-01T08:15:30+00:00[UTC]".parse().expect("a time");
        for (text, seconds) in [("1m", 60), ("60m", 3600), ("24h", 86_400), ("30d", 2_592_000)] {
            let schedule = Schedule::rate(text).expect(text);
            assert_eq!(schedule.wait(&after), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "m", "0m", "61m", "25h", "31d", "3", "3s", "+3m", "1.5h", "3m ", "3分"] {
            let error = Schedule::rate(text).expect_err(text).to_string();
            assert!(
                error.ends_with("is not a rate: 1m to 60m, 1h to 24h, or 1d to 30d"),
                "{error}"
            );
        }
    }

    #[test]
    fn an_interval_is_counted_from_its_start() {
        let next = |after: &str| {
            let start = "2026-03-01T00:00:10Z".parse().expect("a time");
            let after: Timestamp = after.parse().expect("a time");
            let next = Schedule::rate("1m")
                .expect("a rate")
                .next(start, &after.to_zoned_datetime(TimeZone::UTC));
            next.expect("there is one").to_string()
        };
        assert_eq!(next("2026-02-28T00:00:00Z"), "2026-03-01T00:01:10Z");
        assert_eq!(next("2026-03-01T00:00:10Z"), "2026-03-01T00:01:10Z");
        assert_eq!(next("2026-03-01T00:01:09.9Z"), "2026-03-01T00:01:10Z");
        assert_eq!(next("2026-03-01T00:01:10Z"), "2026-03-01T00:02:10Z");
        assert_eq!(next("2026-03-02T00:00:00Z"), "2026-03-02T00:00:10Z");
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
            let now = Timestamp::from_second(u32::from_le_bytes(*seconds).into())
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
            ("0 0 0 L * ?", "day: \"L\""),
            ("0 0 0 15W * ?", "day: \"15W\""),
            ("0 0 0 ? * 6#3", "weekday: \"6#3\""),
            ("5-1 * * * * *", "seconds: \"5-1\""),
            ("CRON_TZ=Nowhere/Land 0 0 0 * * *", "CRON_TZ=Nowhere/Land"),
        ] {
            let error = Schedule::parse(text).expect_err(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
        let Ok(Schedule(Kind::Cron(never))) = Schedule::parse("0 0 0 31 2 *") else {
            panic!("it is well formed")
        };
        assert!(never.next(&ZonedDateTime::now()).is_none());
    }
}
