//! The schedule of a timer: a rate such as `3m`, `@every 1h30m`, or a cron expression.

use super::entry::Entry;
use super::mistake::Mistake;

/// A schedule that the platform understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    pub(crate) text: String,
    /// Whether it is of the type `Rate`, not `Cron`.
    is_rate: bool,
}

impl Schedule {
    pub(super) fn read(entry: &Entry<'_>) -> Result<Self, Mistake> {
        let text = entry.text(256)?;
        let is_rate = is_rate(text);
        let read = if is_rate { fg_local::Schedule::rate } else { fg_local::Schedule::parse };
        read(text).map_err(|error| {
            entry
                .wrong(reason(&error.to_string()))
                .advise("for example \"3m\", \"2h\", \"1d\", \"@every 1h30m\", or \"0 15 2 * * ?\": seconds, minutes, hours, day, month, weekday")
        })?;
        Ok(Self { text: text.to_owned(), is_rate })
    }

    /// A schedule that was read before, with its type in the API.
    pub(super) fn of_api(kind: &str, text: &str) -> Self {
        Self { text: text.to_owned(), is_rate: kind == "Rate" }
    }

    /// The type of the schedule in the API.
    pub(crate) fn kind(&self) -> &'static str {
        if self.is_rate { "Rate" } else { "Cron" }
    }

    /// The same schedule for [`fg_local::Timer`], which has no rates.
    pub(crate) fn as_cron(&self) -> String {
        let days = self.text.strip_suffix('d').filter(|_| self.is_rate);
        match days.and_then(|days| days.parse::<u32>().ok()) {
            Some(days) => format!("@every {}h", days * 24),
            None if self.is_rate => format!("@every {}", self.text),
            None => self.text.clone(),
        }
    }
}

/// Whether it is a number with a unit, right or wrong, and nothing that cron could have.
fn is_rate(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && !text.contains(char::is_whitespace)
        && text.ends_with(|last: char| last.is_ascii_alphabetic())
}

/// The reason without the parts of the value that it quotes.
fn reason(error: &str) -> String {
    // The error of the library for time zones quotes the name, too.
    if error.starts_with("CRON_TZ=") {
        return "CRON_TZ: it is not a time zone, such as Asia/Shanghai".to_owned();
    }
    let mut parts = error.splitn(2, '"');
    let before = parts.next().unwrap_or_default();
    let Some(quoted) = parts.next() else { return error.to_owned() };
    let mut is_escaped = false;
    let end = quoted.find(|letter: char| {
        let is_end = letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        is_end
    });
    let after = end.map_or("", |end| &quoted[end + 1..]);
    format!("{before}it{after}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::metadata::path::KeyPath;

    fn read(text: &str) -> Result<Schedule, Mistake> {
        let value = json!(text);
        Schedule::read(&Entry::new(KeyPath::of("schedule"), &value))
    }

    #[test]
    fn a_schedule_is_a_rate_or_cron() {
        for (text, kind, cron) in [
            ("3m", "Rate", "@every 3m"),
            ("2h", "Rate", "@every 2h"),
            ("30d", "Rate", "@every 720h"),
            ("@every 1h30m", "Cron", "@every 1h30m"),
            ("0 15 2 * * ?", "Cron", "0 15 2 * * ?"),
            (
                "CRON_TZ=Asia/Shanghai 0 15 2 * * MON",
                "Cron",
                "CRON_TZ=Asia/Shanghai 0 15 2 * * MON",
            ),
        ] {
            let schedule = read(text).expect(text);
            assert_eq!((schedule.kind(), schedule.as_cron().as_str()), (kind, cron));
            assert!(fg_local::Schedule::parse(cron).is_ok(), "{cron}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_schedule_is_said_without_quoting_it() {
        for (text, reason) in [
            ("61m", "it is not a rate: 1m to 60m, 1h to 24h, or 1d to 30d"),
            ("3s", "it is not a rate: 1m to 60m, 1h to 24h, or 1d to 30d"),
            (
                "hunter2",
                "it has 1 fields; it needs seconds, minutes, hours, day, month and optionally weekday",
            ),
            ("@every hunter2", "it is not a duration like 30s, 5m, 1.5h or 2h30m"),
            ("@hunter2", "it is neither `@every` with a duration nor a cron expression"),
            (
                "CRON_TZ=hunter2 0 0 0 * * *",
                "CRON_TZ: it is not a time zone, such as Asia/Shanghai",
            ),
            (
                "0 hunter2\" 0 * * *",
                "minutes: it is not a value from 0 to 59, a range, `*`, a step like `*/5`, or a list of these",
            ),
        ] {
            assert_eq!(read(text).expect_err(text).reason, reason);
        }
    }
}
