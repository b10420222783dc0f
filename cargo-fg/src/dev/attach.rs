//! `cargo fg dev --attach`: serves a function whose process the user starts, for example in a
//! debugger.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use crate::dev::serving::Serving;
use crate::dev::{DevArguments, wait_for_signal};
use crate::failure::Failure;
use crate::project::{Function, ProgramKind, Project};
use crate::screen::Screen;
use crate::settings::Settings;

/// An environment variable; a private value must not be written to a file.
struct Variable {
    name: String,
    value: String,
    is_private: bool,
}

pub(super) fn run(
    arguments: &DevArguments,
    serving: &Serving,
    function: &Function,
    project: &Project,
    screen: Screen,
) -> Result<ExitCode, Failure> {
    let settings = Settings::resolve(&arguments.settings, function)?;
    let address = match arguments.runtime_api {
        Some(address) => Some(address),
        None => next_port(arguments.listen, screen),
    };
    let attached = serving.attach(function, &settings, address);
    let emulator = attached.map_err(|failure| match arguments.runtime_api {
        Some(_) => failure.advise("choose another port with --runtime-api"),
        None => failure,
    })?;
    let variables = emulator.variables();
    if arguments.launch_json {
        let of = |(name, value): &(String, String)| Variable {
            name: name.clone(),
            value: value.clone(),
            is_private: settings.is_private(name),
        };
        let variables: Vec<_> = variables.iter().map(of).collect();
        let (launch, inherited) = launch_json(function, project, arguments, &variables);
        println!("{launch:#}");
        if !inherited.is_empty() {
            screen.note(format_args!(
                "set these in the environment of the debugger; their values are not written to the file: {}",
                inherited.join(", ")
            ));
        }
    } else {
        screen.note("start the program with the variables on standard output, which are commands for a shell");
        for (name, value) in &variables {
            println!("export {name}='{}'", value.replace('\'', r"'\''"));
        }
    }
    let api = variables.first().map_or("", |(_, address)| address);
    screen.step("Waiting", format_args!("for a process that polls {api}"));
    match emulator.wait_until_ready() {
        Ok(()) => screen.step("Attached", &function.label),
        // The signal handler is about to exit this process.
        Err(_) if serving.is_stopped() => {}
        Err(error) => return Err(Failure::machine("no process has connected", &error)),
    }
    wait_for_signal()
}

/// The port after that of `--listen`, if it is free: a stable default, so that the configuration of
/// a debugger stays valid.
fn next_port(listen: SocketAddr, screen: Screen) -> Option<SocketAddr> {
    if listen.port() == 0 {
        return None;
    }
    let next = SocketAddr::from(([127, 0, 0, 1], listen.port().checked_add(1)?));
    match TcpListener::bind(next) {
        Ok(_) => Some(next),
        Err(_) => {
            screen.note(format_args!(
                "port {} is in use, so a random one is used; choose a fixed one with --runtime-api",
                next.port()
            ));
            None
        }
    }
}

/// The `launch.json` that starts the program under `CodeLLDB`, and the names of the variables that
/// Visual Studio Code must have in its own environment.
fn launch_json<'v>(
    function: &Function,
    project: &Project,
    arguments: &DevArguments,
    variables: &'v [Variable],
) -> (Value, Vec<&'v str>) {
    let mut build =
        vec!["build".to_owned(), format!("--{}={}", function.kind.name(), function.name)];
    build.push(format!("--package={}", function.package));
    if arguments.release {
        build.push("--release".into());
    }
    let features: Vec<_> =
        arguments.features.iter().chain(&function.required_features).cloned().collect();
    if !features.is_empty() {
        build.push(format!("--features={}", features.join(",")));
    }
    let private: Vec<_> = variables.iter().filter(|variable| variable.is_private).collect();
    let environment: Map<_, _> = variables
        .iter()
        .map(|Variable { name, value, is_private }| {
            let value = match name.as_str() {
                _ if *is_private => inherit(name),
                "RUNTIME_USERDATA" => inherit_private(value, &private),
                _ => value.clone(),
            };
            (name.clone(), Value::from(value))
        })
        .collect();
    let kind = match function.kind {
        ProgramKind::Bin => "bin",
        ProgramKind::Example => "example",
    };
    let launch = json!({
        "version": "0.2.0",
        "configurations": [{
            "type": "lldb",
            "request": "launch",
            "name": format!("{} under cargo fg dev --attach", function.label),
            "cargo": {
                "cwd": project.workspace_root,
                "args": build,
                "filter": {"name": function.name, "kind": kind},
            },
            "cwd": function.directory,
            "env": environment,
        }],
    });
    (launch, private.iter().map(|variable| variable.name.as_str()).collect())
}

/// A placeholder that Visual Studio Code replaces by its own environment variable.
fn inherit(name: &str) -> String {
    format!("${{env:{name}}}")
}

/// Replaces private values in `RUNTIME_USERDATA`, a JSON object with all user variables.
fn inherit_private(user_data: &str, private: &[&Variable]) -> String {
    let Ok(Value::Object(mut object)) = serde_json::from_str(user_data) else {
        return user_data.to_owned();
    };
    for variable in private {
        if let Some(value) = object.get_mut(&variable.name) {
            *value = inherit(&variable.name).into();
        }
    }
    Value::from(object).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_value_is_inherited_from_the_environment_of_the_debugger() {
        let private = Variable { name: "DB".into(), value: "hunter2".into(), is_private: true };
        let data = inherit_private(r#"{"A":"1","DB":"hunter2"}"#, &[&private]);
        assert_eq!(data, r#"{"A":"1","DB":"${env:DB}"}"#);
        assert_eq!(inherit_private("null", &[&private]), "null");
    }
}
