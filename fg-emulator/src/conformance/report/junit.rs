//! A report as `JUnit` XML, for continuous integration.

use super::super::scenario::Class;
use super::{Mismatch, Report, ScenarioResult};

impl Report {
    /// The XML of `JUnit`, with a test case for each scenario. A scenario that failed but is not
    /// [asked for](Self::passes) is marked as skipped.
    // Written by hand: one element with three children, whose only difficulty is `escape`. A crate
    // for it brings an XML library and a calendar.
    #[must_use]
    pub fn to_junit(&self, asked_for: Class) -> String {
        let (tests, time) = (self.results.len(), self.time().as_secs_f64());
        let missed = |result: &&ScenarioResult| result.mismatch.is_some();
        let failures = self
            .results
            .iter()
            .filter(missed)
            .filter(|result| result.is_asked_for(asked_for))
            .count();
        let skipped = self.failures() - failures;
        let cases: String = self.results.iter().map(|result| result.to_junit(asked_for)).collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites>\n<testsuite name=\"FunctionGraph Runtime API: {}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" \
             skipped=\"{skipped}\" time=\"{time:.3}\">\n{cases}</testsuite>\n</testsuites>\n",
            escape(&self.program)
        )
    }
}

impl ScenarioResult {
    fn to_junit(&self, asked_for: Class) -> String {
        let Self { name, class, time, .. } = self;
        let head = format!(
            "  <testcase name=\"{}\" classname=\"{}\" time=\"{:.3}\"",
            escape(name),
            class.name(),
            time.as_secs_f64()
        );
        let Some(Mismatch { happened, .. }) = &self.mismatch else { return format!("{head}/>\n") };
        let element = if self.is_asked_for(asked_for) { "failure" } else { "skipped" };
        format!(
            "{head}>\n    <{element} message=\"{}\">{}</{element}>\n    <system-out>{}</system-out>\n  </testcase>\n",
            escape(happened),
            escape(&self.lines().join("\n")),
            escape(&self.output.join("\n")),
        )
    }
}

/// Escapes the characters that have a meaning in XML, and replaces those that XML cannot contain by
/// U+FFFD.
fn escape(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            '\t' | '\n' => result.push(character),
            '\u{fffe}' | '\u{ffff}' => result.push('\u{fffd}'),
            _ if character.is_control() => result.push('\u{fffd}'),
            _ => result.push(character),
        }
    }
    result
}
