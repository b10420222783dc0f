//! The results of a program in the scenarios.

mod json;
mod junit;
mod markdown;

use std::fmt;
use std::time::Duration;

use super::scenario::Class;
use crate::printable::{Form, printable};

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
    /// What the scenario [says](crate::conformance::Scenario::says).
    pub says: String,
    /// The scenario's class.
    pub class: Class,
    /// The document that asks for it, if one does.
    pub source: Option<String>,
    /// How long it took.
    pub time: Duration,
    /// What went wrong; `None` if the scenario passed.
    pub mismatch: Option<Mismatch>,
    /// If it failed: the requests of the program that the Runtime API refused, with the reasons.
    pub refused: Vec<String>,
    /// If it failed: the last lines that the program wrote.
    pub output: Vec<String>,
}

/// What was expected, and what happened instead.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// As a sentence.
    pub expected: String,
    /// As a sentence.
    pub happened: String,
}

/// The form of a report in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// The XML of `JUnit`, for continuous integration.
    Junit,
    /// For people, such as in `$GITHUB_STEP_SUMMARY`.
    Markdown,
    /// For programs.
    Json,
}

impl Format {
    /// The format of this name: `junit`, `markdown`, `json`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "junit" => Some(Self::Junit),
            "markdown" => Some(Self::Markdown),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl Mismatch {
    pub(super) fn new(expected: impl Into<String>, happened: impl Into<String>) -> Self {
        Self { expected: expected.into(), happened: happened.into() }
    }

    pub(super) fn at_the_end(self) -> Self {
        Self { expected: format!("afterwards, one more plain event: {}", self.expected), ..self }
    }
}

impl Report {
    /// Whether all scenarios passed that are asked for: with [`Contract`](Class::Contract) those of
    /// the contract, with [`Robust`](Class::Robust) all of them.
    #[must_use]
    pub fn passes(&self, asked_for: Class) -> bool {
        self.results
            .iter()
            .all(|result| result.mismatch.is_none() || !result.is_asked_for(asked_for))
    }

    /// How many scenarios of a class passed, and how many there were.
    #[must_use]
    pub fn passed(&self, class: Class) -> (usize, usize) {
        let of_class: Vec<_> = self.results.iter().filter(|result| result.class == class).collect();
        (of_class.iter().filter(|result| result.mismatch.is_none()).count(), of_class.len())
    }

    /// Renders the report. A scenario that is not [asked for](Self::passes) does not count as a
    /// failure.
    #[must_use]
    pub fn render(&self, format: Format, asked_for: Class) -> String {
        match format {
            Format::Junit => self.to_junit(asked_for),
            Format::Markdown => self.to_markdown(asked_for),
            Format::Json => self.to_json(),
        }
    }

    fn failures(&self) -> usize {
        self.results.iter().filter(|result| result.mismatch.is_some()).count()
    }

    fn time(&self) -> Duration {
        self.results.iter().map(|result| result.time).sum()
    }

    /// How many scenarios of each class passed, in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let of = |class: Class| {
            let (passed, all) = self.passed(class);
            (all > 0).then(|| format!("{}: {passed} of {all} scenarios passed", class.name()))
        };
        let verdicts: Vec<_> =
            [Class::Contract, Class::Robust].into_iter().filter_map(of).collect();
        format!("{}: {}", self.program, verdicts.join("; "))
    }
}

impl ScenarioResult {
    fn is_asked_for(&self, asked_for: Class) -> bool {
        asked_for == Class::Robust || self.class == Class::Contract
    }

    /// What is reported of a failed scenario, apart from the program's output.
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.says.clone()];
        lines.extend(self.source.iter().map(|source| format!("source:   {source}")));
        if let Some(Mismatch { expected, happened }) = &self.mismatch {
            lines.extend([format!("expected: {expected}"), format!("happened: {happened}")]);
        }
        lines.extend(self.refused.iter().map(|refused| format!("refused:  {refused}")));
        lines
    }
}

