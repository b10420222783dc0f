//! The benchmark: builds the programs, sends them events, and reports the cost of an invocation.
//!
//! `cargo run --release --manifest-path bench/Cargo.toml -p driver -- [servers] [--quick] [--json
//! FILE] [--markdown FILE]`
//!
//! With `servers` it measures the server mode under load.
//!
//! docs/performance.md describes how each number is measured.

mod api;
mod budgets;
mod machine;
mod measure;
mod one_core;
mod process;
mod programs;
mod report;
mod request;
mod servers;
mod suite;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::measure::Meter;
use crate::programs::Folders;

struct Options {
    /// Whether to measure the server mode instead of the custom runtime.
    servers: bool,
    quick: bool,
    json: Option<PathBuf>,
    markdown: Option<PathBuf>,
}

fn options() -> Result<Options, String> {
    let mut options = Options { servers: false, quick: false, json: None, markdown: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut file =
            || arguments.next().map(PathBuf::from).ok_or(format!("{argument} needs a file"));
        match argument.as_str() {
            "servers" => options.servers = true,
            "--quick" => options.quick = true,
            "--json" => options.json = Some(file()?),
            "--markdown" => options.markdown = Some(file()?),
            _ => {
                return Err(format!(
                    "{argument}? There are `servers`, --quick, --json FILE and --markdown FILE"
                ));
            }
        }
    }
    Ok(options)
}

fn run() -> Result<(), String> {
    let options = options()?;
    let folders = Folders::find().map_err(|error| error.to_string())?;
    let meter = Meter { folders };
    let (results, markdown, place) = if options.servers {
        let results = servers::run(&meter, options.quick)?;
        let markdown = servers::markdown(&results);
        (results, markdown, servers::SERVERS)
    } else {
        let results = suite::run(&meter, options.quick);
        let markdown = report::markdown(&results);
        (results, markdown, report::RUNTIME)
    };
    print!("{markdown}");
    let write = |file: Option<PathBuf>, text: String| match file {
        Some(file) => report::write(&file, place, &text)
            .map_err(|error| format!("{}: {error}", file.display())),
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
