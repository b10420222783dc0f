//! `cargo fg dev`: serves the functions of a workspace, and rebuilds them when a file changes.

mod attach;
mod listen;
mod platform;
mod rebuild;
mod serving;
mod snapshot;
mod timers;
mod watch;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use clap::Args;

use crate::compile::Compile;
use crate::dev::listen::parse_address;
use crate::dev::platform::Platform;
use crate::dev::serving::Serving;
use crate::dev::timers::TimerFlag;
use crate::failure::Failure;
use crate::interrupt;
use crate::names::advise_to_choose;
use crate::project::{Project, Wanted};
use crate::screen::Screen;
use crate::settings::{Settings, SettingsFlags, warn_of_secrets};

/// Serves the functions over HTTP, and rebuilds them when a file changes
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg dev
  curl http://127.0.0.1:9000/ -d '{\"name\":\"Ada\"}'        # an event
  curl 'http://127.0.0.1:9000/orders/7?dry_run=true'      # a request of API Gateway
  cargo fg dev --timer '@every 30s'
  cargo fg dev orders cleanup --timer 'cleanup=0 15 2 * * ?'
  cargo fg dev --env-file .env --log-level info,hyper=warn
  cargo fg dev --credentials env                          # the SDKs' variables
  cargo fg dev --attach                                   # for a debugger
  cargo fg dev --attach --launch-json > .vscode/launch.json

Endpoints:
  POST /          without a query: the body is the event, and the response is that of the function
  /v2/PROJECT/.., /v3/projects, /v3/auth/..
                  the platform's API, for its SDKs, Terraform and so on: functions, versions,
                  aliases, triggers, invocations, logs; what is not emulated responds with 501
  anything else   a request through API Gateway: the event has httpMethod, path, headers, body and
                  so on, and the function responds with statusCode, headers and body. For a POST to
                  the path / through the gateway, use POST /?

With several functions, the path begins with the function's name: POST /orders sends an event to
`orders`, GET /orders/7 is a request for its path /7, and GET / lists the functions. If two packages
have programs of the same name, the name is PACKAGE/NAME.

Requests wait for the first build. If a function does not compile or does not start, the previous
version keeps running; a function that is the same after a build is not restarted. The timers of
[package.metadata.fg] fire. FG_HTTP_ERRORS defaults to `full`, so that clients see errors. Ctrl-C
stops everything.")]
pub(crate) struct DevArguments {
    /// The functions to serve, like --bin [default: all]
    #[arg(value_name = "FUNCTION", conflicts_with = "example")]
    functions: Vec<String>,
    /// The address to listen on: a port of 127.0.0.1, or an address and a port; port 0 is any free
    /// port
    #[arg(long, aliases = ["port", "invoke-port"], value_name = "[ADDRESS:]PORT", env = "FG_LISTEN", hide_env_values = true, default_value = "9000", value_parser = parse_address)]
    listen: SocketAddr,
    /// An additional host name to accept in the headers Host and Origin, for example for a
    /// container or a proxy; can be repeated
    #[arg(long, value_name = "NAME")]
    accept_host: Vec<String>,
    /// The folder that keeps functions that came over the API, asynchronous invocations and logs
    /// [default: `fg/local` in the target folder, `fg/local-PORT` with a port other than 9000, and
    /// a temporary one with port 0]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A timer: `@every` and a duration, or a cron expression of the platform (seconds, minutes,
    /// hours, day, month, weekday), optionally after `CRON_TZ=ZONE`; in local time by default. Can
    /// be repeated
    #[arg(long, value_name = "[FUNCTION=]SCHEDULE")]
    timer: Vec<TimerFlag>,
    /// The `user_event` in the events of the timers of --timer
    #[arg(long, value_name = "TEXT", requires = "timer")]
    timer_text: Option<String>,
    /// Ignores the timers of `[package.metadata.fg]`
    #[arg(long)]
    no_timers: bool,
    /// Serves a process that you start yourself, for example in a debugger, and prints the
    /// environment variables that it needs. Invocations have no time limit, unless --timeout sets
    /// one
    #[arg(long)]
    attach: bool,
    /// The address of the Runtime API for the attached process: a port of 127.0.0.1, or an address
    /// and a port [default: the port after that of --listen, if it is free]
    #[arg(long, requires = "attach", value_name = "[ADDRESS:]PORT", value_parser = parse_address)]
    runtime_api: Option<SocketAddr>,
    /// Prints a `launch.json` for Visual Studio Code with `CodeLLDB` instead of variables
    #[arg(long, requires = "attach")]
    launch_json: bool,
    /// The package [default: the one in the current directory]
    #[arg(long, short, value_name = "NAME", help_heading = "Which functions")]
    package: Option<String>,
    /// A program to serve, NAME or PACKAGE/NAME; can be repeated [default: all]
    #[arg(long, value_name = "NAME", help_heading = "Which functions")]
    bin: Vec<String>,
    /// An example instead of the programs
    #[arg(long, value_name = "NAME", conflicts_with = "bin", help_heading = "Which functions")]
    example: Option<String>,
    /// Features of the package to enable, as for cargo
    #[arg(
        long,
        short = 'F',
        value_name = "FEATURES",
        value_delimiter = ',',
        help_heading = "Which functions"
    )]
    features: Vec<String>,
    /// Builds with optimizations
    #[arg(long, help_heading = "Which functions")]
    release: bool,
    #[command(flatten)]
    settings: SettingsFlags,
}

