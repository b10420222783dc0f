//! `cargo fg delete`: deletes a function with all that belongs to it, or one version.

use std::process::ExitCode;

use clap::Args;
use fg_client::Qualifier;

use super::confirm::{confirm, confirm_name, declined};
use super::output::{columns, one_line, print};
use super::published::{LATEST, Published};
use super::status::{Trigger, reserved, reserved_line, triggers};
use super::target::{Target, TargetFlags};
use crate::failure::{Exit, Failure};
use crate::printable::Form;
use crate::screen::Screen;

/// Deletes a function with its versions, aliases and triggers, or one published version
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg delete                      # shows what goes along, and asks for the function's name
  cargo fg delete --version 1.1.0
  cargo fg delete --name greet --yes

What was deleted cannot be brought back. What is not a part of the function stays: code in a bucket,
images, agencies, and the buckets, topics and streams of its triggers.")]
pub(crate) struct DeleteArguments {
    /// Deletes only this published version
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Does not ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    target: TargetFlags,
}

pub(crate) fn run(arguments: &DeleteArguments, screen: Screen) -> Result<ExitCode, Failure> {
    let target = arguments.target.connect()?;
    let version = match (&arguments.version, &target.qualifier) {
        (Some(_), Some(_)) => {
            return Err(Failure::usage(
                "the URN names an alias or a version, and --version another",
            )
            .advise("remove one of the two"));
        }
        (None, Some(Qualifier::Alias(alias))) => {
            return Err(Failure::usage(format!(
                "the URN names the alias `{alias}`, and a function or a version is deleted"
            ))
            .advise("remove the alias from the URN to delete the function"));
        }
        (None, Some(Qualifier::Version(version))) => Some(version.as_str()),
        (version, None) => version.as_deref(),
    };
    match version {
        Some(version) => delete_version(&target, version, arguments.yes, screen),
        None => delete_function(&target, arguments.yes, screen),
    }
}

fn delete_function(target: &Target, yes: bool, screen: Screen) -> Result<ExitCode, Failure> {
    let published = Published::fetch(target)?;
    let triggers = triggers(target, &published.aliases)?;
    let reserved = reserved(target)?;
    let mut rows = vec![["function".to_owned(), target.function.urn().to_string()]];
    let mut add = |label: &str, values: Vec<String>| {
        for (at, value) in values.into_iter().enumerate() {
            rows.push([if at == 0 { label.to_owned() } else { String::new() }, value]);
        }
    };
    add(
        "versions",
        (!published.versions.is_empty()).then(|| published.names()).into_iter().collect(),
    );
    let aliases = published.aliases.iter().filter_map(|alias| alias.name.clone());
    let aliases: Vec<_> = aliases.collect();
    add("aliases", (!aliases.is_empty()).then(|| aliases.join(", ")).into_iter().collect());
    add("triggers", triggers.iter().map(Trigger::line).collect());
    add("reserved", reserved.iter().map(reserved_line).collect());
    print(&format!("This is deleted, and cannot be brought back:\n{}", columns(&rows)), Form::Text);
    let question = format!("Type the name of the function, {}, to delete all this:", target.name());
    if !confirm_name(&question, target.name(), yes)? {
        return Err(declined());
    }
    target.wait(target.function.delete())?;
    screen.step("Deleted", target.function.urn());
    Ok(ExitCode::SUCCESS)
}

fn delete_version(
    target: &Target,
    version: &str,
    yes: bool,
    screen: Screen,
) -> Result<ExitCode, Failure> {
    if version == LATEST {
        return Err(Failure::usage("the version `latest` cannot be deleted alone")
            .advise("without --version, the function is deleted with all its versions"));
    }
    let published = Published::fetch(target)?;
    if published.position(version).is_none() {
        let failure = Failure::new(
            Exit::Failed,
            format!("{} has no published version `{version}`", target.name()),
        );
        return Err(match published.versions.is_empty() {
            true => failure,
            false => failure.advise(format!("it has {}", published.names())),
        });
    }
    let aliases = published.aliases_of(version);
    if !aliases.is_empty() {
        let names: Vec<_> = aliases.iter().map(|(alias, _)| one_line(alias)).collect();
        return Err(Failure::new(
            Exit::Failed,
            format!("version `{version}` is in use: {} points to it", names.join(", ")),
        )
        .advise(
            "move the alias to another version first, as with `cargo fg rollback --to VERSION`",
        ));
    }
    if !confirm(&format!("Delete version {version} of {}?", target.name()), yes)? {
        return Err(declined());
    }
    let urn = target.function.urn().with_version(version);
    target.wait(target.cloud.client.function(&urn).delete())?;
    screen.step("Deleted", urn);
    Ok(ExitCode::SUCCESS)
}
