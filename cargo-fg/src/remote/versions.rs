//! `cargo fg versions`: the published versions of a function.

use std::process::ExitCode;

use clap::Args;

use super::output::{OutputFormat, print_as};
use super::published::Published;
use super::target::TargetFlags;
use crate::failure::Failure;
use crate::screen::Screen;

/// Lists the published versions of a function, the newest first, and the aliases that point to them
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg versions
  cargo fg versions --name greet --region cn-north-4
  cargo fg versions --output json | jq -r '.[0].version'")]
pub(crate) struct VersionsArguments {
    /// The format of the result
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    output: OutputFormat,
    #[command(flatten)]
    target: TargetFlags,
}

pub(crate) fn run(arguments: &VersionsArguments, screen: Screen) -> Result<ExitCode, Failure> {
    let target = arguments.target.connect()?;
    let published = Published::fetch(&target)?;
    if published.versions.is_empty() {
        screen.note(format_args!(
            "{} has no published version; `cargo fg deploy --publish` publishes one",
            target.name()
        ));
    }
    print_as(arguments.output, &published.to_json(), || match published.versions.is_empty() {
        true => String::new(),
        false => published.table(),
    });
    Ok(ExitCode::SUCCESS)
}
