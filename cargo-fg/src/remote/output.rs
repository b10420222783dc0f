//! The results of commands, as text in columns or as JSON.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use serde_json::Value;

use crate::printable::{Form, printable};

/// The format of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Prints a result; escaped on a terminal.
///
/// Returns whether there is still a reader: that of a pipe, such as `head`, may be gone.
pub(crate) fn print(text: &str, form: Form) -> bool {
    let mut out = io::stdout();
    let text = if out.is_terminal() { printable(text, form) } else { text.into() };
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// Prints a result as JSON, or as the text that the function makes.
pub(crate) fn print_as(format: OutputFormat, json: &Value, text: impl FnOnce() -> String) {
    match format {
        OutputFormat::Text => print(&text(), Form::Text),
        OutputFormat::Json => print(&format!("{json:#}\n"), Form::Json),
    };
}

/// Rows in columns, two spaces apart. What a cell says stays on its line.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(one_line)).collect();
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            // A column without any text takes no room.
            if width > 0 {
                line.push_str(&format!("{cell:width$}  "));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// What the platform says, on one line and without control characters.
pub(crate) fn one_line(text: impl AsRef<str>) -> String {
    let spaced: String = text
        .as_ref()
        .trim()
        .chars()
        .map(|letter| if matches!(letter, '\n' | '\r' | '\t') { ' ' } else { letter })
        .collect();
    printable(&spaced, Form::Text).into_owned()
}

/// A size in bytes, for people.
#[allow(clippy::cast_precision_loss, reason = "precise enough for display")]
pub(crate) fn size(bytes: i64) -> String {
    match bytes {
        ..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_in_their_columns_whatever_they_contain() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned);
        let rows = [row(["NAME", "", "TEXT"]), row(["a\nb\u{1b}[2J", "", "函数"])];
        assert_eq!(columns(&rows), "NAME          TEXT\na b\\u{1b}[2J  函数\n");
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!([1023, 1536, 5 << 20].map(size), ["1023 B", "1.5 KB", "5.0 MB"]);
    }
}
