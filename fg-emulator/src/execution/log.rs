//! The log of one request, between the lines that the platform writes at its begin and end: the
//! third part of a result.

use std::fmt::Write;
use std::time::SystemTime;

use humantime::format_rfc3339_seconds;

use super::summary::Summary;

/// What the function's process wrote for one request, on both outputs, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    before: Vec<String>,
    start: String,
    lines: Vec<String>,
    finish: String,
}

impl Log {
    /// How many bytes the platform's console shows: the last 4 KB.
    pub const SHORT: usize = 4 << 10;

    /// The log of a request that reached no process.
    pub(crate) fn refused() -> Self {
        Self::default()
    }

    pub(crate) fn start(before: Vec<String>, request_id: &str, version: &str) -> Self {
        let now = format_rfc3339_seconds(SystemTime::now());
        Self {
            before,
            start: format!("{now} Start invoke request '{request_id}', version: {version}"),
            ..Self::default()
        }
    }

    pub(crate) fn finish(mut self, lines: Vec<String>, summary: &Summary) -> Self {
        let memory = summary
            .memory_used_in_mb()
            .map_or_else(|| "unknown".to_owned(), |used| format!("{used:.3}MB"));
        self.lines = lines;
        self.finish = format!(
            "{} Finish invoke request '{}', duration: {:.3}ms, billing duration: {}ms, memory used: {memory}, billing memory: {}MB",
            format_rfc3339_seconds(SystemTime::now()),
            summary.request_id,
            summary.duration_in_ms(),
            summary.billed_duration.as_millis(),
            summary.memory_configured,
        );
        self
    }

    /// The function's lines from the event to the answer.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// What the process wrote before the request: at its start, or after its last answer.
    #[must_use]
    pub fn before(&self) -> &[String] {
        &self.before
    }

    /// All lines, with those of the platform around those of the request.
    #[must_use]
    pub fn full(&self) -> String {
        let mut text = String::new();
        let own = |line: &String| (!line.is_empty()).then(|| line.clone());
        let all = self
            .before
            .iter()
            .cloned()
            .chain(own(&self.start))
            .chain(self.lines.iter().cloned())
            .chain(own(&self.finish));
        for line in all {
            // Writing to memory cannot fail.
            let _ = writeln!(text, "{line}");
        }
        text
    }

    /// The last bytes of [`full`](Self::full), at most this number, from a character boundary.
    #[must_use]
    pub fn tail(&self, bytes: usize) -> String {
        let full = self.full();
        let from =
            (full.len().saturating_sub(bytes)..full.len()).find(|at| full.is_char_boundary(*at));
        from.map_or_else(String::new, |from| full[from..].to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_log_has_the_platforms_lines_around_those_of_the_request() {
        let summary = Summary::new("r-1", 128, Duration::from_micros(65_828), Some(22_516_072));
        let log = Log::start(vec!["cold".into()], "r-1", "v1")
            .finish(vec!["one".into(), "two".into()], &summary);
        let lines: Vec<_> = log.full().lines().map(str::to_owned).collect();
        assert_eq!(
            (lines[0].as_str(), &lines[2..4]),
            ("cold", &["one".to_owned(), "two".to_owned()][..])
        );
        assert_eq!(lines[1][20..], *" Start invoke request 'r-1', version: v1");
        assert_eq!(
            lines[4][20..],
            *" Finish invoke request 'r-1', duration: 65.828ms, billing duration: 66ms, memory used: 21.473MB, billing memory: 128MB"
        );
    }

    #[test]
    fn a_tail_is_as_long_as_asked_and_begins_with_a_character() {
        let summary = Summary::new("r-1", 128, Duration::ZERO, None);
        let log = Log::start(vec![], "r-1", "v1").finish(vec!["ä".repeat(5000)], &summary);
        let tail = log.tail(Log::SHORT);
        assert!(
            log.full().ends_with(&tail) && tail.len() <= Log::SHORT && tail.len() > Log::SHORT - 4
        );
        assert_eq!(log.tail(usize::MAX), log.full());
    }
}
