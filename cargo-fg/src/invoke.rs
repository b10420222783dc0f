//! `cargo fg invoke`: builds a function, runs it once as the platform does, and prints the result
//! in the three parts of the platform's console. With `--remote`, the function on the platform is
//! invoked.

mod event;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::Args;
use fg_emulator::{Emulator, Event, Execution, Outcome, ShutdownReport};
use serde_json::{Value, json};

use crate::arguments::Selection;
use crate::compile::Compile;
use crate::failure::{Exit, Failure};
use crate::interrupt;
use crate::invoke::event::EventSource;
use crate::printable::{Form, printable};
use crate::project::{Project, Wanted};
use crate::remote;
use crate::remote::invoke::{Invocation, RemoteFlags};
use crate::remote::output::OutputFormat;
use crate::screen::Screen;
use crate::settings::{Settings, SettingsFlags, warn_of_secrets};

/// Builds the function and runs it once, with the environment, the limits and the deadline of the
/// platform; with --remote, invokes it there
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg invoke -d '{\"name\":\"Ada\"}'
  cargo fg invoke '{\"name\":\"Ada\"}'                 # the same
  cargo fg invoke greet -d @event.json              # one of several functions, an event from a file
  cargo fg invoke --fixture apig
  cat event.json | cargo fg invoke -f -
  cargo fg invoke --output json | jq .return
  cargo fg invoke --env-file .env --env DB_PASSWORD --log-level debug,hyper=warn
  cargo fg invoke --credentials ~/.huaweicloud/credentials
  cargo fg invoke --remote --alias prod -d '{\"name\":\"Ada\"}'

Prints what the platform's console shows: function return, execution summary and log; then what
the function writes after its response, in spawn_after and in pre_stop. On a terminal, control
characters are printed escaped, as \\u{1b}, and colours are removed.
The exit code is 0 if the function returned a result, and 1 if it did not, or if it panicked or
logged an ERROR after its response.")]
pub(crate) struct InvokeArguments {
    /// Queues the event as an asynchronous invocation (at most 256 KB), and waits for its outcome;
    /// with --remote, it prints the request id, and does not wait
    #[arg(long = "async")]
    is_async: bool,
    /// The format of the result; `json` is an object with `ok`, `return`, `error`, `summary`,
    /// `log`, `after`
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    output: OutputFormat,
    #[command(flatten)]
    event: EventSource,
    #[command(flatten)]
    selection: Selection,
    /// Features of the package to enable, as for cargo
    #[arg(
        long,
        short = 'F',
        value_name = "FEATURES",
        value_delimiter = ',',
        help_heading = "Which function"
    )]
    features: Vec<String>,
    /// Builds with optimizations
    #[arg(long, help_heading = "Which function")]
    release: bool,
    #[command(flatten)]
    settings: SettingsFlags,
    #[command(flatten)]
    remote: RemoteFlags,
}

/// The selection of a function; one that is named without a flag is a program.
pub(crate) fn wanted(selection: &Selection, named: Option<&str>) -> Result<Wanted, Failure> {
    let mut wanted = selection.wanted();
    if let Some(name) = named {
        if !wanted.bins.is_empty() || wanted.example.is_some() {
            return Err(Failure::usage("the function is given twice: with a flag and without one")
                .advise("remove one of the two"));
        }
        wanted.bins.push(name.to_owned());
    }
    Ok(wanted)
}

/// Refuses flags that are about the other place.
fn check_flags(arguments: &InvokeArguments) -> Result<(), Failure> {
    if !arguments.remote.remote {
        return match arguments.remote.given() {
            Some(flag) => {
                Err(Failure::usage(format!("{flag} is about a function on the platform"))
                    .advise("add --remote to invoke it there"))
            }
            None => Ok(()),
        };
    }
    let build = match arguments {
        InvokeArguments { release: true, .. } => Some("--release"),
        InvokeArguments { features, .. } if !features.is_empty() => Some("--features"),
        _ => None,
    };
    match build.or_else(|| arguments.settings.given()) {
        Some(flag) => {
            Err(Failure::usage(format!("{flag} is about running the function here, and cannot be used with --remote"))
                .advise("the function on the platform has its own code and settings; `cargo fg deploy` changes them"))
        }
        None => Ok(()),
    }
}

