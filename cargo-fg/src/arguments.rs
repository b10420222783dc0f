//! The command line: what can be typed, and what `--help` says about it. `docs/cargo-fg.md` is made from it.

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

Settings come from flags, else from the variables FG_MEMORY, FG_TIMEOUT and FG_HANDLER, else from
Cargo.toml:
  [package.metadata.fg]
  memory = 256                       # MB
  timeout = 30                       # seconds
  handler = \"greet\"                  # for a program with several handlers
  environment = { GREETING = \"Hi\" }  # --env wins, for each variable
  include = [\"templates\"]            # more files for the package; --include adds to them

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
    Dev(DevArguments),
    Package(PackageArguments),
    Conformance(ConformanceArguments),
    Completions(CompletionsArguments),
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
    /// The program, where the package has several
    #[arg(long, value_name = "NAME")]
    pub(crate) bin: Option<String>,
    /// An example instead of a program
    #[arg(long, value_name = "NAME", conflicts_with = "bin")]
    pub(crate) example: Option<String>,
}

impl Selection {
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted { package: self.package.clone(), bins: self.bin.iter().cloned().collect(), example: self.example.clone() }
    }
}
