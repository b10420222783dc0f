//! `cargo fg deploy`: makes the function on the platform what the project says.

mod body;
mod carry_out;
mod code;
mod interruption;
mod plan;
mod result;
mod rows;
mod send;
mod show;
mod state;
mod step;
#[cfg(test)]
mod tests;
mod triggers;
mod versions;

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::arguments::Selection;
use crate::cloud::{self, Cloud, CloudFlags};
use crate::deploy::carry_out::Deployment;
use crate::deploy::code::{Code, Zip};
use crate::deploy::interruption::Interruption;
use crate::deploy::plan::{Goal, Options, Plan};
use crate::desired::{Desired, Runtime};
use crate::failure::Failure;
use crate::metadata::{self, EnvironmentFlag, Secrets};
use crate::package::{BuildFlags, Package, default_output};
use crate::printable::{Form, printable};
use crate::project::Project;
use crate::remote::confirm::{check_terminal, confirm, declined};
use crate::screen::Screen;
use crate::settings::warn_of_secrets;

/// Packages the function, shows what would change on the platform, and changes it
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg deploy --dry-run
  cargo fg deploy
  cargo fg deploy --alias prod --traffic 10 --yes
  cargo fg deploy --alias prod --yes
  cargo fg deploy --environment prod --output json --dry-run

The function is what [package.metadata.fg] says; see docs/deploy.md. What is equal is not sent: code
is compared by its digest, settings field by field. Settings, variables and triggers that are on the
platform but not in the manifest stay there.

Without --alias, callers of the function get the new code as soon as it is sent. With --alias, the
new code is published as a version first, and the alias is moved to it last: callers of the alias
get either the old version or the new one, whatever happens in between. The version is named after
the package's version and its content, so that the same command, after an interruption, goes on from
where it was.

The result, with the function's URN, is printed to standard output; the plan and the progress to
standard error, except with --dry-run.")]
pub(crate) struct DeployArguments {
    #[command(flatten)]
    build: BuildFlags,
    /// An image in SWR, instead of a package: `swr.REGION.myhuaweicloud.com/ORGANIZATION/NAME:TAG`
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["include", "features", "bucket"])]
    image: Option<String>,
    /// Publishes a version; without a name, one that is made of the package's version and the
    /// content
    #[arg(long, value_name = "NAME", num_args = 0..=1, value_parser = parse_version)]
    publish: Option<Option<String>>,
    /// Publishes a version, and moves this alias to it. The triggers belong to the alias then
    #[arg(long, value_name = "NAME", value_parser = parse_alias)]
    alias: Option<String>,
    /// How much of the alias' traffic the new version gets, 1 to 100; the earlier version keeps
    /// the rest
    #[arg(long, value_name = "PERCENT", requires = "alias", value_parser = clap::value_parser!(u32).range(1..=100))]
    traffic: Option<u32>,
    /// Waits until the platform reports the new code, and the final status of all triggers
    #[arg(long)]
    wait: bool,
    /// Removes variables, secrets and triggers that are not in the manifest
    #[arg(long)]
    prune: bool,
    /// Sends the secrets again although nothing else differs: the platform does not tell their
    /// values, so that a changed one is not seen
    #[arg(long)]
    secrets: bool,
    /// A bucket of the same region, through which a package above 50 MB is sent
    #[arg(long, value_name = "NAME")]
    bucket: Option<String>,
    /// Does not ask
    #[arg(long, short)]
    yes: bool,
    /// Shows the plan, and changes nothing
    #[arg(long)]
    dry_run: bool,
    /// The form of the plan and of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = OutputFormat::Text)]
    output: OutputFormat,
    #[command(flatten)]
    environment: EnvironmentFlag,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    cloud: CloudFlags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people
    Text,
    /// For programs: an object with `function`, `urn`, `steps`, `notes`
    Json,
}

fn parse_version(name: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if (1..=42).contains(&name.len()) && name.chars().all(allowed) && name != "latest" {
        return Ok(name.to_owned());
    }
    Err("a version has 1 to 42 letters, digits, `_`, `-` and `.`".into())
}

fn parse_alias(name: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let begins_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if name.len() <= 63 && begins_well && name.chars().all(allowed) {
        return Ok(name.to_owned());
    }
    Err("an alias has 1 to 63 letters, digits, `_` and `-`, and begins with a letter".into())
}

pub(crate) fn run(arguments: &DeployArguments, screen: Screen) -> Result<ExitCode, Failure> {
    let project = Project::read()?;
    let function = project.function(&arguments.selection.wanted())?;
    let manifest = metadata::Options {
        environment: arguments.environment.name(),
        image: arguments.image.as_deref(),
        secrets: Secrets::FromShell,
    };
    let desired = Desired::resolve(&function, &manifest)?;
    let options = Options {
        publish: arguments.publish.clone(),
        alias: arguments.alias.clone(),
        traffic: arguments.traffic,
        prune: arguments.prune,
        secrets: arguments.secrets,
        bucket: arguments.bucket.clone(),
    };
    warn_of_secrets(std::slice::from_ref(&function), screen);
    // Before the build, which takes long.
    check_terminal(arguments.yes || arguments.dry_run)?;
    let cloud = Cloud::connect(&arguments.cloud)?;
    let code = match &desired.runtime {
        Runtime::Image(address) => Code::Image(address.clone()),
        Runtime::Custom | Runtime::Http => {
            let output = default_output(&project, &function, false);
            let package =
                Package::build(&project, &function, &arguments.build, &output, false, screen)?;
            package.note_skipped(screen);
            Code::Zip(Zip::new(package.zip))
        }
    };
    let interruption = Interruption::listen(screen)?;
    let urn = cloud.wait(cloud.client.urn(&desired.app, &desired.name)).map_err(cloud::failure)?;
    let mut goal = Goal::new(&desired, &code, &urn, &function.package_version, &options);
    let existing =
        cloud.wait(state::read(&cloud.client, &urn, goal.parts())).map_err(cloud::failure)?;
    goal.mark(existing.as_ref());
    let plan = Plan::make(&goal, existing.as_ref())?;
    let document = show::document(&plan, &urn, &goal.target());
    if arguments.dry_run {
        match arguments.output {
            OutputFormat::Json => println!("{document:#}"),
            OutputFormat::Text => {
                if plan.steps.is_empty() {
                    println!("{} is up to date", urn.name());
                } else {
                    print!("{}", printable(&show::text(&plan, &urn), Form::Text));
                }
                plan.notes.iter().for_each(|note| screen.note(note));
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !plan.steps.is_empty() {
        if !screen.is_quiet() || !arguments.yes {
            eprint!("{}", printable(&show::text(&plan, &urn), Form::Text));
        }
        plan.notes.iter().for_each(|note| screen.note(note));
        if !confirm("Deploy?", arguments.yes)? {
            return Err(declined());
        }
        interruption.begin();
        let mut deployment = Deployment {
            cloud: &cloud,
            goal: goal.clone(),
            before: existing.as_ref(),
            screen,
            interruption: &interruption,
        };
        deployment.carry_out(&plan)?;
    } else {
        plan.notes.iter().for_each(|note| screen.note(note));
        screen.step("Unchanged", format_args!("{} is up to date", urn.name()));
    }
    let result = result::Outcome::read(&cloud, &goal, &plan, arguments.wait, screen)?;
    result.print(document, arguments.output, screen);
    Ok(ExitCode::SUCCESS)
}
