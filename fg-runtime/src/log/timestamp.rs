//! The time of a log line: UTC, to the millisecond, as the platform's runtimes write it.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Displays as `2026-11-23T03:21:00.123Z`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timestamp(Duration);

impl Timestamp {
    pub(crate) fn now() -> Self {
        Self(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (year, month, day) = date_of(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
            self.0.subsec_millis()
        )
    }
}

/// The year, month and day of a day number since 1970-01-01. Counts in eras of 400 years that begin
/// on the first of March.
fn date_of(day_since_1970: u64) -> (u64, u64, u64) {
    const DAYS_FROM_YEAR_0_TO_1970: u64 = 719_468;
    const DAYS_OF_ERA: u64 = 146_097;
    let day = day_since_1970 + DAYS_FROM_YEAR_0_TO_1970;
    let (era, day_of_era) = (day / DAYS_OF_ERA, day % DAYS_OF_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_are_formatted() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_210_096_007, "2024-02-29T12:34:56.007Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Timestamp(Duration::from_millis(millis)).to_string(), text);
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut before = date_of(0);
        for day in 1..146_097 {
            let date = date_of(day);
            let next_day = date.2 == before.2 + 1 && date.1 == before.1 && date.0 == before.0;
            let next_month = date.2 == 1
                && before.2 >= 28
                && (date.1 == before.1 + 1 || (date.1 == 1 && before.1 == 12));
            assert!(next_day || next_month, "{before:?} then {date:?}");
            before = date;
        }
        assert_eq!(before, (2369, 12, 31));
    }
}
