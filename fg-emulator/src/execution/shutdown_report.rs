//! What a function does after its answer, and before its end: its last lines, and what went wrong.

use serde_json::Value;

use crate::printable::{Form, printable};

/// What came of a function after its last answer. Made by
/// [`Emulator::finish`](crate::Emulator::finish).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ending {
    /// What it wrote that belongs to no [log](crate::Log): of work that it does after an answer,
    /// and at its end.
    pub lines: Vec<String>,
    /// What went wrong there. Nothing that comes after an answer can be told to the caller, so it
    /// is read off the process: its exit, and the lines that it logs with the level ERROR or FATAL,
    /// in the platform's form or as JSON, or with which a panic begins.
    pub errors: Vec<String>,
}

impl Ending {
    pub(crate) fn new(lines: Vec<String>) -> Self {
        let errors = lines.iter().filter(|line| is_error(line)).cloned().collect();
        Self { lines, errors }
    }

    pub(crate) fn join(endings: impl IntoIterator<Item = Self>) -> Self {
        endings.into_iter().fold(Self::default(), |mut all, ending| {
            all.lines.extend(ending.lines);
            all.errors.extend(ending.errors);
            all
        })
    }
}

fn is_error(line: &str) -> bool {
    // Without colours.
    let line = &*printable(line, Form::Text);
    let is_level = |level: &str| matches!(level, "ERROR" | "FATAL");
    if line.starts_with('{') {
        let record: Value = serde_json::from_str(line).unwrap_or_default();
        return record["level"].as_str().is_some_and(|level| is_level(&level.to_ascii_uppercase()));
    }
    // `2026-11-23T03:21:00.123Z <request id> ERROR text`, and without a request id in the form of
    // other loggers.
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
    // Rust names the thread, and in newer versions its number.
    line.strip_prefix("thread '")
        .and_then(|rest| rest.split_once('\''))
        .is_some_and(|(_, rest)| rest.contains("panicked at "))
        || line.starts_with("fg: ending the process: ")
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
        let ending = Ending::new(lines.map(|(line, _)| line.to_owned()).to_vec());
        assert_eq!((ending.lines.len(), ending.errors.len()), (13, 7));
    }
}
