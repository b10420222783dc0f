//! The command line and its `--help`. `docs/cargo-fg.md` is generated from it.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::conformance::ConformanceArguments;
use crate::deploy::DeployArguments;
use crate::dev::DevArguments;
use crate::export::ExportArguments;
use crate::invoke::InvokeArguments;
use crate::new::NewArguments;
use crate::package::PackageArguments;
use crate::project::Wanted;
use crate::remote::delete::DeleteArguments;
use crate::remote::logs::LogsArguments;
use crate::remote::rollback::RollbackArguments;
use crate::remote::status::StatusArguments;
use crate::remote::versions::VersionsArguments;
use crate::remote::whoami::WhoamiArguments;

/// Creates, runs, packages and deploys serverless functions for Huawei Cloud FunctionGraph
#[derive(Debug, Parser)]
#[command(name = "cargo-fg", bin_name = "cargo fg", version, after_help = AFTER, disable_help_subcommand = true, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Prints only results and errors
    #[arg(long, short, global = true, display_order = 900)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER: &str = "\
In one minute:
  cargo fg new greet
  cd greet
  cargo fg invoke -d '{\"name\":\"Ada\"}'
  cargo fg dev
  cargo fg deploy

Settings come from flags, then from the variables FG_MEMORY, FG_TIMEOUT, FG_HANDLER, FG_LOG_LEVEL
and FG_CREDENTIALS, then from Cargo.toml:
  [package.metadata.fg]
  memory = 256                       # MB
  timeout = 30                       # seconds
  handler = \"greet\"                  # for a program with several handlers
  log_level = \"info,hyper=warn\"      # as for --log-level
  environment = { GREETING = \"Hi\", DB_PASSWORD = { env = \"DB_PASSWORD\" } }
                                     # { env = NAME } is a secret: its value is that of the shell's
                                     # variable. --env and --env-file override single variables
  include = [\"templates\"]            # files to package; --include adds to them
  timers = [{ name = \"nightly\", schedule = \"0 15 2 * * ?\", text = \"all\" }]
  triggers = [{ type = \"apig\", group_id = \"..\", path = \"/greet\" }]
  agency = \"greet-run\"              # whose credentials the function gets

[package.metadata.fg.env.prod] has the same keys, for the environment `prod`, and
[workspace.metadata.fg] as defaults for all members. docs/manifest.md has all keys: name, app,
runtime, image, vpc, log, concurrency and so on, and the fields of each type of triggers.

Exit codes:
    0  success
    1  the function failed, the package would not run, a scenario failed, or the platform refused
    2  the command line, the project or the credentials are invalid
    3  something on this machine failed: a file, a port, a program, the network
  101  the build failed: the function does not compile, or a dependency is missing
  130  Ctrl-C during a build, an invocation or a deployment";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(NewArguments),
    Invoke(InvokeArguments),
    #[command(aliases = ["watch", "serve", "start"])]
    Dev(DevArguments),
    #[command(alias = "build")]
    Package(PackageArguments),
    Deploy(DeployArguments),
    #[command(alias = "info")]
    Status(StatusArguments),
    Versions(VersionsArguments),
    Rollback(RollbackArguments),
    #[command(alias = "log")]
    Logs(LogsArguments),
    #[command(aliases = ["remove", "destroy"])]
    Delete(DeleteArguments),
    Whoami(WhoamiArguments),
    Export(ExportArguments),
    /// A command of other tools; explains what to use instead
    #[command(hide = true, disable_help_flag = true)]
    Run(Elsewhere),
    /// A command of other tools; explains what to use instead
    #[command(hide = true, disable_help_flag = true)]
    Init(Elsewhere),
    Conformance(ConformanceArguments),
    Completions(CompletionsArguments),
}

/// Any arguments of a command that does not exist here.
#[derive(Args, Debug)]
pub(crate) struct Elsewhere {
    #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
    _words: Vec<OsString>,
}

/// Prints the completions for a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  cargo fg completions bash > ~/.local/share/bash-completion/completions/cargo-fg

The shell then completes `cargo-fg`, as in `cargo-fg invoke --fix<TAB>`.")]
pub(crate) struct CompletionsArguments {
    /// The shell
    pub(crate) shell: Shell,
}

/// Selects a function. Not needed if the package has only one.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Which function")]
pub(crate) struct Selection {
    /// The package [default: the one in the current directory]
    #[arg(long, short, value_name = "NAME")]
    pub(crate) package: Option<String>,
    /// The program, if the package has several; PACKAGE/NAME if several packages have programs of
    /// the same name
    #[arg(long, value_name = "NAME")]
    pub(crate) bin: Option<String>,
    /// An example instead of a program
    #[arg(long, value_name = "NAME", conflicts_with = "bin")]
    pub(crate) example: Option<String>,
}

impl Selection {
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted {
            package: self.package.clone(),
            bins: self.bin.iter().cloned().collect(),
            example: self.example.clone(),
        }
    }
}
