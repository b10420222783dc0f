//! `cargo fg dev --attach`: serves a function whose process is started elsewhere, in a debugger for
//! example.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use crate::dev::serving::Serving;
use crate::dev::{DevArguments, wait_for_signal};
use crate::failure::Failure;
use crate::project::{Function, ProgramKind, Project};
use crate::screen::Screen;
use crate::settings::Settings;

/// A variable, and whether its value is not to be written down.
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
        Some(_) => failure.advise("--runtime-api takes another port"),
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
        let (launch, from_outside) = launch_json(function, project, arguments, &variables);
        println!("{launch:#}");
        if !from_outside.is_empty() {
            screen.note(format_args!(
                "the debugger takes these from its own environment, so that no value is written down: {}",
                from_outside.join(", ")
            ));
        }
    } else {
        screen.note("start the program with these variables; they are on standard output, as a shell reads them");
        for (name, value) in &variables {
            println!("export {name}='{}'", value.replace('\'', r"'\''"));
        }
    }
    let api = variables.first().map_or("", |(_, address)| address);
    screen.step("Waiting", format_args!("for a process that asks {api} for events"));
    match emulator.wait_until_ready() {
        Ok(()) => screen.step("Attached", &function.label),
        // The signal ends this process, too.
        Err(_) if serving.is_stopped() => {}
        Err(error) => return Err(Failure::machine("no process came", &error)),
    }
    wait_for_signal()
}

/// The port behind the one that is listened at, so that what a debugger is given stays right the
/// next time.
fn next_port(listen: SocketAddr, screen: Screen) -> Option<SocketAddr> {
    if listen.port() == 0 {
        return None;
    }
    let next = SocketAddr::from(([127, 0, 0, 1], listen.port().checked_add(1)?));
    match TcpListener::bind(next) {
        Ok(_) => Some(next),
        Err(_) => {
            screen.note(format_args!(
                "the port {} is taken, and another one is used; --runtime-api chooses one that stays",
                next.port()
            ));
            None
        }
    }
}

/// What Visual Studio Code needs to start the program under `CodeLLDB`, and the variables that it
/// has to have itself.
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
                _ if *is_private => from_outside(name),
                "RUNTIME_USERDATA" => with_private_from_outside(value, &private),
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

/// Visual Studio Code puts its own variable here.
fn from_outside(name: &str) -> String {
    format!("${{env:{name}}}")
}

/// The user variables come a second time, in an object.
fn with_private_from_outside(user_data: &str, private: &[&Variable]) -> String {
    let Ok(Value::Object(mut object)) = serde_json::from_str(user_data) else {
        return user_data.to_owned();
    };
    for variable in private {
        if let Some(value) = object.get_mut(&variable.name) {
            *value = from_outside(&variable.name).into();
        }
    }
    Value::from(object).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_value_is_taken_from_the_environment_of_the_debugger() {
        let private = Variable { name: "DB".into(), value: "hunter2".into(), is_private: true };
        let data = with_private_from_outside(r#"{"A":"1","DB":"hunter2"}"#, &[&private]);
        assert_eq!(data, r#"{"A":"1","DB":"${env:DB}"}"#);
        assert_eq!(with_private_from_outside("null", &[&private]), "null");
    }
}
