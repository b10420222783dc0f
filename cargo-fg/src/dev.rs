//! `cargo fg dev`: serves the functions of a workspace, and builds them again when a file changes.

mod attach;
mod listen;
mod rebuild;
mod schedule;
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
use crate::dev::listen::{listen, parse_address};
use crate::dev::serving::{Serving, tell_of_callers};
use crate::dev::timers::Timer;
use crate::failure::Failure;
use crate::interrupt;
use crate::names::advise_to_choose;
use crate::project::{Project, Wanted};
use crate::screen::Screen;
use crate::settings::{Settings, SettingsFlags, warn_of_secrets};

/// Serves the functions over HTTP, and builds them again when a file changes
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

What is served:
  POST /          without a query: the body is the event, and the function's result is the answer
  /v2/PROJECT/fgs/functions/URN/invocations, and ../invocations-async: the platform's invoke API,
                  for its SDKs; the rest of /v2/PROJECT/fgs/ is the platform's, too, and answers 501
  anything else   a request of API Gateway: it becomes an event with httpMethod, path, headers,
                  body and so on, and the result, an object with statusCode, headers and body, the
                  answer. The gateway's own POST / is written POST /?

With several functions the first part of the path is the function's name: POST /orders is an event
for `orders`, GET /orders/7 a request for its /7, and GET / lists them. Where two packages have
programs of the same name, that is PACKAGE/NAME.

A request waits for the first build. A function that does not compile, or does not start, is told,
and the one before goes on; one that an edit has not changed is not started again. The timers of
[package.metadata.fg] go off. FG_HTTP_ERRORS is `full` unless it is given: a client is told of
errors. Ctrl-C ends everything.")]
pub(crate) struct DevArguments {
    /// The functions to serve, if not all of them are meant; as --bin
    #[arg(value_name = "FUNCTION", conflicts_with = "example")]
    functions: Vec<String>,
    /// Where to listen: a port of 127.0.0.1, or an address and a port; 0 is a port that is free
    #[arg(long, aliases = ["port", "invoke-port"], value_name = "[ADDRESS:]PORT", env = "FG_LISTEN", hide_env_values = true, default_value = "9000", value_parser = parse_address)]
    listen: SocketAddr,
    /// A name besides localhost under which it is called, by a container or a proxy for example: it
    /// is accepted as Host, and as the Origin of a page. Can be given more than once
    #[arg(long, value_name = "NAME")]
    accept_host: Vec<String>,
    /// A timer: `@every` and a time, or a cron expression (seconds, minutes, hours, day, month,
    /// weekday) as the platform has them, after `CRON_TZ=ZONE` if it is not for the local time. Can
    /// be given more than once
    #[arg(long, value_name = "[FUNCTION=]SCHEDULE")]
    timer: Vec<Timer>,
    /// The text that the timers of --timer give to the function, `user_event` of their events
    #[arg(long, value_name = "TEXT", requires = "timer")]
    timer_text: Option<String>,
    /// Leaves out the timers of `[package.metadata.fg]`
    #[arg(long)]
    no_timers: bool,
    /// Starts no process: prints the variables for one that you start, in a debugger for example,
    /// and serves it. An invocation has no time limit there, unless --timeout gives one
    #[arg(long)]
    attach: bool,
    /// The address of the Runtime API for the process that you start: a port of 127.0.0.1, or an
    /// address and a port. By default the next one after --listen, if it is free
    #[arg(long, requires = "attach", value_name = "[ADDRESS:]PORT", value_parser = parse_address)]
    runtime_api: Option<SocketAddr>,
    /// Prints a `launch.json` for Visual Studio Code with `CodeLLDB` instead of the variables
    #[arg(long, requires = "attach")]
    launch_json: bool,
    /// The package, where it is not the one of the current directory
    #[arg(long, short, value_name = "NAME", help_heading = "Which functions")]
    package: Option<String>,
    /// A program, where not all of them are meant, or PACKAGE/NAME; can be given more than once
    #[arg(long, value_name = "NAME", help_heading = "Which functions")]
    bin: Vec<String>,
    /// An example instead of the programs
    #[arg(long, value_name = "NAME", conflicts_with = "bin", help_heading = "Which functions")]
    example: Option<String>,
    /// Features of the package, as cargo takes them
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
        return Err(advise_to_choose("a debugger is attached to one function", &functions));
    }
    for function in &functions {
        Settings::resolve(&arguments.settings, function)?;
    }
    warn_of_secrets(&functions, screen);
    let labels: Vec<_> = functions.iter().map(|function| function.label.clone()).collect();
    let timers = timers::resolve(arguments, &functions)?;
    let gateway = Arc::new(listen(arguments.listen, &labels, screen)?);
    arguments.accept_host.iter().for_each(|name| gateway.accept_host(name));
    let serving = Arc::new(Serving::new(Arc::clone(&gateway), &project, screen)?);
    let stopped = Arc::clone(&serving);
    interrupt::on_interrupt(move || {
        screen.step("Stopping", "the functions");
        stopped.stop();
        std::process::exit(0);
    })?;
    announce(&gateway.address(), &labels, screen);
    tell_of_callers(&gateway.address(), screen);
    for function in functions.iter().filter(|function| function.unique_name != function.label) {
        screen.note(format_args!(
            "for SDKs, and for itself, {} is called {}",
            function.label, function.unique_name
        ));
    }
    timers::start(timers, &gateway, screen)?;
    if arguments.attach {
        return attach::run(arguments, &serving, &functions[0], &project, screen);
    }
    for label in &labels {
        gateway.set_expected(label);
    }
    rebuild::for_ever(arguments, &serving, project, screen)
}

fn announce(address: &str, labels: &[String], screen: Screen) {
    match labels {
        [label] => screen.step("Serving", format_args!("{label} on http://{address}")),
        labels => {
            for label in labels {
                screen.step("Serving", format_args!("{label} on http://{address}/{label}"));
            }
        }
    }
}

/// Waits for ever: the handler of the signal ends the process.
fn wait_for_signal() -> ! {
    loop {
        thread::park();
    }
}

/// As people write it here.
fn relative(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}
