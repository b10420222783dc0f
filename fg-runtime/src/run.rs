//! The entry points: from a handler to a running program.

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use fg_core::{Context, Environment, Failure, Handler, HandlerRunner, Handlers, LogSink};
use tokio::runtime::RuntimeFlavor;

use crate::handler_choice::select;
use crate::invocation::Limits;
use crate::line::LineFormat;
use crate::log_sink::{Stream, StreamSink};
use crate::mode::Mode;
use crate::stderr::say;
use crate::system::input;
use crate::{event_loop, one_shot};

/// Runs a handler, or one of several, until the process should end: `fn main() -> ExitCode { fg::run::<greet>() }`.
///
/// What that means depends on where the program is:
///
/// | where | recognised by | what it does |
/// | --- | --- | --- |
/// | custom runtime (`Custom`) | `RUNTIME_API_ADDR` is set | takes events from the Runtime API, one at a time |
/// | a shell | standard input is a pipe or a file | the event from standard input, the reply to standard output, log and summary to standard error |
/// | anything else | | says what to type |
///
/// `FG_MODE=custom-runtime` or `FG_MODE=one-shot` overrides.
///
/// # Exit codes
///
/// 0: told to end, or the one invocation succeeded. 1: the function could not be initialised, the one invocation failed, or a handler
/// blocked past its deadline. 2: there is nothing to do here, and standard error says what to type.
#[must_use = "return the exit code from `main`"]
pub fn run<H: Handlers>() -> ExitCode {
    Runtime::new().run::<H>()
}

/// Like [`run`], on the tokio runtime of the caller, which needs its timers and its I/O enabled.
///
/// ```text
/// #[tokio::main]
/// async fn main() -> std::process::ExitCode {
///     fg::serve::<greet>().await
/// }
/// ```
#[must_use = "this is the exit code: return it from `main`"]
pub async fn serve<H: Handlers>() -> ExitCode {
    Runtime::new().serve::<H>().await
}

/// Settings for [`run`] and [`serve`], for the cases in which the defaults do not fit.
///
/// ```text
/// fn main() -> std::process::ExitCode {
///     fg::Runtime::new().threads(4).json_log(true).run::<greet>()
/// }
/// ```
#[derive(Debug)]
#[must_use = "call `.run::<H>()` or `.serve::<H>()`"]
pub struct Runtime {
    environment: Option<Environment>,
    threads: Option<usize>,
    report_timeouts: bool,
    json_log: bool,
    pipeline: bool,
}

impl Default for Runtime {
    fn default() -> Self {
        Self::new()
    }
}

impl Runtime {
    /// The defaults of [`run`].
    pub const fn new() -> Self {
        Self { environment: None, threads: None, report_timeouts: true, json_log: false, pipeline: false }
    }

    /// Sets how many threads run futures, with [`run`](Runtime::run). The default is one below 2000 millicores of CPU, and one per core
    /// from there on. A `blocking` handler always gets a thread of its own beside them.
    pub const fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Sets whether a handler that is about to exceed `RUNTIME_TIMEOUT` is dropped and reported as `FunctionTimeout`. The default is yes:
    /// otherwise the platform kills the instance without a word from the function.
    pub const fn report_timeouts(mut self, report: bool) -> Self {
        self.report_timeouts = report;
        self
    }

    /// Sets whether log lines are JSON objects with `time`, `requestId`, `level` and `message`. The default is the platform's own form.
    pub const fn json_log(mut self, json: bool) -> Self {
        self.json_log = json;
        self
    }

    /// Sets whether an answer and the request for the next event leave in one write, on the custom runtime; `FG_PIPELINE=1` does the same.
    ///
    /// It saves a round trip and half the system calls of a warm invocation. The default is no: HTTP/1.1 allows it, but nothing
    /// documents that the platform's server takes a second request before it has answered the first, and an instance whose request was
    /// lost would wait for ever. A server that closes the connection instead turns it off, with one line in the log.
    pub const fn pipeline(mut self, pipeline: bool) -> Self {
        self.pipeline = pipeline;
        self
    }

    /// Sets the function's settings, instead of reading them from the process's variables: for tests and emulators.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Builds a tokio runtime and runs a handler on it; see [`run`].
    #[must_use = "this is the exit code: return it from `main`"]
    pub fn run<H: Handlers>(mut self) -> ExitCode {
        let environment = self.environment.take().unwrap_or_else(Environment::from_process);
        match tokio_runtime(&environment, self.threads, H::BLOCKING) {
            Ok(runtime) => {
                let code = block_on(&runtime, Box::pin(self.environment(environment).serve::<H>()), H::BLOCKING);
                // Without waiting for threads that the handler has left behind: all that is owed has been answered.
                runtime.shutdown_background();
                code
            }
            Err(error) => {
                say(format_args!("fg: the async runtime cannot be started: {error}"));
                ExitCode::FAILURE
            }
        }
    }

