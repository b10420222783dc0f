//! Renders the results as tables.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use crate::budgets::budget;
use crate::suite::{JUDGED, JUDGED_PIPELINED, PIPELINED_FLOOR};

/// The lines that enclose the generated part of a file; the rest is written by hand.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) begin: &'static str,
    pub(crate) end: &'static str,
}

/// The lines around the tables of the custom runtime.
pub(crate) const RUNTIME: Place = Place {
    begin: "<!-- measured: written by the benchmark, not by hand -->",
    end: "<!-- end of what was measured -->",
};

/// The tolerance of a budget: even exact counts differ by one per cent between runs.
const SPREAD: f64 = 0.01;

/// The format of a number.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Count,
    Fraction,
    Megabytes,
    Seconds,
}

/// The rows of the first table: the key of the results and of the budget, the title, the format.
const ROWS: [(&str, &str, Unit); 16] = [
    ("instructions", "instructions, user space, per invocation", Unit::Count),
    ("system_calls", "system calls per invocation", Unit::Fraction),
    ("allocations", "heap allocations per invocation", Unit::Fraction),
    ("allocated_bytes", "bytes allocated per invocation", Unit::Count),
    ("time_ratio", "time per invocation, median, to the floor's", Unit::Fraction),
    ("time_p99_ratio", "time per invocation, 99th percentile, to the floor's", Unit::Fraction),
    ("cpu_ratio", "CPU time per invocation, to the floor's", Unit::Fraction),
    ("connections", "TCP connections for LONG_RUN invocations", Unit::Count),
    ("instructions_to_first_poll", "instructions from exec to the first poll", Unit::Count),
    ("first_poll_ratio", "time from exec to the first poll, to the floor's", Unit::Fraction),
    ("peak_memory", "peak resident memory of LONG_RUN invocations, MB", Unit::Megabytes),
    ("memory", "resident memory after them, MB", Unit::Megabytes),
    ("hello_bytes", "stripped binary, MB", Unit::Megabytes),
    ("crates", "distinct crates", Unit::Count),
    ("build_debug", "cold build, debug, CPU seconds", Unit::Seconds),
    ("build_release", "cold build, release, CPU seconds", Unit::Seconds),
];

/// The tables, the machine, the command and the date.
pub(crate) fn markdown(results: &Value) -> String {
    let mut text = String::new();
    begin(&mut text, RUNTIME, results);
    smallest(&mut text, results);
    listing(
        &mut text,
        &results["features"],
        "With features that are not used",
        &[
            ("program", "program", Unit::Count),
            ("instructions_to_first_poll", "instructions from exec to the first poll", Unit::Count),
            ("instructions", "instructions per invocation", Unit::Count),
            ("hello_bytes", "stripped binary, MB", Unit::Megabytes),
            ("crates", "distinct crates", Unit::Count),
            ("build_release", "cold build, release, CPU seconds", Unit::Seconds),
        ],
    );
    listing(
        &mut text,
        &results["payloads"],
        "Larger events",
        &[
            ("size", "payload, bytes", Unit::Count),
            ("program", "program", Unit::Count),
            ("event", "event", Unit::Count),
            ("instructions", "instructions", Unit::Count),
            ("system_calls", "system calls", Unit::Fraction),
            ("allocations", "allocations", Unit::Fraction),
            ("allocated_bytes", "bytes allocated", Unit::Count),
            ("time_ratio", "time, to the floor's", Unit::Fraction),
            ("peak_memory_above_tiny", "peak memory above that with 17 bytes, MB", Unit::Megabytes),
        ],
    );
    listing(
        &mut text,
        &results["logs"],
        "Log lines",
        &[
            ("log_lines", "lines", Unit::Count),
            ("program", "program", Unit::Count),
            ("instructions", "instructions", Unit::Count),
            ("system_calls", "system calls", Unit::Fraction),
            ("allocations", "allocations", Unit::Fraction),
            ("time_ratio", "time, to the floor's", Unit::Fraction),
        ],
    );
    for (program, reason) in results["skipped"].as_object().into_iter().flatten() {
        let _ = writeln!(
            text,
            "Not measured: {program}, because {}.\n",
            reason.as_str().unwrap_or_default()
        );
    }
    end(&mut text, RUNTIME, results);
    text
}

/// The part before the tables: the date, the machine, the command.
pub(crate) fn begin(text: &mut String, place: Place, results: &Value) {
    let word = |key: &str| results[key].as_str().unwrap_or_default();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{}\n\n{} on {}:\n\n```sh\n{}\n```\n",
        place.begin,
        word("date"),
        word("machine"),
        word("command")
    );
}

/// The part after the tables: the measurements that failed.
pub(crate) fn end(text: &mut String, place: Place, results: &Value) {
    for error in results["errors"].as_array().into_iter().flatten() {
        let _ = writeln!(text, "Error: {}.\n", error.as_str().unwrap_or_default());
    }
    let _ = writeln!(text, "{}", place.end);
}

