//! `cargo fg`: creates, runs, packages and deploys FunctionGraph functions.

mod arguments;
mod cloud;
mod compile;
mod conformance;
mod dependencies;
mod deploy;
mod desired;
mod dev;
#[cfg(test)]
mod documentation;
mod export;
mod failure;
mod interrupt;
mod invoke;
mod metadata;
mod names;
mod new;
mod package;
mod printable;
mod project;
mod remote;
mod screen;
mod settings;
mod text_encoding;
mod trigger;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::arguments::{Arguments, Command};
use crate::failure::Failure;
use crate::screen::Screen;

fn main() -> ExitCode {
    // cargo passes the name of the subcommand as the first argument.
    let is_subcommand = std::env::args_os().nth(1).is_some_and(|first| first == "fg");
    let mut words: Vec<_> = std::env::args_os().collect();
    if is_subcommand {
        words.remove(1);
    }
    let arguments = Arguments::parse_from(words);
    let screen = Screen::new(arguments.quiet);
    match run(&arguments.command, screen) {
        Ok(code) => code,
        Err(failure) => {
            screen::error(&failure);
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn run(command: &Command, screen: Screen) -> Result<ExitCode, Failure> {
    match command {
        Command::New(arguments) => new::run(arguments, screen),
        Command::Invoke(arguments) => invoke::run(arguments, screen),
        Command::Dev(arguments) => dev::run(arguments, screen),
        Command::Package(arguments) => package::run(arguments, screen),
        Command::Deploy(arguments) => deploy::run(arguments, screen),
        Command::Status(arguments) => remote::status::run(arguments, screen),
        Command::Versions(arguments) => remote::versions::run(arguments, screen),
        Command::Rollback(arguments) => remote::rollback::run(arguments, screen),
        Command::Logs(arguments) => remote::logs::run(arguments, screen),
        Command::Delete(arguments) => remote::delete::run(arguments, screen),
        Command::Whoami(arguments) => remote::whoami::run(arguments, screen),
        Command::Export(arguments) => export::run(arguments, screen),
        Command::Run(_) => Err(not_here(
            "run",
            "`cargo fg invoke` runs the function once, and `cargo fg dev` serves it",
        )),
        Command::Init(_) => Err(not_here(
            "init",
            "`cargo fg new NAME` creates a project in a directory of that name",
        )),
        Command::Conformance(arguments) => conformance::run(arguments),
        Command::Completions(arguments) => {
            clap_complete::generate(
                arguments.shell,
                &mut Arguments::command(),
                "cargo-fg",
                &mut std::io::stdout(),
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The error for a command that other tools have.
fn not_here(name: &str, advice: &str) -> Failure {
    Failure::usage(format!("there is no `cargo fg {name}`")).advise(advice)
}
