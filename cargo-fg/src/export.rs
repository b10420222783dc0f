//! `cargo fg export`: what the manifest says, in the words of other tools.

mod file;
mod hcl;
mod provider;
mod terraform;
mod variables;

use std::fs;
use std::path::{Path, PathBuf, absolute};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::arguments::Selection;
use crate::desired::{Desired, Runtime};
use crate::export::provider::Provider;
use crate::export::terraform::{Code, Export};
use crate::failure::Failure;
use crate::metadata::{EnvironmentFlag, Options, Secrets};
use crate::package::default_output;
use crate::project::Project;
use crate::screen::Screen;

/// The largest package that the API takes, before it is encoded as base64.
const MAX_PACKAGE: u64 = 50 << 20;

/// Writes the settings of a function for another tool
#[derive(Args, Debug)]
pub(crate) struct ExportArguments {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Format {
    Terraform(TerraformArguments),
}

/// Writes `main.tf` for Terraform
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg package && cargo fg export terraform && terraform init && terraform apply
  cargo fg export terraform --provider opentelekomcloud --output infra/main.tf
  cargo fg export terraform --environment prod --alias prod --output -

The file has the function, its triggers and its asynchronous configuration, as `cargo fg deploy`
would make them. It names the package, which `cargo fg package` builds.

Secrets become variables without a value: set TF_VAR_NAME, or enter them when Terraform asks.
A comment stands where the provider cannot set what the manifest has.

Let one tool deploy a function: Terraform knows nothing of what `cargo fg deploy` has created.")]
struct TerraformArguments {
    /// The provider
    #[arg(long, value_enum, default_value = "huaweicloud")]
    provider: Provider,
    /// The file to write, or `-` for standard output. A file that this command has not written is
    /// kept
    #[arg(long, short, value_name = "FILE", default_value = "main.tf")]
    output: PathBuf,
    /// Overwrites any file
    #[arg(long)]
    force: bool,
    /// Adds an alias for the latest version, which the triggers then invoke
    #[arg(long, value_name = "NAME")]
    alias: Option<String>,
    /// The URL of the package in an OBS bucket, for one above 50 MB
    #[arg(long, value_name = "URL")]
    code_url: Option<String>,
    #[command(flatten)]
    environment: EnvironmentFlag,
    #[command(flatten)]
    selection: Selection,
}

pub(crate) fn run(arguments: &ExportArguments, screen: Screen) -> Result<ExitCode, Failure> {
    let Format::Terraform(arguments) = &arguments.format;
    let project = Project::read()?;
    let function = project.function(&arguments.selection.wanted())?;
    // Secrets are named only, so that none has to be there.
    let options = Options {
        environment: arguments.environment.name(),
        secrets: Secrets::Unread,
        ..Options::default()
    };
    let desired = Desired::resolve(&function, &options)?;
    let is_image = matches!(desired.runtime, Runtime::Image(_));
    let package = default_output(&project, &function, false);
    let is_printed = arguments.output == Path::new("-");
    let code = match &arguments.code_url {
        Some(url) => Code::Url(url.clone()),
        None => {
            if !is_image {
                check_size(&package)?;
            }
            let directory = if is_printed { Path::new("") } else { &arguments.output };
            package_for(&package, directory)?
        }
    };
    let alias = arguments.alias.as_deref();
    let text = terraform::file(&Export {
        desired: &desired,
        provider: arguments.provider,
        code: &code,
        alias,
    });
    if is_printed {
        print!("{text}");
        return Ok(ExitCode::SUCCESS);
    }
    file::write(&arguments.output, &text, arguments.force)?;
    screen.step("Exported", arguments.output.display());
    if arguments.code_url.is_none() && !is_image && !package.is_file() {
        screen.note(format_args!("next: `cargo fg package` builds {}", package.display()));
    }
    println!("{}", arguments.output.display());
    Ok(ExitCode::SUCCESS)
}

/// Names the package as seen from the directory of the file that is written.
fn package_for(package: &Path, output: &Path) -> Result<Code, Failure> {
    let whole = |path: &Path| {
        absolute(path).map_err(|error| {
            Failure::machine(format!("{} has no absolute path", path.display()), &error)
        })
    };
    let here = whole(Path::new("."))?;
    let directory = output.parent().map_or(here.clone(), |parent| here.join(parent));
    let file_name = package.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Code::Package { path: file::relative(&whole(package)?, &directory), file_name })
}

/// Refuses a package that the API would refuse.
fn check_size(package: &Path) -> Result<(), Failure> {
    let size = fs::metadata(package).map_or(0, |about| about.len());
    if size <= MAX_PACKAGE {
        return Ok(());
    }
    Err(Failure::usage(format!("{} is larger than 50 MB", package.display()))
        .advise("upload it to an OBS bucket, and give its URL with --code-url"))
}

#[cfg(test)]
mod tests;