    /// Runs a handler on the tokio runtime of the caller; see [`serve`].
    pub async fn serve<H: Handlers>(self) -> ExitCode {
        let environment = self.environment.unwrap_or_else(Environment::from_process);
        let wanted = std::env::var("FG_MODE").ok().filter(|mode| !mode.is_empty());
        let mode = match Mode::decide(&environment, wanted.as_deref(), input()) {
            Ok(mode) => mode,
            Err(text) => {
                say(text);
                return ExitCode::from(2);
            }
        };
        let stream = if mode == Mode::OneShot { Stream::Stderr } else { Stream::Stdout };
        let format = if self.json_log { LineFormat::Json } else { LineFormat::Text };
        let limits = Limits { response_size: environment.max_response_size(), timeouts: self.report_timeouts };
        let selected = select(H::NAMES, environment.handler());
        let mut start = Start::new(environment, Arc::new(StreamSink::new(stream, format)), limits, mode);
        start.pipeline = self.pipeline || std::env::var("FG_PIPELINE").is_ok_and(|set| set == "1");
        start.prepare_log();
        let index = selected.unwrap_or_else(|failure| {
            start.no_handler = Some(failure);
            0
        });
        H::run_with(index, start).await
    }
}

/// [`Runtime::serve`] of any handler. Boxed once, so that tokio's part is not compiled for each handler.
type Serving = Pin<Box<dyn Future<Output = ExitCode> + Send>>;

/// Runs the future to its end. With several threads it runs on those that wait for the network, so that an event does not wake two
/// threads after one another; a blocking handler has the main thread to itself instead.
fn block_on(runtime: &tokio::runtime::Runtime, mut serving: Serving, blocking: bool) -> ExitCode {
    if !blocking && runtime.handle().runtime_flavor() == RuntimeFlavor::MultiThread {
        let task = runtime.spawn(serving);
        serving = Box::pin(async { task.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())) });
    }
    runtime.block_on(serving)
}

/// One thread is the fastest where there is less than two cores; a blocking handler needs others beside its own.
fn tokio_runtime(environment: &Environment, threads: Option<usize>, blocking: bool) -> std::io::Result<tokio::runtime::Runtime> {
    const TWO_CORES: u32 = 2000;
    let by_cpu = usize::try_from(environment.cpu_number().max(TWO_CORES / 2) / (TWO_CORES / 2)).unwrap_or(1);
    let threads = threads.unwrap_or(by_cpu).max(1);
    let mut builder = if threads == 1 && !blocking {
        tokio::runtime::Builder::new_current_thread()
    } else {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(threads);
        builder
    };
    builder.enable_all().build()
}

/// Everything that is decided before the handler starts.
pub(crate) struct Start {
    environment: Arc<Environment>,
    sink: Arc<dyn LogSink>,
    pub(crate) limits: Limits,
    pub(crate) pipeline: bool,
    /// Why there is no handler to run, whichever is handed over.
    pub(crate) no_handler: Option<Failure>,
    mode: Mode,
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start").field("mode", &self.mode).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Start {
    pub(crate) fn new(environment: Environment, sink: Arc<dyn LogSink>, limits: Limits, mode: Mode) -> Self {
        Self { environment: Arc::new(environment), sink, limits, pipeline: false, no_handler: None, mode }
    }

    /// A context for the time before the first invocation.
    pub(crate) fn context(&self) -> Context {
        Context::between_invocations(Arc::clone(&self.environment), Arc::clone(&self.sink))
    }

    /// Says what is wrong with the environment, and sends the lines of `log` and `tracing` where ours go.
    fn prepare_log(&self) {
        let ctx = self.context();
        #[cfg(feature = "log")]
        crate::log_bridge::install(ctx.logger());
        #[cfg(feature = "tracing")]
        crate::tracing_layer::install(ctx.logger());
        // In a shell it is no wonder that the platform's variables are missing.
        let missing = if self.mode == Mode::OneShot { &[] } else { self.environment.missing() };
        for warning in self.environment.warnings().iter().chain(missing) {
            ctx.logger().warn(warning);
        }
    }
}

impl HandlerRunner for Start {
    type Output = ExitCode;

    async fn run<H: Handler>(self) -> ExitCode {
        match self.mode.clone() {
            Mode::CustomRuntime(address) => event_loop::run::<H>(self, address).await,
            Mode::OneShot => one_shot::run::<H>(self).await,
        }
    }
}