/// The table of the smallest function: a column for each program, and the budgets of fg.
fn smallest(text: &mut String, results: &Value) {
    let programs: Vec<&str> =
        results["programs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let _ = writeln!(
        text,
        "### An event of 17 bytes\n\n| | {} | {JUDGED}, must reach | {JUDGED_PIPELINED}, must reach |",
        programs.join(" | ")
    );
    let _ = writeln!(text, "| --- |{}", " --: |".repeat(programs.len() + 2));
    let long_run = number(&results["long_run"], Unit::Count);
    for (key, title, unit) in ROWS {
        let row = &results["hello"][key];
        if row.is_null() {
            continue;
        }
        let cells: Vec<String> =
            programs.iter().map(|program| number(&row[program], unit)).collect();
        // The pipelined time is held to the floor's, which is pipelined as well.
        let floor = if key == "time_ratio" { row[PIPELINED_FLOOR].as_f64() } else { None };
        let goal = |budget_key: &str, program: &str, of: f64| {
            budget(budget_key).map_or_else(String::new, |budget| {
                let reached = row[program]
                    .as_f64()
                    .is_some_and(|value| value / of <= budget * (1.0 + SPREAD));
                format!(
                    "{} {}",
                    number(&budget.into(), unit),
                    if reached { "(yes)" } else { "(**no**)" }
                )
            })
        };
        let goals = [
            goal(key, JUDGED, 1.0),
            goal(&format!("pipeline_{key}"), JUDGED_PIPELINED, floor.unwrap_or(1.0)),
        ];
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            title.replace("LONG_RUN", &long_run),
            cells.join(" | "),
            goals.join(" | ")
        );
    }
    text.push('\n');
}

/// A table with a line for each of the results.
pub(crate) fn listing(
    text: &mut String,
    rows: &Value,
    title: &str,
    columns: &[(&str, &str, Unit)],
) {
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    if rows.is_empty() {
        return;
    }
    let titles: Vec<&str> = columns.iter().map(|(_, title, _)| *title).collect();
    let _ = writeln!(
        text,
        "### {title}\n\n| {} |\n|{}",
        titles.join(" | "),
        " --: |".repeat(columns.len())
    );
    for row in rows {
        let cells: Vec<String> =
            columns.iter().map(|(key, _, unit)| number(&row[key], *unit)).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text.push('\n');
}

pub(crate) fn number(value: &Value, unit: Unit) -> String {
    let Some(number) = value.as_f64() else { return value.as_str().unwrap_or_default().to_owned() };
    match unit {
        Unit::Count => grouped(number.round()),
        Unit::Fraction => format!("{number:.2}"),
        Unit::Megabytes => format!("{:.2}", number / 1e6),
        Unit::Seconds => format!("{number:.1}"),
    }
}

/// Formats a number with thousands separators.
fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::from(if number < 0.0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Replaces the tables in a file.
pub(crate) fn write(file: &Path, place: Place, markdown: &str) -> io::Result<()> {
    let present = fs::read_to_string(file).unwrap_or_default();
    let text = match (present.find(place.begin), present.find(place.end)) {
        (Some(begin), Some(end)) if begin < end => {
            let rest = present[end + place.end.len()..].trim_start_matches('\n');
            let gap = if rest.is_empty() { "" } else { "\n" };
            format!("{}{markdown}{gap}{rest}", &present[..begin])
        }
        _ => markdown.to_owned(),
    };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_measured_is_written_anew() -> io::Result<()> {
        let Place { begin, end } = RUNTIME;
        let file = std::env::temp_dir().join(format!("bench-report-{}.md", std::process::id()));
        fs::write(&file, format!("# By hand\n\n{begin}\nold\n{end}\n\nAlso by hand\n"))?;
        write(&file, RUNTIME, &format!("{begin}\nnew\n{end}\n"))?;
        let text = fs::read_to_string(&file)?;
        fs::remove_file(&file)?;
        assert_eq!(text, format!("# By hand\n\n{begin}\nnew\n{end}\n\nAlso by hand\n"));
        Ok(())
    }

    #[test]
    fn counts_are_grouped_by_three_digits() {
        assert_eq!(
            [0.0, 999.0, 1000.0, 1_234_567.0, -12_345.0].map(grouped),
            ["0", "999", "1,000", "1,234,567", "-12,345"]
        );
    }

    #[test]
    fn every_budget_that_is_reported_is_there() {
        for name in [
            "instructions",
            "system_calls",
            "allocations",
            "time_ratio",
            "connections",
            "hello_bytes",
            "crates",
            "pipeline_instructions",
            "pipeline_system_calls",
            "pipeline_time_ratio",
        ] {
            assert!(budget(name).is_some(), "{name}");
        }
    }
}