impl DevArguments {
    fn wanted(&self) -> Wanted {
        Wanted {
            package: self.package.clone(),
            bins: self.functions.iter().chain(&self.bin).cloned().collect(),
            example: self.example.clone(),
        }
    }

    fn compile(&self) -> Compile {
        Compile { release: self.release, features: self.features.clone(), ..Compile::default() }
    }
}

pub(crate) fn run(arguments: &DevArguments, screen: Screen) -> Result<ExitCode, Failure> {
    let project = Project::read()?;
    let functions = project.functions(&arguments.wanted())?;
    if arguments.attach && functions.len() > 1 {
        return Err(advise_to_choose("--attach needs a single function", &functions));
    }
    for function in &functions {
        Settings::resolve(&arguments.settings, function)?;
    }
    warn_of_secrets(&functions, screen);
    let labels: Vec<_> = functions.iter().map(|function| function.label.clone()).collect();
    let timers = timers::resolve(arguments, &functions)?;
    let platform = Platform::start(arguments, &project, &functions, screen)?;
    announce(&platform.local.address(), &labels, screen);
    platform.print_access_notes(screen);
    timers::announce(&timers, screen);
    let serving = Arc::new(Serving::new(platform, timers, &project, screen)?);
    let stopped = Arc::clone(&serving);
    interrupt::on_interrupt(move || {
        screen.step("Stopping", "the functions");
        stopped.stop();
        std::process::exit(0);
    })?;
    for function in functions.iter().filter(|function| function.unique_name != function.label) {
        screen.note(format_args!(
            "SDKs and the function itself see {} under the name {}",
            function.label, function.unique_name
        ));
    }
    if arguments.attach {
        return attach::run(arguments, &serving, &functions[0], &project, screen);
    }
    rebuild::run(arguments, &serving, project, screen)
}

fn announce(address: &SocketAddr, labels: &[String], screen: Screen) {
    match labels {
        [label] => screen.step("Serving", format_args!("{label} on http://{address}")),
        labels => {
            for label in labels {
                screen.step("Serving", format_args!("{label} on http://{address}/{label}"));
            }
        }
    }
}

/// Blocks until the signal handler exits the process.
fn wait_for_signal() -> ! {
    loop {
        thread::park();
    }
}

/// The path relative to the current directory, if it is below it.
fn relative(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}
