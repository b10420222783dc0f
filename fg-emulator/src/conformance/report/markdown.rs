//! A report as Markdown, for people.

use super::super::scenario::Class;
use super::{Report, ScenarioResult};
use crate::printable::{Form, printable};

impl Report {
    /// A table of the verdicts, and the scenarios that failed.
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
    fn to_markdown(&self) -> String {
        let mut lines = self.lines();
        lines.extend(self.output.iter().map(|line| format!("output:   {line}")));
        // The fence is longer than any sequence of backticks in the lines.
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
}
