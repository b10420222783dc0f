//! `cargo fg conformance`: runs any program against the scenarios of the Runtime API.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use fg_emulator::conformance::{Class, Format, Kit, Scenario};

use crate::failure::{Exit, Failure};

/// Tests a program in any language as a custom runtime: the scenarios of the Runtime API, with
/// faults
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg conformance -- target/debug/greet
  cargo fg conformance --report junit=report.xml -- python3 bootstrap.py
  cargo fg conformance --list

The program is started once for each scenario, in the environment of the platform; it has to
answer each event with a POST to /response/. Scenarios of the class `contract` test what a document
requires, name it, and determine the exit code; those of the class `robust` test what is
recommended. See docs/conformance.md.")]
pub(crate) struct ConformanceArguments {
    /// Runs only the scenarios of the class `contract`
    #[arg(long)]
    contract: bool,
    /// Lets the scenarios of the class `robust` determine the exit code, too
    #[arg(long, conflicts_with = "contract")]
    robust: bool,
    /// Runs only this scenario; can be repeated
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// A directory whose *.json replace the built-in scenarios
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// An event that the program handles successfully [default: {"name":"Ada"}]
    #[arg(long, value_name = "JSON")]
    event: Option<String>,
    /// Expects the program to respond with the bytes of the event
    #[arg(long)]
    echo: bool,
    /// How long the program may take to poll and to answer
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    deadline: u64,
    /// Writes a report in the format junit, markdown or json; can be repeated
    #[arg(long, value_name = "FORMAT=FILE", value_parser = parse_report)]
    report: Vec<(Format, PathBuf)>,
    /// Lists the scenarios without running them
    #[arg(long)]
    list: bool,
    /// The program and its arguments
    #[arg(last = true, value_name = "BOOTSTRAP", required_unless_present = "list")]
    bootstrap: Vec<OsString>,
}

fn parse_report(text: &str) -> Result<(Format, PathBuf), String> {
    let (name, file) =
        text.split_once('=').ok_or("it has to be FORMAT=FILE, such as junit=report.xml")?;
    let format = Format::from_name(name).ok_or_else(|| {
        format!("unknown format {name}; the formats are junit, markdown and json")
    })?;
    Ok((format, file.into()))
}

pub(crate) fn run(arguments: &ConformanceArguments) -> Result<ExitCode, Failure> {
    let scenarios = chosen(arguments)?;
    if arguments.list {
        for Scenario { name, says, class, .. } in &scenarios {
            println!("{:8}  {name}: {says}", class.name());
        }
        return Ok(ExitCode::SUCCESS);
    }
    let Some((program, rest)) = arguments.bootstrap.split_first() else {
        return Err(Failure::usage("no program to test is given")
            .advise("cargo fg conformance -- BOOTSTRAP"));
    };
    let mut kit = rest
        .iter()
        .fold(Kit::new(program), Kit::arg)
        .deadline(Duration::from_secs(arguments.deadline));
    if let Some(event) = &arguments.event {
        kit = kit.event(event);
    }
    if arguments.echo {
        kit = kit.compares_echo();
    }
    let report = kit.run_with_progress(&scenarios, |result| println!("{result}"));
    println!("{}", report.summary());
    let required = if arguments.robust { Class::Robust } else { Class::Contract };
    for (format, file) in &arguments.report {
        let written = fs::write(file, report.render(*format, required));
        written.map_err(|error| {
            Failure::machine(format!("{} could not be written", file.display()), &error)
        })?;
    }
    Ok(if report.passes(required) { ExitCode::SUCCESS } else { ExitCode::from(Exit::Failed as u8) })
}

fn chosen(arguments: &ConformanceArguments) -> Result<Vec<Scenario>, Failure> {
    let mut scenarios = match &arguments.scenarios {
        Some(directory) => Scenario::from_directory(directory).map_err(Failure::usage)?,
        None => Scenario::built_in(),
    };
    if let Some(unknown) =
        arguments.only.iter().find(|name| scenarios.iter().all(|scenario| scenario.name != **name))
    {
        return Err(Failure::usage(format!("there is no scenario `{unknown}`"))
            .advise("`cargo fg conformance --list` lists them"));
    }
    scenarios
        .retain(|scenario| arguments.only.is_empty() || arguments.only.contains(&scenario.name));
    scenarios.retain(|scenario| !arguments.contract || scenario.class == Class::Contract);
    Ok(scenarios)
}
