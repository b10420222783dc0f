//! What a program did with the scenarios: for people, for `JUnit`'s readers, and as JSON.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

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
    /// The scenario's sentence.
    pub says: String,
    /// The scenario's class.
    pub class: Class,
    /// The document that asks for it, where one does.
    pub source: Option<String>,
    /// How long it took.
    pub time: Duration,
    /// Nothing where it was passed.
    pub mismatch: Option<Mismatch>,
    /// The requests of the program that the Runtime API refused, and why, where it was not passed.
    pub refused: Vec<String>,
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

/// The form of a report in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// The XML of `JUnit`, which continuous integration reads.
    Junit,
    /// For people, such as in `$GITHUB_STEP_SUMMARY`.
    Markdown,
    /// For programs.
    Json,
}

impl Format {
    /// By its name: `junit`, `markdown`, `json`.
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
        Self {
            expected: format!("after all that, one more plain event: {}", self.expected),
            ..self
        }
    }
}

impl Report {
    /// Whether every scenario that is asked for was passed: with [`Contract`](Class::Contract)
    /// those of the contract, with [`Robust`](Class::Robust) all of them.
    #[must_use]
    pub fn passes(&self, asked_for: Class) -> bool {
        self.results
            .iter()
            .all(|result| result.mismatch.is_none() || !result.is_asked_for(asked_for))
    }

    /// How many scenarios of a class were passed, and how many there were.
    #[must_use]
    pub fn passed(&self, class: Class) -> (usize, usize) {
        let of_class: Vec<_> = self.results.iter().filter(|result| result.class == class).collect();
        (of_class.iter().filter(|result| result.mismatch.is_none()).count(), of_class.len())
    }

    /// In this form. What is not [asked for](Self::passes) is no failure there.
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

    /// The verdict of each class, in one line.
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

    /// `bootstrap`, `passed`, `failed`, and `contract` and `robust`, each with the same two; and
    /// `scenarios`, each with `name`, `class`, `source`, `says`, `seconds`, `passed`, and where it
    /// was not: `expected`, `happened`, `refused`, `output`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let failed = self.failures();
        let scenarios: Vec<Value> = self.results.iter().map(ScenarioResult::to_json).collect();
        let of = |class| {
            let (passed, all) = self.passed(class);
            json!({"passed": passed, "failed": all - passed})
        };
        let report = json!({
            "bootstrap": self.program,
            "passed": self.results.len() - failed,
            "failed": failed,
            "contract": of(Class::Contract),
            "robust": of(Class::Robust),
            "scenarios": scenarios,
        });
        format!("{report:#}\n")
    }

    /// The XML that continuous integration reads: a case for each scenario. One that was not
    /// passed, and was not [asked for](Self::passes), is skipped there.
    // By hand: one element with three children, whose only difficulty is `escaped`. A crate for it
    // brings an XML library and a calendar.
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
            escaped(&self.program)
        )
    }

    /// A table of verdicts, and what was not passed.
    #[must_use]
    pub fn to_markdown(&self, asked_for: Class) -> String {
        let verdict = if self.passes(asked_for) { "passed" } else { "**not passed**" };
        let mut text = format!(
            "## FunctionGraph Runtime API: {verdict}\n\n`{}`\n\n| class | passed | of |\n| --- | --: | --: |\n",
            self.program.replace('`', "'")
        );
        for class in [Class::Contract, Class::Robust] {
            let (passed, all) = self.passed(class);
            if all > 0 {
                text += &format!("| {} | {passed} | {all} |\n", class.name());
            }
        }
        for result in self.results.iter().filter(|result| result.mismatch.is_some()) {
            text += &result.to_markdown();
        }
        text
    }
}

impl ScenarioResult {
    fn is_asked_for(&self, asked_for: Class) -> bool {
        asked_for == Class::Robust || self.class == Class::Contract
    }

    fn to_json(&self) -> Value {
        let mut json = json!({
            "name": self.name,
            "class": self.class.name(),
            "source": self.source,
            "says": self.says,
            "seconds": (self.time.as_secs_f64() * 1000.0).round() / 1000.0,
            "passed": self.mismatch.is_none(),
        });
        if let Some(mismatch) = &self.mismatch {
            json["expected"] = mismatch.expected.as_str().into();
            json["happened"] = mismatch.happened.as_str().into();
            json["refused"] = self.refused.clone().into();
            json["output"] = self.output.clone().into();
        }
        json
    }

    fn to_junit(&self, asked_for: Class) -> String {
        let Self { name, class, time, .. } = self;
        let head = format!(
            "  <testcase name=\"{}\" classname=\"{}\" time=\"{:.3}\"",
            escaped(name),
            class.name(),
            time.as_secs_f64()
        );
        let Some(Mismatch { happened, .. }) = &self.mismatch else { return format!("{head}/>\n") };
        let element = if self.is_asked_for(asked_for) { "failure" } else { "skipped" };
        format!(
            "{head}>\n    <{element} message=\"{}\">{}</{element}>\n    <system-out>{}</system-out>\n  </testcase>\n",
            escaped(happened),
            escaped(&self.lines().join("\n")),
            escaped(&self.output.join("\n")),
        )
    }

    fn to_markdown(&self) -> String {
        let mut lines = self.lines();
        lines.extend(self.output.iter().map(|line| format!("output:   {line}")));
        // A fence that is longer than any in the text.
        let longest = lines
            .iter()
            .flat_map(|line| line.split(|character| character != '`'))
            .map(str::len)
            .max()
            .unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let lines = printable(&lines.join("\n"), Form::Text).into_owned();
        format!("\n### {} ({})\n\n{fence}text\n{lines}\n{fence}\n", self.name, self.class.name())
    }

    /// What was not passed, apart from the program's own output.
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
