//! `cargo fg dev`: serves the functions of a workspace, and builds them again when a file changes.

mod schedule;
mod serving;
mod timers;
mod watch;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use clap::Args;
use fg_emulator::{Emulator, Gateway};

use crate::compile::Compile;
use crate::dependencies::local_packages;
use crate::dev::serving::{Serving, tell_of_callers};
use crate::dev::timers::Timer;
use crate::dev::watch::{Snapshot, Watch};
use crate::failure::{Exit, Failure};
use crate::interrupt;
use crate::project::{Function, Project, Wanted};
use crate::screen::Screen;
use crate::settings::SettingsFlags;

/// Serves the functions over HTTP, and builds them again when a file changes
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg dev
  curl http://127.0.0.1:9000/ -d '{\"name\":\"Ada\"}'        # an event
  curl 'http://127.0.0.1:9000/orders/7?dry_run=true'      # a request of API Gateway
  cargo fg dev --timer '@every 30s'
  cargo fg dev --timer 'cleanup=0 15 2 * * ?' --bin cleanup --bin orders
  cargo fg dev --attach                                   # for a debugger

What is served:
  POST /          without a query: the body is the event, and the function's result is the answer
  /v2/PROJECT/fgs/functions/URN/invocations, and ../invocations-async: the platform's invoke API,
                  for its SDKs; the rest of /v2/PROJECT/fgs/ is the platform's, too, and answers 501
  anything else   a request of API Gateway: it becomes an event with httpMethod, path, headers,
                  body and so on, and the result, an object with statusCode, headers and body, the
                  answer. The gateway's own POST / is written POST /?

With several functions the first part of the path is the function's name: POST /orders is an event
for `orders`, GET /orders/7 a request for its /7.

A function that does not compile, or does not start, is told, and the one before goes on. Ctrl-C
ends everything.")]
pub(crate) struct DevArguments {
    /// Where to listen: a port of 127.0.0.1, or an address and a port
    #[arg(long, value_name = "[ADDRESS:]PORT", env = "FG_LISTEN", hide_env_values = true, default_value = "9000", value_parser = parse_address)]
    listen: SocketAddr,
    /// A name besides localhost under which it is called, by a container or a proxy for example: it is accepted as Host, and as the
    /// Origin of a page. Can be given more than once
    #[arg(long, value_name = "NAME")]
    accept_host: Vec<String>,
    /// A timer: `@every` and a time, or a cron expression (seconds, minutes, hours, day, month, weekday) as the platform has them,
    /// after `CRON_TZ=ZONE` if it is not for the local time. Can be given more than once
    #[arg(long, value_name = "[FUNCTION=]SCHEDULE")]
    timer: Vec<Timer>,
    /// Starts no process: prints the variables for one that you start, in a debugger for example, and serves it
    #[arg(long)]
    attach: bool,
    /// The package, where it is not the one of the current directory
    #[arg(long, short, value_name = "NAME", help_heading = "Which functions")]
    package: Option<String>,
    /// A program, where not all of them are meant; can be given more than once
    #[arg(long, value_name = "NAME", help_heading = "Which functions")]
    bin: Vec<String>,
    /// An example instead of the programs
    #[arg(long, value_name = "NAME", conflicts_with = "bin", help_heading = "Which functions")]
    example: Option<String>,
    /// Features of the package, as cargo takes them
    #[arg(long, short = 'F', value_name = "FEATURES", value_delimiter = ',', help_heading = "Which functions")]
    features: Vec<String>,
    /// Builds with optimizations
    #[arg(long, help_heading = "Which functions")]
    release: bool,
    #[command(flatten)]
    settings: SettingsFlags,
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let address = if text.contains(':') { text.to_owned() } else { format!("127.0.0.1:{text}") };
    address.parse().map_err(|_| "it is a port, such as 9000, or an address and a port, such as 0.0.0.0:9000".to_owned())
}

impl DevArguments {
    fn wanted(&self) -> Wanted {
        Wanted { package: self.package.clone(), bins: self.bin.clone(), example: self.example.clone() }
    }

    fn compile(&self) -> Compile {
        Compile { release: self.release, features: self.features.clone(), ..Compile::default() }
    }
}

pub(crate) fn run(arguments: &DevArguments, screen: Screen) -> Result<ExitCode, Failure> {
    let project = Project::read()?;
    let functions = project.functions(&arguments.wanted())?;
    let names: Vec<_> = functions.iter().map(|function| function.name.clone()).collect();
    if arguments.attach && names.len() > 1 {
        return Err(
            Failure::usage("a debugger is attached to one function").advise(format!("say which one: --bin {}", names.join("|")))
        );
    }
    let gateway = Arc::new(listen(arguments, &names, screen)?);
    arguments.accept_host.iter().for_each(|name| gateway.accept_host(name));
    let serving = Arc::new(Serving::new(Arc::clone(&gateway), &project, screen)?);
    let stopped = Arc::clone(&serving);
    interrupt::on_interrupt(move || {
        screen.step("Stopping", "the functions");
        stopped.stop();
        std::process::exit(0);
    })?;
    announce(&gateway.address(), &names, screen);
    tell_of_callers(&gateway.address(), screen);
    timers::start(&arguments.timer, &names, &gateway, screen)?;
    if arguments.attach {
        let emulator = serving.attach(&functions[0], &arguments.settings)?;
        return wait_for_debugger(&emulator, screen);
    }
    serve(arguments, &serving, project, screen)
}

