//! The command that starts the program of a function.

use std::path::Path;
use std::process::Command;

use super::environment;
use crate::settings::{Program, Settings};

/// The program with its arguments, its directory and its environment.
pub(crate) fn command(settings: &Settings, api_address: &str) -> Command {
    let (path, arguments) = match &settings.program {
        Program::Started { path, arguments } => (path.as_path(), arguments.as_slice()),
        Program::Attached => (Path::new(""), &[][..]),
    };
    // The process runs in another directory, where a relative path would mean another file.
    let absolute = if path.exists() { std::path::absolute(path).ok() } else { None };
    let mut command = Command::new(absolute.as_deref().unwrap_or(path));
    command.args(arguments).current_dir(settings.code_root());
    command.env_clear().envs(environment::variables(settings, api_address));
    command
}
