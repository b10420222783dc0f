//! `cargo fg rollback`: moves an alias back to the version before.

use std::process::ExitCode;

use clap::Args;
use fg_client::Qualifier;
use fg_client::aliases::{Alias, UpdateAlias};

use super::confirm::{confirm, declined};
use super::output::{one_line, print};
use super::published::{Published, Share, name_of, route, shares};
use super::target::{Target, TargetFlags};
use crate::failure::{Exit, Failure};
use crate::printable::Form;
use crate::screen::Screen;

/// Leads an alias back to the version before, or to another one
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg rollback --dry-run         # which versions there are, and what would happen
  cargo fg rollback
  cargo fg rollback --alias prod --to 1.2.0 --yes

If the alias is shared between two versions, the rollback ends that: the version that had the rest
gets all. Otherwise the alias gets the version that was published before the one that it points to.
Code, configuration and triggers are not changed: a published version has its own code and
configuration.")]
pub(crate) struct RollbackArguments {
    /// The alias, if the function has several
    #[arg(long, value_name = "NAME")]
    alias: Option<String>,
    /// The version [default: the one before]
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
    /// Does not ask
    #[arg(long, short)]
    yes: bool,
    /// Shows what would happen, and changes nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    target: TargetFlags,
}

pub(crate) fn run(arguments: &RollbackArguments, screen: Screen) -> Result<ExitCode, Failure> {
    let target = arguments.target.connect()?;
    let wanted = wanted_alias(arguments, &target)?;
    let published = Published::fetch(&target)?;
    let alias = choose_alias(&published, wanted, target.name())?;
    let name = one_line(alias.name.as_deref().unwrap_or_default());
    let to = choose_version(&published, alias, arguments.to.as_deref(), &name)?;
    print(&published.table(), Form::Text);
    let (from, shown) = (one_line(route(alias)), one_line(to));
    if shares(alias) == [(to, Share::Percent(100))] {
        print(&format!("\n{name} points to {shown} already\n"), Form::Text);
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.dry_run {
        print(&format!("\n{name} would go from {from} to {shown}\n"), Form::Text);
        screen.note("nothing was changed, because of --dry-run");
        return Ok(ExitCode::SUCCESS);
    }
    if !confirm(
        &format!("Move {name} of {} from {from} to {shown}?", target.name()),
        arguments.yes,
    )? {
        return Err(declined());
    }
    let mut update = UpdateAlias::new(to);
    update.description.clone_from(&alias.description);
    let moved = target
        .wait(target.function.update_alias(alias.name.as_deref().unwrap_or_default(), &update))?;
    if shares(&moved) != [(to, Share::Percent(100))] {
        return Err(Failure::new(
            Exit::Failed,
            format!("{name} was moved, but the platform says that it points to {}", route(&moved)),
        )
        .advise("look at the alias with `cargo fg status`"));
    }
    print(&format!("\n{name} now points to {shown}; before, {from}\n"), Form::Text);
    Ok(ExitCode::SUCCESS)
}

/// The alias that was named: with the flag, or in the URN.
fn wanted_alias<'a>(
    arguments: &'a RollbackArguments,
    target: &'a Target,
) -> Result<Option<&'a str>, Failure> {
    match (&arguments.alias, &target.qualifier) {
        (Some(_), Some(_)) => {
            Err(Failure::usage("the URN names an alias or a version, and --alias another")
                .advise("remove one of the two"))
        }
        (None, Some(Qualifier::Version(_))) => {
            Err(Failure::usage("the URN names a version, and an alias is rolled back")
                .advise("to say which version the alias gets: --to VERSION"))
        }
        (None, Some(Qualifier::Alias(alias))) => Ok(Some(alias)),
        (alias, None) => Ok(alias.as_deref()),
    }
}

fn choose_alias<'a>(
    published: &'a Published,
    wanted: Option<&str>,
    function: &str,
) -> Result<&'a Alias, Failure> {
    let aliases = &published.aliases;
    let names = || {
        let names = aliases.iter().filter_map(|alias| alias.name.as_deref());
        names.map(one_line).collect::<Vec<_>>().join(", ")
    };
    match (wanted, aliases.as_slice()) {
        (_, []) => Err(Failure::new(
            Exit::Failed,
            format!("{function} has no alias, so there is nothing to roll back: its callers get the code that was deployed last"),
        )
        .advise("deploy the older code again, as from an older commit; for rollbacks from now on, deploy with an alias, `cargo fg deploy --alias prod`, and let callers and triggers use it")),
        (Some(wanted), _) => aliases
            .iter()
            .find(|alias| alias.name.as_deref() == Some(wanted))
            .ok_or_else(|| {
                Failure::new(Exit::Failed, format!("{function} has no alias `{wanted}`"))
                    .advise(format!("it has {}", names()))
            }),
        (None, [alias]) => Ok(alias),
        (None, _) => Err(Failure::usage(format!("{function} has several aliases"))
            .advise(format!("choose one with --alias: {}", names()))),
    }
}

/// The version that the alias is to point to.
fn choose_version<'a>(
    published: &'a Published,
    alias: &'a Alias,
    wanted: Option<&'a str>,
    name: &str,
) -> Result<&'a str, Failure> {
    let failed = |what: String| Failure::new(Exit::Failed, what);
    if let Some(wanted) = wanted {
        return match published.position(wanted) {
            Some(_) => Ok(wanted),
            None => Err(failed(format!("there is no published version `{wanted}`"))
                .advise(format!("there are {}", published.names()))),
        };
    }
    let shares = shares(alias);
    let current = shares[0].0;
    if shares.len() > 1 {
        return Ok(current);
    }
    let Some(at) = published.position(current) else {
        return Err(failed(format!(
            "{name} points to `{}`, which is not published, so there is no version before it",
            one_line(current)
        ))
        .advise(format!("choose a version with --to: {}", published.names())));
    };
    match published.versions.get(at + 1) {
        Some(before) => Ok(name_of(before)),
        None => Err(failed(format!(
            "{name} points to `{}`, the oldest published version: there is none before it",
            one_line(current)
        ))
        .advise(match published.versions.len() {
            1 => "deploy the older code again, as from an older commit".to_owned(),
            _ => format!("choose a version with --to: {}", published.names()),
        })),
    }
}