fn listen(arguments: &DevArguments, names: &[String], screen: Screen) -> Result<Gateway, Failure> {
    let several = names.len() > 1;
    let observer = move |exchange: &fg_emulator::Exchange<'_>| {
        let about = if several && !exchange.function.is_empty() { exchange.function } else { "http" };
        screen.line(about, &exchange.to_string());
    };
    Gateway::start(arguments.listen, names, observer).map_err(|error| {
        Failure::machine(format!("{} could not be listened at", arguments.listen), &error)
            .advise("is `cargo fg dev` running already? --listen takes another port; 0 is one that is free")
    })
}

fn announce(address: &str, names: &[String], screen: Screen) {
    match names {
        [name] => screen.step("Serving", format_args!("{name} on http://{address}")),
        names => {
            for name in names {
                screen.step("Serving", format_args!("{name} on http://{address}/{name}"));
            }
        }
    }
}

/// Builds and serves for ever: a signal ends it.
fn serve(arguments: &DevArguments, serving: &Serving, mut project: Project, screen: Screen) -> ! {
    loop {
        let (built, watch, before) = build(arguments, serving, &project, screen);
        if let Err(failure) = built {
            screen.error(&failure);
            if failure.exit == Exit::Interrupted {
                // The signal has reached this process, too, and ends it.
                wait_for_signal();
            }
            let goes_on = if serving.has_any() { "; what was served before goes on" } else { "" };
            screen.step("Waiting", format_args!("for a change{goes_on}"));
        }
        let (changed, count) = watch.wait_for_change(&before);
        let others = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        screen.step("Changed", format_args!("{}{others}", relative(&changed).display()));
        match Project::read() {
            Ok(read) => project = read,
            Err(failure) => screen.error(failure),
        }
    }
}

/// Builds all functions and serves those that run. Also gives what to watch, as it was before the build: what changes meanwhile counts.
fn build(arguments: &DevArguments, serving: &Serving, project: &Project, screen: Screen) -> (Result<(), Failure>, Watch, Snapshot) {
    let watched = |functions: &[Function], directories: &[PathBuf], programs: &[PathBuf]| {
        let watch = Watch::new(project, functions, directories, programs);
        let before = watch.look();
        (watch, before)
    };
    let functions = match project.functions(&arguments.wanted()) {
        Ok(functions) => functions,
        Err(failure) => {
            let (watch, before) = watched(&[], &[], &[]);
            return (Err(failure), watch, before);
        }
    };
    let compile = arguments.compile();
    let directories: Vec<_> = match local_packages(&compile, &functions) {
        Ok(packages) => packages.into_iter().map(|package| package.directory).collect(),
        Err(failure) => {
            let (watch, before) = watched(&functions, &[], &[]);
            return (Err(failure), watch, before);
        }
    };
    let (watch, before) = watched(&functions, &directories, &[]);
    match compile.run(&functions, screen) {
        Err(failure) => (Err(failure), watch, before),
        Ok(programs) => {
            // Files that only the compiler knows of are seen from now on.
            let (watch, now) = watched(&functions, &directories, &programs);
            let before = before.with_new_files_of(now);
            (replace_all(&functions, &programs, arguments, serving, screen), watch, before)
        }
    }
}

fn replace_all(
    functions: &[Function],
    programs: &[PathBuf],
    arguments: &DevArguments,
    serving: &Serving,
    screen: Screen,
) -> Result<(), Failure> {
    let mut result = Ok(());
    for (function, program) in functions.iter().zip(programs) {
        match serving.replace(function, program, &arguments.settings) {
            Ok(()) => screen.step("Ready", &function.name),
            // The others are served all the same; the first that is not is told last.
            Err(failure) if result.is_ok() => result = Err(failure),
            Err(failure) => screen.error(failure),
        }
    }
    result
}

fn wait_for_debugger(emulator: &Emulator, screen: Screen) -> Result<ExitCode, Failure> {
    screen.note("start the program with these variables; they are on standard output, as a shell reads them");
    for (name, value) in emulator.variables() {
        println!("export {name}='{}'", value.replace('\'', r"'\''"));
    }
    screen.step(
        "Waiting",
        format_args!("for a process that asks {} for events", emulator.variables().first().map_or("", |(_, address)| address)),
    );
    emulator.wait_until_ready().map_err(|error| Failure::machine("no process came", &error))?;
    screen.step("Attached", emulator.name());
    wait_for_signal()
}

/// What has to be done then is done by whoever hears of it.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_a_port_alone() {
        assert_eq!(parse_address("9001"), Ok(([127, 0, 0, 1], 9001).into()));
        assert_eq!(parse_address("0.0.0.0:80"), Ok(([0, 0, 0, 0], 80).into()));
        assert!(parse_address("localhost").is_err());
    }
}
