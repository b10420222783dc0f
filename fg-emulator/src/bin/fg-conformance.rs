//! `fg-conformance`: runs a `bootstrap` in any language through the scenarios of the Runtime API,
//! and reports the results.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs};

use fg_emulator::conformance::{Class, Format, Kit, Scenario};

const USAGE: &str = "\
usage: fg-conformance [OPTIONS] -- BOOTSTRAP [ARGUMENTS]
       fg-conformance --list [--contract] [--scenarios DIR]

Starts BOOTSTRAP as the platform's custom runtime does, once for each scenario, hands it events, and checks what it answers. Scenarios of the
class `contract` test what a document asks for, which they name; those of the class `robust` test what is good to have.

  --contract         only scenarios of the class `contract`
  --robust           scenarios of the class `robust` count for the exit code, too
  --only NAME        only this scenario; can be given more than once
  --scenarios DIR    the *.json in this directory instead of the built-in scenarios
  --event TEXT       the event, which BOOTSTRAP has to answer with a response; {\"name\":\"Ada\"} by default
  --echo             compare the answer with the event: BOOTSTRAP answers with the bytes of the event
  --deadline SECONDS how long BOOTSTRAP may take to poll and to answer; 10 by default
  --report FORMAT=FILE writes a report; FORMAT is junit, markdown or json; can be given more than once
  --list             lists the scenarios

Exit code: 0 if all scenarios of the contract pass (with --robust: all scenarios), 1 if one fails, 2 if they could not be run.";

fn main() -> ExitCode {
    match Command::parse(env::args_os().skip(1)).and_then(Command::execute) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(reason) => {
            eprintln!("fg-conformance: {reason}");
            ExitCode::from(2)
        }
    }
}

#[derive(Default)]
struct Command {
    lists: bool,
    helps: bool,
    only_contract: bool,
    asks_for_robust: bool,
    compares_echo: bool,
    only: Vec<String>,
    scenarios: Option<PathBuf>,
    event: Option<String>,
    deadline: Option<Duration>,
    reports: Vec<(Format, PathBuf)>,
    bootstrap: Vec<OsString>,
}

impl Command {
    fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut command = Self::default();
        while let Some(argument) = arguments.next() {
            let name = argument.to_string_lossy().into_owned();
            let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--list" => command.lists = true,
                "--help" | "-h" => command.helps = true,
                "--contract" => command.only_contract = true,
                "--robust" => command.asks_for_robust = true,
                "--echo" => command.compares_echo = true,
                "--only" => command.only.push(value()?.to_string_lossy().into_owned()),
                "--scenarios" => command.scenarios = Some(value()?.into()),
                "--event" => command.event = Some(value()?.to_string_lossy().into_owned()),
                "--deadline" => {
                    let seconds = value()?
                        .to_str()
                        .and_then(|text| text.parse().ok())
                        .filter(|seconds| *seconds > 0);
                    command.deadline = Some(Duration::from_secs(
                        seconds.ok_or("--deadline is a number of seconds above 0")?,
                    ));
                }
                "--report" => command.reports.push(report(&value()?)?),
                "--" => command.bootstrap = arguments.by_ref().collect(),
                _ => return Err(format!("there is no option {name}\n\n{USAGE}")),
            }
        }
        Ok(command)
    }

    /// Returns whether all scenarios pass that are asked for.
    fn execute(self) -> Result<bool, String> {
        if self.helps {
            println!("{USAGE}");
            return Ok(true);
        }
        let scenarios = self.chosen()?;
        if self.lists {
            for Scenario { name, says, class, .. } in &scenarios {
                println!("{:8}  {name}: {says}", class.name());
            }
            return Ok(true);
        }
        let Some((program, arguments)) = self.bootstrap.split_first() else {
            return Err(format!("which program is to be tested?\n\n{USAGE}"));
        };
        let mut kit = arguments.iter().fold(Kit::new(program), Kit::arg);
        if let Some(event) = &self.event {
            kit = kit.event(event);
        }
        if let Some(deadline) = self.deadline {
            kit = kit.deadline(deadline);
        }
        if self.compares_echo {
            kit = kit.compares_echo();
        }
        let report = kit.run_with_progress(&scenarios, |result| println!("{result}"));
        println!("{}", report.summary());
        let asked_for = if self.asks_for_robust { Class::Robust } else { Class::Contract };
        for (format, file) in &self.reports {
            fs::write(file, report.render(*format, asked_for))
                .map_err(|error| format!("{}: {error}", file.display()))?;
        }
        Ok(report.passes(asked_for))
    }

    fn chosen(&self) -> Result<Vec<Scenario>, String> {
        let mut scenarios = match &self.scenarios {
            Some(directory) => Scenario::from_directory(directory)?,
            None => Scenario::built_in(),
        };
        if let Some(unknown) =
            self.only.iter().find(|name| scenarios.iter().all(|scenario| scenario.name != **name))
        {
            return Err(format!("there is no scenario {unknown}; --list shows them"));
        }
        scenarios.retain(|scenario| self.only.is_empty() || self.only.contains(&scenario.name));
        scenarios.retain(|scenario| !self.only_contract || scenario.class == Class::Contract);
        Ok(scenarios)
    }
}

/// Parses `junit=report.xml`.
fn report(text: &OsStr) -> Result<(Format, PathBuf), String> {
    let parts = text.to_str().and_then(|text| text.split_once('='));
    let (form, file) = parts.ok_or("--report is written FORMAT=FILE")?;
    let format = Format::from_name(form).ok_or_else(|| {
        format!("unknown format {form}; the formats are junit, markdown and json")
    })?;
    Ok((format, file.into()))
}
