//! What a program did with the scenarios: for people, for `JUnit`'s readers, and as JSON.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::scenario::Class;

/// The results of all scenarios.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The program and its arguments.
    pub program: String,
    /// In the order in which they were run.
    pub results: Vec<ScenarioResult>,
}

/// The result of one scenario.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ScenarioResult {
    /// The scenario's name.
    pub name: String,
    /// The scenario's sentence.
    pub says: String,
    /// The scenario's class.
    pub class: Class,
    /// How long it took.
    pub time: Duration,
    /// Nothing where it was passed.
    pub mismatch: Option<Mismatch>,
    /// The last lines of the program, where it was not passed.
    pub output: Vec<String>,
}

/// What should have happened, and what did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// A sentence.
    pub expected: String,
    /// Another one.
    pub happened: String,
}

impl Mismatch {
    pub(super) fn new(expected: impl Into<String>, happened: impl Into<String>) -> Self {
        Self { expected: expected.into(), happened: happened.into() }
    }

    pub(super) fn at_the_end(self) -> Self {
        Self { expected: format!("after all that, one more plain event: {}", self.expected), ..self }
    }
}

impl Report {
    /// Whether there is no scenario that was not passed.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.failures() == 0
    }

    fn failures(&self) -> usize {
        self.results.iter().filter(|result| result.mismatch.is_some()).count()
    }

    fn time(&self) -> Duration {
        self.results.iter().map(|result| result.time).sum()
    }

    /// `bootstrap`, `passed`, `failed`, and `scenarios`, each with `name`, `class`, `says`, `seconds`, `passed`, and where it was not:
    /// `expected`, `happened`, `output`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let failed = self.failures();
        let scenarios: Vec<Value> = self.results.iter().map(ScenarioResult::to_json).collect();
        let report = json!({
            "bootstrap": self.program,
            "passed": self.results.len() - failed,
            "failed": failed,
            "scenarios": scenarios,
        });
        format!("{report:#}\n")
    }

    /// The XML that continuous integration reads.
    #[must_use]
    pub fn to_junit(&self) -> String {
        let (tests, failures, time) = (self.results.len(), self.failures(), self.time().as_secs_f64());
        let cases: String = self.results.iter().map(ScenarioResult::to_junit).collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuite name=\"FunctionGraph Runtime API: {}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" time=\"{time:.3}\">\n\
             {cases}</testsuite>\n",
            escaped(&self.program)
        )
    }
}

impl ScenarioResult {
    fn to_json(&self) -> Value {
        let mut json = json!({
            "name": self.name,
            "class": self.class.name(),
            "says": self.says,
            "seconds": (self.time.as_secs_f64() * 1000.0).round() / 1000.0,
            "passed": self.mismatch.is_none(),
        });
        if let Some(mismatch) = &self.mismatch {
            json["expected"] = mismatch.expected.as_str().into();
            json["happened"] = mismatch.happened.as_str().into();
            json["output"] = self.output.clone().into();
        }
        json
    }

    fn to_junit(&self) -> String {
        let Self { name, class, time, .. } = self;
        let head =
            format!("  <testcase name=\"{}\" classname=\"{}\" time=\"{:.3}\"", escaped(name), class.name(), time.as_secs_f64());
        match &self.mismatch {
            None => format!("{head}/>\n"),
            Some(Mismatch { expected, happened }) => format!(
                "{head}>\n    <failure message=\"{}\">{}\nexpected: {}\nhappened: {}</failure>\n    <system-out>{}</system-out>\n  </testcase>\n",
                escaped(happened),
                escaped(&self.says),
                escaped(expected),
                escaped(happened),
                escaped(&self.output.join("\n")),
            ),
        }
    }
}

/// What has a meaning in XML is written in another way; what cannot stand in it at all is U+FFFD.
fn escaped(text: &str) -> String {
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

impl fmt::Display for ScenarioResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.mismatch.is_none() { "passed" } else { "FAILED" };
        write!(f, "{mark}  {:5}  {}  ({:.2} s)", self.class.name(), self.name, self.time.as_secs_f64())?;
        if let Some(Mismatch { expected, happened }) = &self.mismatch {
            write!(f, "\n        {}\n        expected: {expected}\n        happened: {happened}", self.says)?;
            for (index, line) in self.output.iter().enumerate() {
                let label = if index == 0 { "output:  " } else { "         " };
                write!(f, "\n        {label} {line}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.results.iter().try_for_each(|result| writeln!(f, "{result}"))?;
        let failed = self.failures();
        write!(f, "{}: {} of {} scenarios passed", self.program, self.results.len() - failed, self.results.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let passed = ScenarioResult {
            name: "one".into(),
            says: "One.".into(),
            class: Class::Plain,
            time: Duration::from_millis(10),
            mismatch: None,
            output: vec![],
        };
        let failed = ScenarioResult {
            name: "two".into(),
            says: "Two <works>.".into(),
            class: Class::Fault,
            mismatch: Some(Mismatch::new("a & b", "\"c\"\u{1}")),
            output: vec!["bye".into()],
            ..passed.clone()
        };
        Report { program: "./bootstrap".into(), results: vec![passed, failed] }
    }

    #[test]
    fn people_see_what_was_expected_and_what_happened() {
        assert_eq!(
            report().to_string(),
            "passed  plain  one  (0.01 s)\nFAILED  fault  two  (0.01 s)\n        Two <works>.\n        expected: a & b\n        \
             happened: \"c\"\u{1}\n        output:   bye\n./bootstrap: 1 of 2 scenarios passed"
        );
        assert!(!report().is_passed());
    }

    #[test]
    fn junit_has_a_case_for_each_scenario() {
        assert_eq!(
            report().to_junit(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuite name=\"FunctionGraph Runtime API: ./bootstrap\" tests=\"2\" failures=\"1\" errors=\"0\" time=\"0.020\">\n  \
             <testcase name=\"one\" classname=\"plain\" time=\"0.010\"/>\n  \
             <testcase name=\"two\" classname=\"fault\" time=\"0.010\">\n    \
             <failure message=\"&quot;c&quot;\u{fffd}\">Two &lt;works&gt;.\nexpected: a &amp; b\nhappened: &quot;c&quot;\u{fffd}</failure>\n    \
             <system-out>bye</system-out>\n  </testcase>\n</testsuite>\n"
        );
    }

    #[test]
    fn the_json_has_the_same() {
        let json: Value = serde_json::from_str(&report().to_json()).expect("JSON");
        assert_eq!((&json["passed"], &json["failed"]), (&json!(1), &json!(1)));
        assert_eq!(json["scenarios"][1]["happened"], "\"c\"\u{1}");
        assert_eq!(json["scenarios"][0]["expected"], Value::Null);
    }
}
