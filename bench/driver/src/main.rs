//! The benchmark: builds the programs, feeds them events, and reports what an invocation costs each of them.
//!
//! `cargo run --release --manifest-path bench/Cargo.toml -p driver -- [--quick] [--json FILE] [--markdown FILE]`
//!
//! docs/performance.md says how each number comes about.

mod api;
mod budgets;
mod machine;
mod measure;
mod one_core;
mod process;
mod programs;
mod report;
mod request;
mod suite;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::measure::Meter;
use crate::programs::Folders;

struct Options {
    quick: bool,
    json: Option<PathBuf>,
    markdown: Option<PathBuf>,
}

fn options() -> Result<Options, String> {
    let mut options = Options { quick: false, json: None, markdown: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut file = || arguments.next().map(PathBuf::from).ok_or(format!("{argument} needs a file"));
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--json" => options.json = Some(file()?),
            "--markdown" => options.markdown = Some(file()?),
            _ => return Err(format!("{argument}? The options are --quick, --json FILE, --markdown FILE")),
        }
    }
    Ok(options)
}

fn run() -> Result<(), String> {
    let options = options()?;
    let folders = Folders::find().map_err(|error| error.to_string())?;
    let results = suite::run(&Meter { folders }, options.quick);
    let markdown = report::markdown(&results);
    print!("{markdown}");
    let write = |file: Option<PathBuf>, text: String| match file {
        Some(file) => report::write(&file, &text).map_err(|error| format!("{}: {error}", file.display())),
        None => Ok(()),
    };
    write(options.markdown, markdown)?;
    write(options.json, format!("{results:#}\n"))
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
