//! `cargo fg invoke`: builds a function, runs it once as the platform does, and shows the three
//! parts of the result.

mod event;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::{Args, ValueEnum};
use fg_emulator::{Emulator, Event, Execution, Outcome, ShutdownReport};
use serde_json::{Value, json};

use crate::arguments::Selection;
use crate::compile::Compile;
use crate::failure::{Exit, Failure};
use crate::interrupt;
use crate::invoke::event::EventSource;
use crate::printable::{Form, printable};
use crate::project::{Project, Wanted};
use crate::screen::Screen;
use crate::settings::{Settings, SettingsFlags, warn_of_secrets};

/// Builds the function and runs it once, with the environment, the limits and the deadline of the
/// platform
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

Shows what the platform's console shows: function return, execution summary, log; and under them
what the function writes after its answer: in spawn_after, in pre_stop. On a terminal control
characters of the function's and of its caller's are shown as \\u{1b} and not obeyed, and colours
are left out.
The exit code is 0 if the function returned a result, and 1 if it did not, or if it panicked or
logged an ERROR after its answer.")]
pub(crate) struct InvokeArguments {
    /// Queues the event as an asynchronous invocation (at most 256 KB), and shows what came of it
    #[arg(long = "async")]
    is_async: bool,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = OutputForm::Text)]
    output: OutputForm,
    #[command(flatten)]
    event: EventSource,
    #[command(flatten)]
    selection: Selection,
    /// Features of the package, as cargo takes them
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OutputForm {
    /// For people
    Text,
    /// For programs: an object with `ok`, `return`, `error`, `summary`, `log`, `after`
    Json,
}

/// A function that is named without a flag is a program.
fn wanted(selection: &Selection, named: Option<&str>) -> Result<Wanted, Failure> {
    let mut wanted = selection.wanted();
    if let Some(name) = named {
        if !wanted.bins.is_empty() || wanted.example.is_some() {
            return Err(Failure::usage(
                "the function is named twice: with a flag, and without one",
            )
            .advise("leave one of them out"));
        }
        wanted.bins.push(name.to_owned());
    }
    Ok(wanted)
}

pub(crate) fn run(arguments: &InvokeArguments, screen: Screen) -> Result<ExitCode, Failure> {
    let (event, named) = arguments.event.read(screen)?;
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
    // Before anything is started: whenever the interruption comes, what has been started by then is
    // ended.
    let is_interrupted = Arc::new(AtomicBool::new(false));
    let running = Arc::new(Mutex::new(None::<Arc<Emulator>>));
    let (interrupted, to_stop) = (Arc::clone(&is_interrupted), Arc::clone(&running));
    interrupt::on_interrupt(move || {
        interrupted.store(true, Ordering::SeqCst);
        let emulator = to_stop.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(emulator) = emulator {
            emulator.stop();
        }
    })?;
    let started = settings.emulate(&function, &program).start();
    let emulator = Arc::new(
        started.map_err(|error| Failure::machine("the function could not be run", &error))?,
    );
    *running.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&emulator));
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
        ended.ok_or_else(|| Failure::new(Exit::Failed, "the invocation has not come to an end"))?
    } else {
        emulator.invoke(Event::new(event))
    };
    let report = emulator.finish();
    if is_interrupted.load(Ordering::SeqCst) {
        return Err(Failure::new(Exit::Interrupted, "the invocation was interrupted"));
    }
    let (text, form) = match arguments.output {
        OutputForm::Text => (format!("{execution:#}{}", after_the_answer(&report)), Form::Text),
        OutputForm::Json => (format!("{:#}\n", to_json(&execution, &report)), Form::Json),
    };
    let mut out = io::stdout();
    let text = if out.is_terminal() { printable(&text, form) } else { text.into() };
    // The reader may have seen enough.
    let _ = out.write_all(text.as_bytes());
    if execution.response().is_some() && !report.errors.is_empty() {
        let errors = report.errors.join("\n");
        return Err(Failure::new(
            Exit::Failed,
            format!("the function has answered, and failed after that:\n{errors}"),
        ));
    }
    Ok(if execution.response().is_some() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(Exit::Failed as u8)
    })
}

/// A fourth part, where there is one: what work after the answer, and the end, have written.
fn after_the_answer(report: &ShutdownReport) -> String {
    let lines: String = report.lines.iter().map(|line| format!("{line}\n")).collect();
    if lines.is_empty() { lines } else { format!("--- after the answer ---\n{lines}") }
}

/// `return` is what the function returned: JSON where it is JSON, else a text.
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
