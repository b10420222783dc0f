//! `cargo fg conformance`: drives any program through the scenarios of the Runtime API.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use fg_emulator::conformance::{Class, Format, Kit, Scenario};

use crate::failure::{Exit, Failure};

/// Tests a program, in whatever language, as a custom runtime: the scenarios of the Runtime API,
/// with faults
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg conformance -- target/debug/greet
  cargo fg conformance --report junit=report.xml -- python3 bootstrap.py
  cargo fg conformance --list

The program is started once for each scenario, with the environment of the platform; it has to
answer each event with a POST to /response/. Scenarios of the class `contract` test what a document
asks for, which is named, and decide about the exit code; those of the class `robust` test what is
good to have. docs/conformance.md has more.")]
pub(crate) struct ConformanceArguments {
    /// Only what a document asks for
    #[arg(long)]
    contract: bool,
    /// What is good to have counts for the exit code, too
    #[arg(long, conflicts_with = "contract")]
    robust: bool,
    /// Only this scenario; can be given more than once
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// The *.json in this directory instead of the scenarios that come with the kit
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// An event that the program answers with a response [default: {"name":"Ada"}]
    #[arg(long, value_name = "JSON")]
    event: Option<String>,
    /// The program answers with the bytes of the event: compare them
    #[arg(long)]
    echo: bool,
    /// How long the program may take to poll and to answer
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    deadline: u64,
    /// Writes a report; FORM is junit, markdown or json. Can be given more than once
    #[arg(long, value_name = "FORM=FILE", value_parser = parse_report)]
    report: Vec<(Format, PathBuf)>,
    /// Lists the scenarios, and runs none
    #[arg(long)]
    list: bool,
    /// The program and its arguments
    #[arg(last = true, value_name = "BOOTSTRAP", required_unless_present = "list")]
    bootstrap: Vec<OsString>,
}

fn parse_report(text: &str) -> Result<(Format, PathBuf), String> {
    let (form, file) =
        text.split_once('=').ok_or("it is written FORM=FILE, such as junit=report.xml")?;
    let format = Format::from_name(form)
        .ok_or_else(|| format!("there is no report {form}; there are junit, markdown and json"))?;
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
        return Err(Failure::usage("which program is to be tested?")
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
    let asked_for = if arguments.robust { Class::Robust } else { Class::Contract };
    for (format, file) in &arguments.report {
        let written = fs::write(file, report.render(*format, asked_for));
        written.map_err(|error| {
            Failure::machine(format!("{} could not be written", file.display()), &error)
        })?;
    }
    Ok(if report.passes(asked_for) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(Exit::Failed as u8)
    })
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
            .advise("`cargo fg conformance --list` shows them"));
    }
    scenarios
        .retain(|scenario| arguments.only.is_empty() || arguments.only.contains(&scenario.name));
    scenarios.retain(|scenario| !arguments.contract || scenario.class == Class::Contract);
    Ok(scenarios)
}
