//! UTC in the two forms that the platform writes: that of its log lines, and that of signatures.

use std::time::{SystemTime, UNIX_EPOCH};

/// A moment as a date and a time in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timestamp {
    year: u64,
    month: u64,
    day: u64,
    /// Of the day.
    seconds: u64,
    milliseconds: u32,
}

impl Timestamp {
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::at(since.as_secs(), since.subsec_millis())
    }

    /// So long after the beginning of 1970.
    fn at(seconds: u64, milliseconds: u32) -> Self {
        // Days in years that begin in March, so that the leap day is the last one; 719468 days are
        // from 0000-03-01 to 1970-01-01.
        let days = seconds / 86_400 + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Self {
            year: era * 400 + year_of_era + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            seconds: seconds % 86_400,
            milliseconds,
        }
    }

    /// `2022-09-20T11:43:57Z`
    pub(crate) fn to_seconds(self) -> String {
        let Self { year, month, day, seconds, .. } = self;
        format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )
    }

    /// `2022-09-20T11:43:57.120Z`
    pub(crate) fn to_milliseconds(self) -> String {
        format!("{}.{:03}Z", self.to_seconds().trim_end_matches('Z'), self.milliseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_and_a_time_in_utc() {
        assert_eq!(Timestamp::at(0, 0).to_seconds(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp::at(951_826_554, 7).to_milliseconds(), "2000-02-29T12:15:54.007Z");
        assert_eq!(Timestamp::at(1_663_674_237, 0).to_seconds(), "2022-09-20T11:43:57Z");
    }
}
