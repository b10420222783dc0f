//! `cargo fg invoke --remote`: invokes a function on the platform, and prints the result as that of
//! one that ran here.

mod answer;

use std::process::ExitCode;

use clap::Args;
use fg_client::invocations::InvokeOptions;
use serde_json::json;

use self::answer::Answer;
use super::output::{OutputFormat, print_as};
use super::target::{NameFlags, Target};
use crate::arguments::Selection;
use crate::cloud::CloudFlags;
use crate::failure::{Exit, Failure};
use crate::screen::Screen;

/// The flags of an invocation on the platform.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "On the platform")]
pub(crate) struct RemoteFlags {
    /// Invokes the function on the platform, instead of building it and running it here
    #[arg(long)]
    pub(crate) remote: bool,
    /// The alias to invoke [default: the version `latest`]
    #[arg(long, value_name = "NAME", requires = "remote")]
    alias: Option<String>,
    /// The version to invoke
    #[arg(long, value_name = "VERSION", requires = "remote", conflicts_with = "alias")]
    version: Option<String>,
    #[command(flatten)]
    name: NameFlags,
    #[command(flatten)]
    cloud: CloudFlags,
}

impl RemoteFlags {
    /// A flag that has a meaning only with `--remote`.
    pub(crate) fn given(&self) -> Option<&'static str> {
        self.name.given().or_else(|| self.cloud.given())
    }
}

/// An invocation that is to be made.
pub(crate) struct Invocation<'a> {
    pub(crate) event: Vec<u8>,
    /// A program of the project, or a URN.
    pub(crate) function: Option<&'a str>,
    pub(crate) selection: &'a Selection,
    pub(crate) is_async: bool,
    pub(crate) format: OutputFormat,
}

pub(crate) fn run(
    flags: &RemoteFlags,
    invocation: Invocation<'_>,
    screen: Screen,
) -> Result<ExitCode, Failure> {
    let Invocation { event, function, selection, is_async, format } = invocation;
    let target = Target::connect(function, &flags.name, selection, &flags.cloud)?;
    if target.qualifier.is_some() && (flags.alias.is_some() || flags.version.is_some()) {
        return Err(Failure::usage("the URN names an alias or a version, and a flag another")
            .advise("remove one of the two"));
    }
    let urn = match (&flags.alias, &flags.version) {
        (Some(alias), _) => target.function.urn().with_alias(alias),
        (None, Some(version)) => target.function.urn().with_version(version),
        (None, None) => target.urn(),
    };
    let function = target.cloud.client.function(urn);
    if is_async {
        let id = target.wait(function.invoke_async_with(event))?;
        print_as(format, &json!({"ok": true, "request_id": id}), || format!("{id}\n"));
        screen.step("Accepted", format_args!("as asynchronous invocation {id}"));
        screen.note(format_args!("its log, as soon as it has run: cargo fg logs --request {id}"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut options = InvokeOptions::default();
    options.log_tail = true;
    let answer = Answer::of(target.wait(function.invoke_with(event, &options))?);
    print_as(format, &answer.to_json(), || answer.to_string());
    Ok(match answer.is_error() {
        true => ExitCode::from(Exit::Failed as u8),
        false => ExitCode::SUCCESS,
    })
}
