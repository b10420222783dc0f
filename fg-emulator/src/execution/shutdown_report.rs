//! What a function did between its last answer and its end: its last lines, and what went wrong.

use serde_json::Value;

use crate::printable::{Form, printable};

/// What a function did between its last answer and its end. Made by
/// [`Emulator::finish`](crate::Emulator::finish).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// The lines that belong to no [log](crate::Log): of work after an answer, and of the end of
    /// the process.
    pub lines: Vec<String>,
    /// What went wrong. A function cannot report an error after its answer, so these are signs of
    /// the process: its exit, lines with the level ERROR or FATAL, in the platform's form or as
    /// JSON, and the first lines of panics.
    pub errors: Vec<String>,
}

impl ShutdownReport {
    pub(crate) fn new(lines: Vec<String>) -> Self {
        let errors = lines.iter().filter(|line| is_error(line)).cloned().collect();
        Self { lines, errors }
    }

    pub(crate) fn merge(reports: impl IntoIterator<Item = Self>) -> Self {
        reports.into_iter().fold(Self::default(), |mut all, report| {
            all.lines.extend(report.lines);
            all.errors.extend(report.errors);
            all
        })
    }
}

fn is_error(line: &str) -> bool {
    // Colours are removed.
    let line = &*printable(line, Form::Text);
    let is_level = |level: &str| matches!(level, "ERROR" | "FATAL");
    if line.starts_with('{') {
        let record: Value = serde_json::from_str(line).unwrap_or_default();
        return record["level"].as_str().is_some_and(|level| is_level(&level.to_ascii_uppercase()));
    }
    // `2026-11-23T03:21:00.123Z <request id> ERROR text`; other loggers write no request id.
    let mut words = line
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| word.trim_matches(['[', ']', ':']));
    let has_time = words.next().is_some_and(|time| {
        time.len() >= 20
            && time.starts_with(|digit: char| digit.is_ascii_digit())
            && time.contains('T')
    });
    let other_levels = ["TRACE", "DEBUG", "INFO", "WARN", "WARNING"];
    let level = words
        .next()
        .filter(|word| is_level(word) || other_levels.contains(word))
        .or_else(|| words.next());
    if has_time && level.is_some_and(is_level) {
        return true;
    }
    // Rust writes the name of the thread, and newer versions also its number.
    line.strip_prefix("thread '")
        .and_then(|rest| rest.split_once('\''))
        .is_some_and(|(_, rest)| rest.contains("panicked at "))
        || line.starts_with("fg: report the process: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_read_off_the_lines() {
        let lines = [
            ("2026-11-23T03:21:00.123Z r-1 ERROR cannot ship", true),
            ("2026-11-23T03:21:00.123Z r-1 [ERROR] cannot ship", true),
            (
                "\x1b[2m2026-11-23T03:21:00.123456Z\x1b[0m \x1b[31mERROR\x1b[0m mail: cannot ship",
                true,
            ),
            ("[2026-11-23T03:21:00Z ERROR mail] cannot ship", true),
            ("2026-11-23T03:21:00Z INFO ERROR is a word", false),
            ("2026-11-23T03:21:00.124Z r-1 | because of an ERROR", false),
            ("2026-11-23T03:21:00.123Z r-1 INFO no ERROR at all", false),
            (r#"{"time":"now","level":"error","message":"cannot ship"}"#, true),
            (r#"{"level":"INFO","message":"ERROR"}"#, false),
            ("thread 'main' panicked at src/main.rs:7:5:", true),
            ("thread 'main' (1234) panicked at src/main.rs:7:5:", true),
            ("ERROR is a word", false),
            ("a thread 'x' panicked at y", false),
        ];
        for (line, is_error) in lines {
            assert_eq!(super::is_error(line), is_error, "{line}");
        }
        let report = ShutdownReport::new(lines.map(|(line, _)| line.to_owned()).to_vec());
        assert_eq!((report.lines.len(), report.errors.len()), (13, 7));
    }
}
