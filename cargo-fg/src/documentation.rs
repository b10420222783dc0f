//! Generates `docs/cargo-fg.md` from the `--help` of all commands, and tests that it is up to date.

mod commands;
mod manifests;
mod markdown;
mod translation;

use std::fmt::Write;
use std::path::Path;

use clap::CommandFactory;

use crate::arguments::Arguments;

/// The variable that makes the test overwrite the file.
const UPDATE: &str = "FG_UPDATE_DOCS";

fn document() -> String {
    let mut command = Arguments::command().term_width(100);
    command.build();
    let mut text =
        "# cargo fg\n\nThe output of `cargo fg --help`, and of the `--help` of each command.\n\n"
            .to_owned();
    section(&mut text, &mut command);
    subcommands(&mut text, "cargo fg", &mut command);
    text
}

fn subcommands(text: &mut String, path: &str, command: &mut clap::Command) {
    for command in command.get_subcommands_mut().filter(|command| !command.is_hide_set()) {
        let path = format!("{path} {}", command.get_name());
        // Writing to memory cannot fail.
        let _ = write!(text, "\n## {path}\n\n");
        section(text, command);
        subcommands(text, &path, command);
    }
}

fn section(text: &mut String, command: &mut clap::Command) {
    let help = command.clone().term_width(100).render_long_help().to_string();
    text.push_str("```text\n");
    for line in help.trim_end().lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str("```\n");
}

#[test]
fn the_page_about_the_command_line_is_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cargo-fg.md");
    let expected = document();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&page, &expected).expect("it is written");
    }
    let found = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        found == expected,
        "docs/cargo-fg.md is not up to date: {UPDATE}=1 cargo test -p cargo-fg --bins"
    );
}
