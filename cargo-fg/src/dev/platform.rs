//! Starts the platform on this machine for `cargo fg dev`: its folder, its keys, and what it
//! prints.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use fg_local::{Exchange, Local};

use crate::dev::DevArguments;
use crate::dev::listen::{DEFAULT_PORT, listen};
use crate::failure::{Exit, Failure};
use crate::project::{Function, Project};
use crate::screen::Screen;

/// The platform on this machine.
pub(super) struct Platform {
    pub(super) local: Local,
    /// The folder that is removed in the end, if there is one.
    temporary_folder: Option<PathBuf>,
}

impl Platform {
    pub(super) fn start(
        arguments: &DevArguments,
        project: &Project,
        functions: &[Function],
        screen: Screen,
    ) -> Result<Self, Failure> {
        let wrong = |what: &dyn std::fmt::Display| Failure::new(Exit::Machine, what.to_string());
        let listener = listen(arguments.listen)?;
        let address = listener.local_addr().map_err(|error| wrong(&error))?;
        let folder = data_folder(arguments, project, address);
        // A free port is a new one each time: its folder would never be found again.
        let is_temporary = arguments.listen.port() == 0 && arguments.data.is_none();
        if is_temporary && folder.exists() {
            // No other process has this port, so no other process uses this folder.
            fs::remove_dir_all(&folder).map_err(|error| {
                Failure::machine(format!("{} could not be removed", folder.display()), &error)
            })?;
        }
        let mut builder = Local::builder()
            .listener(listener)
            .data_folder(&folder)
            .observer(observer(functions.len() > 1, screen))
            .on_line(line_sink(functions, screen));
        for function in functions {
            builder = builder.function(&function.label);
        }
        if let Some((access_key, secret_key)) = key_pair() {
            builder = builder.key_pair(access_key, secret_key);
        }
        let local = builder.start_blocking().map_err(|error| {
            let failure = wrong(&error);
            if arguments.data.is_some() { failure } else { failure.advise("--data DIR") }
        })?;
        arguments.accept_host.iter().for_each(|name| local.accept_host(name));
        if !arguments.attach {
            // Before the address is told: the first request waits for the first build.
            functions.iter().for_each(|function| local.set_expected(&function.label));
        }
        Ok(Self { local, temporary_folder: is_temporary.then_some(folder) })
    }

    /// Prints what SDKs and Terraform need, whether signatures are verified, and whether other
    /// machines can call the functions.
    pub(super) fn print_access_notes(&self, screen: Screen) {
        let variables = self.local.sdk_variables();
        let lines = variables.iter().map(|(name, value)| format!("\n  export {name}={value}"));
        screen.note(format_args!(
            "SDKs find this server with the variables below; Terraform and more: docs/local.md{}",
            lines.collect::<String>()
        ));
        screen.note(if key_pair().is_some() {
            "signatures of SDKs are verified with HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"
        } else {
            "signatures of SDKs are not verified; set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK to verify them"
        });
        let address = self.local.address();
        if !address.ip().is_loopback() {
            screen.note(format_args!(
                "every machine that can reach {address} can call the functions"
            ));
        }
    }

    /// Stops the functions, also those that came over the API.
    pub(super) fn stop(&self) {
        self.local.stop_functions();
        // Leftover files do no harm.
        let _ = self.temporary_folder.as_ref().map(fs::remove_dir_all);
    }
}

/// Two `cargo fg dev` of one workspace have different ports, and so different folders.
fn data_folder(arguments: &DevArguments, project: &Project, address: SocketAddr) -> PathBuf {
    if let Some(folder) = &arguments.data {
        return folder.clone();
    }
    let name = match address.port() {
        DEFAULT_PORT => "local".to_owned(),
        port => format!("local-{port}"),
    };
    project.target_directory.join("fg").join(name)
}

/// Prints a line for each request.
fn observer(several: bool, screen: Screen) -> impl Fn(&Exchange<'_>) + Send + Sync + 'static {
    move |exchange| {
        let about =
            if several && !exchange.function.is_empty() { exchange.function } else { "http" };
        screen.line(about, &exchange.to_string());
        if let Some(advice) = exchange.advice {
            screen.note(advice);
        }
    }
}

/// Prints lines of functions that came over the API, and what happens to asynchronous invocations
/// and triggers, under the label of the function.
fn line_sink(
    functions: &[Function],
    screen: Screen,
) -> impl Fn(&str, &str) + Send + Sync + 'static {
    let labels: Vec<_> = functions
        .iter()
        .map(|function| (function.unique_name.clone(), function.label.clone()))
        .collect();
    move |name, line| {
        let label = labels.iter().find(|(unique_name, _)| unique_name == name);
        screen.line(label.map_or(name, |(_, label)| label), line);
    }
}

/// The credentials with which the platform's SDKs sign requests.
fn key_pair() -> Option<(String, String)> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    Some((variable("HUAWEICLOUD_SDK_AK")?, variable("HUAWEICLOUD_SDK_SK")?))
}
