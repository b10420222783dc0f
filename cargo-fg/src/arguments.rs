//! The command line: what can be typed, and what `--help` says about it. `docs/cargo-fg.md` is made
//! from it.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::conformance::ConformanceArguments;
use crate::dev::DevArguments;
use crate::invoke::InvokeArguments;
use crate::new::NewArguments;
use crate::package::PackageArguments;
use crate::project::Wanted;

/// Makes, runs and packages serverless functions for Huawei Cloud FunctionGraph
#[derive(Debug, Parser)]
#[command(name = "cargo-fg", bin_name = "cargo fg", version, after_help = AFTER, disable_help_subcommand = true, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Says nothing but results and errors
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
  cargo fg package

Settings come from flags, else from the variables FG_MEMORY, FG_TIMEOUT, FG_HANDLER, FG_LOG_LEVEL
and FG_CREDENTIALS, else from Cargo.toml:
  [package.metadata.fg]
  memory = 256                       # MB
  timeout = 30                       # seconds
  handler = \"greet\"                  # for a program with several handlers
  log_level = \"info,hyper=warn\"      # what is logged
  environment = { GREETING = \"Hi\" }  # --env and --env-file win, for each variable
  include = [\"templates\"]            # more files for the package; --include adds to them
  timers = [{ name = \"nightly\", schedule = \"0 15 2 * * ?\", text = \"all\" }]  # for `dev`

[workspace.metadata.fg] has the same keys, as the default of each member. A secret does not belong
there: `--env NAME` hands on a variable of the shell, and `--env-file` reads a file.

Exit codes:
    0  done
    1  the function failed, the package would not run, or a scenario was not passed
    2  the command line or the project makes no sense
    3  something of this machine failed: a file, a port, a program
  101  the function could not be built: it does not compile, or a dependency is missing
  130  Ctrl-C, while something was being built or invoked";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(NewArguments),
    Invoke(InvokeArguments),
    #[command(aliases = ["watch", "serve", "start"])]
    Dev(DevArguments),
    #[command(alias = "build")]
    Package(PackageArguments),
    /// What other tools have under this name
    #[command(hide = true, disable_help_flag = true)]
    Deploy(Elsewhere),
    /// What other tools have under this name
    #[command(hide = true, disable_help_flag = true)]
    Run(Elsewhere),
    /// What other tools have under this name
    #[command(hide = true, disable_help_flag = true)]
    Init(Elsewhere),
    /// What other tools have under this name
    #[command(hide = true, disable_help_flag = true)]
    Logs(Elsewhere),
    Conformance(ConformanceArguments),
    Completions(CompletionsArguments),
}

/// Whatever stands behind a command that is not there.
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

The shell then completes the program's own name, as in `cargo-fg invoke --fix<TAB>`.")]
pub(crate) struct CompletionsArguments {
    /// The shell
    pub(crate) shell: Shell,
}

/// Which function is meant. With one function in the package nothing has to be said.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Which function")]
pub(crate) struct Selection {
    /// The package, where it is not the one of the current directory
    #[arg(long, short, value_name = "NAME")]
    pub(crate) package: Option<String>,
    /// The program, where the package has several; PACKAGE/NAME where packages have programs of the
    /// same name
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