pub(crate) fn run(arguments: &InvokeArguments, screen: Screen) -> Result<ExitCode, Failure> {
    let remote = &arguments.remote;
    check_flags(arguments)?;
    let (event, named) = arguments.event.read(screen)?;
    if remote.remote {
        let invocation = Invocation {
            event,
            function: named,
            selection: &arguments.selection,
            is_async: arguments.is_async,
            format: arguments.output,
        };
        return remote::invoke::run(remote, invocation, screen);
    }
    if named.is_some_and(|word| word.starts_with("urn:")) {
        return Err(Failure::usage("a URN names a function on the platform")
            .advise("add --remote to invoke it there"));
    }
    let project = Project::read()?;
    let function = project.function(&wanted(&arguments.selection, named)?)?;
    let settings = Settings::resolve(&arguments.settings, &function)?;
    warn_of_secrets(std::slice::from_ref(&function), screen);
    let compile = Compile {
        release: arguments.release,
        features: arguments.features.clone(),
        ..Compile::default()
    };
    let program = compile.run(std::slice::from_ref(&function), screen)?.remove(0);
    // Before the function is started, so that a signal at any time stops it.
    let is_interrupted = Arc::new(AtomicBool::new(false));
    let running = Arc::new(OnceLock::<Arc<Emulator>>::new());
    let (interrupted, to_stop) = (Arc::clone(&is_interrupted), Arc::clone(&running));
    interrupt::on_interrupt(move || {
        interrupted.store(true, Ordering::SeqCst);
        if let Some(emulator) = to_stop.get() {
            emulator.stop();
        }
    })?;
    let started = settings.emulate(&function, &program).start();
    let emulator = Arc::new(
        started.map_err(|error| Failure::machine("the function could not be run", &error))?,
    );
    let emulator = running.get_or_init(|| emulator);
    if is_interrupted.load(Ordering::SeqCst) {
        emulator.stop();
    }
    let execution = if arguments.is_async {
        let invocation = emulator
            .invoke_async(Event::new(event))
            .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
        screen
            .step("Accepted", format_args!("asynchronous invocation {}", invocation.request_id()));
        let ended = invocation.wait(Duration::MAX);
        ended.ok_or_else(|| Failure::new(Exit::Failed, "the invocation has not ended"))?
    } else {
        emulator.invoke(Event::new(event))
    };
    let report = emulator.finish();
    if is_interrupted.load(Ordering::SeqCst) {
        return Err(Failure::new(Exit::Interrupted, "the invocation was interrupted"));
    }
    let (text, form) = match arguments.output {
        OutputFormat::Text => (format!("{execution:#}{}", after_the_response(&report)), Form::Text),
        OutputFormat::Json => (format!("{:#}\n", to_json(&execution, &report)), Form::Json),
    };
    let mut out = io::stdout();
    let text = if out.is_terminal() { printable(&text, form) } else { text.into() };
    // An error means that the reader of a pipe, such as `head`, is gone.
    let _ = out.write_all(text.as_bytes());
    if execution.response().is_some() && !report.errors.is_empty() {
        let errors = report.errors.join("\n");
        return Err(Failure::new(
            Exit::Failed,
            format!("the function failed after its response:\n{errors}"),
        ));
    }
    Ok(if execution.response().is_some() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(Exit::Failed as u8)
    })
}

/// The output of work after the response and of `pre_stop`, as a fourth part; empty if there is
/// none.
fn after_the_response(report: &ShutdownReport) -> String {
    let lines: String = report.lines.iter().map(|line| format!("{line}\n")).collect();
    if lines.is_empty() { lines } else { format!("--- after the response ---\n{lines}") }
}

/// The result as JSON. `return` is the response of the function: its JSON, or else a string.
fn to_json(execution: &Execution, report: &ShutdownReport) -> Value {
    let Execution { outcome, summary, log, .. } = execution;
    let error = match outcome {
        Outcome::Response(_) | Outcome::Streamed { .. } => Value::Null,
        Outcome::Error(error) => {
            let body = serde_json::from_slice(&error.body)
                .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&error.body)));
            json!({"by": "function", "type": error.error_type, "message": error.error_message, "body": body})
        }
        Outcome::Platform(error) => {
            json!({"by": "platform", "type": error.code(), "message": error.to_string()})
        }
    };
    let result = match outcome {
        Outcome::Response(body) => serde_json::from_slice(body)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(body))),
        Outcome::Error(_) | Outcome::Platform(_) | Outcome::Streamed { .. } => Value::Null,
    };
    json!({
        "ok": execution.response().is_some() && report.errors.is_empty(),
        "return": result,
        "error": error,
        "summary": {
            "request_id": summary.request_id,
            "duration_ms": summary.duration.as_secs_f64() * 1000.0,
            "billed_ms": u64::try_from(summary.billed_duration.as_millis()).unwrap_or(u64::MAX),
            "memory_mb": summary.memory_configured,
            "memory_used_bytes": summary.memory_used,
        },
        "log": log.full().lines().collect::<Vec<_>>(),
        "after": {"lines": report.lines, "errors": report.errors},
    })
}