impl fmt::Display for ScenarioResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.mismatch.is_none() { "passed" } else { "FAILED" };
        write!(
            f,
            "{mark}  {:8}  {}  ({:.2} s)",
            self.class.name(),
            self.name,
            self.time.as_secs_f64()
        )?;
        if self.mismatch.is_none() {
            return Ok(());
        }
        self.lines()
            .iter()
            .try_for_each(|line| write!(f, "\n        {}", printable(line, Form::Text)))?;
        for (index, line) in self.output.iter().enumerate() {
            let label = if index == 0 { "output:  " } else { "         " };
            write!(f, "\n        {label} {}", printable(line, Form::Text))?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.results.iter().try_for_each(|result| writeln!(f, "{result}"))?;
        f.write_str(&self.summary())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn report() -> Report {
        let passed = ScenarioResult {
            name: "one".into(),
            says: "One.".into(),
            class: Class::Contract,
            source: Some("the manual".into()),
            time: Duration::from_millis(10),
            mismatch: None,
            refused: vec![],
            output: vec![],
        };
        let failed = ScenarioResult {
            name: "two".into(),
            says: "Two <works>.".into(),
            class: Class::Robust,
            source: None,
            mismatch: Some(Mismatch::new("a & b", "\"c\"\u{1}")),
            refused: vec!["GET / was refused with 404".into()],
            output: vec!["bye".into()],
            ..passed.clone()
        };
        Report { program: "./bootstrap".into(), results: vec![passed, failed] }
    }

    #[test]
    fn people_see_what_was_expected_and_what_happened() {
        assert_eq!(
            report().to_string(),
            "passed  contract  one  (0.01 s)\nFAILED  robust    two  (0.01 s)\n        Two <works>.\n        expected: a & b\n        \
             happened: \"c\"\\u{1}\n        refused:  GET / was refused with 404\n        output:   bye\n\
             ./bootstrap: contract: 1 of 1 scenarios passed; robust: 0 of 1 scenarios passed"
        );
    }

    #[test]
    fn what_is_good_to_have_counts_only_where_it_is_asked_for() {
        assert!(report().passes(Class::Contract) && !report().passes(Class::Robust));
        let (lenient, strict) =
            (report().to_junit(Class::Contract), report().to_junit(Class::Robust));
        assert!(
            lenient.contains("failures=\"0\" errors=\"0\" skipped=\"1\"")
                && lenient.contains("<skipped message="),
            "{lenient}"
        );
        assert!(
            strict.contains("failures=\"1\" errors=\"0\" skipped=\"0\"")
                && strict.contains("<failure message="),
            "{strict}"
        );
    }

    #[test]
    fn junit_has_a_case_for_each_scenario() {
        assert_eq!(
            report().to_junit(Class::Robust),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n\
             <testsuite name=\"FunctionGraph Runtime API: ./bootstrap\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\"0.020\">\n  \
             <testcase name=\"one\" classname=\"contract\" time=\"0.010\"/>\n  \
             <testcase name=\"two\" classname=\"robust\" time=\"0.010\">\n    \
             <failure message=\"&quot;c&quot;\u{fffd}\">Two &lt;works&gt;.\nexpected: a &amp; b\nhappened: &quot;c&quot;\u{fffd}\n\
             refused:  GET / was refused with 404</failure>\n    \
             <system-out>bye</system-out>\n  </testcase>\n</testsuite>\n</testsuites>\n"
        );
    }

    #[test]
    fn markdown_has_the_verdicts_and_what_was_not_passed() {
        let mut report = report();
        report.results[1].output.push("````".into());
        let text = report.to_markdown(Class::Contract);
        assert!(
            text.starts_with("## FunctionGraph Runtime API: passed\n\n`./bootstrap`\n"),
            "{text}"
        );
        assert!(
            text.contains("| contract | 1 | 1 |\n| robust | 0 | 1 |\n\n### two (robust)\n\n`````text\nTwo <works>.\n"),
            "{text}"
        );
        assert!(
            report
                .to_markdown(Class::Robust)
                .starts_with("## FunctionGraph Runtime API: **not passed**\n")
        );
    }

    #[test]
    fn the_json_has_the_same() {
        let json: Value = serde_json::from_str(&report().to_json()).expect("JSON");
        assert_eq!((&json["passed"], &json["failed"]), (&json!(1), &json!(1)));
        assert_eq!(
            (&json["contract"]["failed"], &json["robust"]["failed"]),
            (&json!(0), &json!(1))
        );
        assert_eq!(json["scenarios"][1]["happened"], "\"c\"\u{1}");
        assert_eq!(json["scenarios"][0]["expected"], Value::Null);
    }
}
