//! The entry points: from a handler to a running program.

mod handler_choice;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "http")]
pub mod layers;
pub(crate) mod make_state;
pub(crate) mod mode;
pub(crate) mod surrounding_runtime;

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use fg_core::{Context, Environment, Failure, Handler, HandlerRunner, Handlers, LogSink};
use tokio::runtime::RuntimeFlavor;

use crate::custom_runtime::event_loop;
use crate::invocation::call::Limits;
use crate::invocation::error_audience::Caller;
use crate::invocation::panics;
use crate::invocation::watchdog;
use crate::log::format::LineFormat;
use crate::log::runtime_log::{self, say, say_lines};
use crate::log::sink::StreamSink;
use crate::one_shot;
use crate::run::handler_choice::select;
use crate::run::make_state::{ByInit, MakeState};
use crate::run::mode::{Mode, Surroundings};
use crate::run::surrounding_runtime::{EntryPoint, beside, check_there_is_one, is_on_one_thread};
use crate::system::{Input, input};

/// Runs a handler, or one of several, until the process should end: `fn main() -> ExitCode {
/// fg::run::<greet>() }`.
///
/// What that means depends on where the program is:
///
/// | where | recognised by | what it does |
/// | --- | --- | --- |
/// | custom runtime (`Custom`) | `RUNTIME_API_ADDR` is set | takes events from the Runtime API, one at a time |
/// | container image, another engine (feature `server`) | `RUNTIME_FUNC_NAME`, `FG_PORT` or `PORT` is set, or standard input is `/dev/null` | serves HTTP on port 8000: `POST /invoke`, CloudEvents, probes |
/// | a shell | standard input is a pipe or a file | the event from standard input, the reply to standard output, log and summary to standard error |
/// | anything else | | says what to type |
///
/// `FG_MODE=custom-runtime`, `FG_MODE=server` or `FG_MODE=one-shot` overrides. The port of the
/// server is `FG_PORT`, else `PORT`, else 8000.
///
/// In a shell, [`Context::credentials`](fg_core::Context::credentials) has something if
/// `FG_CREDENTIALS=env` asks for it: the keys that the platform's SDKs read, from
/// `HUAWEICLOUD_SDK_AK`, `HUAWEICLOUD_SDK_SK` and `HUAWEICLOUD_SDK_SECURITY_TOKEN`, else from
/// `HW_ACCESS_KEY` and its kin, else from `OS_ACCESS_KEY`. Keys that do not expire have an empty
/// token.
///
/// # Exit codes
///
/// 0: told to end, or the one invocation succeeded. 1: the function could not be initialised, the
/// one invocation failed, code of the function's blocked its thread past its limit, or the port
/// cannot be listened on. 2: there is nothing to do here, and standard error says what to type. 130
/// and 143: told to end a second time. `docs/lifecycle.md` has the limits, and what happens in each
/// state.
///
/// It starts a tokio runtime, so it cannot be called in one: under `#[tokio::main]` it says so and
/// gives 2. [`serve`] is for there.
#[must_use = "return the exit code from `main`"]
pub fn run<H: Handlers>(/* nothing: write `fg::run::<greet>()` */) -> ExitCode {
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
///
/// Where that has one thread (`flavor = "current_thread"`), a `blocking` handler and its `init` run
/// on a runtime of several threads beside it.
#[must_use = "this is the exit code: return it from `main`"]
pub async fn serve<H: Handlers>(/* nothing: write `fg::serve::<greet>().await` */) -> ExitCode {
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
    pub(crate) threads: Option<usize>,
    report_timeouts: bool,
    json_log: bool,
    pipeline: bool,
    is_whole_program: bool,
    #[cfg(feature = "http")]
    platform_routes: Option<bool>,
}

impl Default for Runtime {
    fn default() -> Self {
        Self::new()
    }
}

impl Runtime {
    /// The defaults of [`run`].
    pub const fn new() -> Self {
        Self {
            environment: None,
            threads: None,
            report_timeouts: true,
            json_log: false,
            pipeline: false,
            is_whole_program: false,
            #[cfg(feature = "http")]
            platform_routes: None,
        }
    }

    /// Sets how many threads run futures, with [`run`](Runtime::run). The default is one below 2000
    /// millicores of CPU, and one per core from there on. A `blocking` handler always gets a thread
    /// of its own beside them.
    ///
    /// With one thread, `tokio::task::block_in_place` in a handler that is `async` is a panic,
    /// which the caller gets as an error that says what to do. `tokio::task::spawn_blocking` and a
    /// `blocking` handler work with any number, and so does `block_in_place` from two on.
    pub const fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Sets whether a handler that is about to exceed `RUNTIME_TIMEOUT` is dropped and reported as
    /// `FunctionTimeout`. The default is yes: otherwise the platform kills the instance without a
    /// word from the function.
    pub const fn report_timeouts(mut self, report: bool) -> Self {
        self.report_timeouts = report;
        self
    }

    /// Sets whether log lines are JSON objects; `FG_LOG_FORMAT=json` or `text` comes before it. The
    /// default is the platform's own form.
    ///
    /// An object has `time`, `requestId` (`""` outside of invocations), `level` and `message`; of
    /// the crates `log` and `tracing` also `target`, `fields` (an object) and `spans` (a list of
    /// objects with `name` and the span's fields, outermost first). A message that is longer than
    /// 90 KiB goes on in further objects, which have `"continued":"true"`.
    pub const fn json_log(mut self, json: bool) -> Self {
        self.json_log = json;
        self
    }

    /// Sets whether an answer and the request for the next event leave in one write, on the custom
    /// runtime; `FG_PIPELINE=1` does the same.
    ///
    /// It saves a round trip and half the system calls of a warm invocation. The default is no:
    /// HTTP/1.1 allows it, but nothing documents that the platform's server takes a second request
    /// before it has answered the first, and an instance whose request was lost would wait for
    /// ever. A server that closes the connection instead turns it off, with one line in the log.
    pub const fn pipeline(mut self, pipeline: bool) -> Self {
        self.pipeline = pipeline;
        self
    }

    /// Sets whether the server keeps `/invoke`, `/init`, `/healthz` and `/shutdown` for the
    /// platform, where the function takes HTTP requests.
    ///
    /// The default is yes for a handler of `fg::http::Request`, which may be an event function in a
    /// container image; and no for [`fg::http::run`](crate::run::http::run), since all paths of an HTTP
    /// function are the user's.
    #[cfg(feature = "http")]
    pub const fn platform_routes(mut self, keep: bool) -> Self {
        self.platform_routes = Some(keep);
        self
    }

    /// Sets the function's settings, instead of reading them from the process's variables: for
    /// tests and emulators.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Builds a tokio runtime and runs a handler on it; see [`run`].
    #[must_use = "this is the exit code: return it from `main`"]
    pub fn run<H: Handlers>(mut self /* no more: write `.run::<greet>()` */) -> ExitCode {
        const HERE: EntryPoint = EntryPoint { run: "fg::run", serve: "fg::serve::<..>()" };
        let environment = self.take_environment_to_run();
        match HERE.check().and_then(|()| tokio_runtime(&environment, self.threads, H::BLOCKING)) {
            Ok(runtime) => block_on(
                runtime,
                Box::pin(self.environment(environment).serve_here::<H>()),
                H::BLOCKING,
            ),
            Err(code) => code,
        }
    }

    /// Runs a handler on the tokio runtime of the caller; see [`serve`].
    pub async fn serve<H: Handlers>(
        mut self, /* no more: write `.serve::<greet>().await` */
    ) -> ExitCode {
        if H::BLOCKING && is_on_one_thread() {
            let environment = self.take_environment();
            return match tokio_runtime(&environment, self.threads, true) {
                Ok(runtime) => {
                    beside(runtime, Box::pin(self.environment(environment).serve_here::<H>())).await
                }
                Err(code) => code,
            };
        }
        self.serve_here::<H>().await
    }

    async fn serve_here<H: Handlers>(self) -> ExitCode {
        let mut start = match self.start(false) {
            Ok(start) => start,
            Err(code) => return code,
        };
        let index = select(H::NAMES, start.environment.handler()).unwrap_or_else(|failure| {
            start.no_handler = Some(failure);
            0
        });
        H::run_with(index, start).await
    }

    pub(crate) fn take_environment(&mut self) -> Environment {
        self.environment.take().unwrap_or_else(Environment::from_process)
    }

    /// As [`take_environment`](Self::take_environment), for what runs on a tokio runtime of its own
    /// until the process ends.
    pub(crate) fn take_environment_to_run(&mut self) -> Environment {
        self.is_whole_program = true;
        self.take_environment()
    }

    /// Decides what there is to decide before the handler starts; the exit code where nothing can
    /// be done.
    pub(crate) fn start(mut self, is_service: bool) -> Result<Start, ExitCode> {
        check_there_is_one()?;
        let environment = self.take_environment();
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let wanted = variable("FG_MODE");
        let has_port = variable("FG_PORT").or_else(|| variable("PORT")).is_some();
        // On the platform's custom runtime it does not matter, and to look takes four system calls.
        let input = if environment.api_address().is_some() { Input::Nothing } else { input() };
        let surroundings = Surroundings { wanted: wanted.as_deref(), has_port, input, is_service };
        let mode = Mode::decide(&environment, surroundings).map_err(|text| {
            say_lines(text);
            ExitCode::from(2)
        })?;
        let stream = mode.log_stream();
        let format = LineFormat::of(&environment, self.json_log);
        let limits = Limits {
            response_size: environment.max_response_size(),
            timeouts: self.report_timeouts,
        };
        let mut start =
            Start::new(environment, Arc::new(StreamSink::new(stream, format)), limits, mode);
        start.is_whole_program = self.is_whole_program;
        start.pipeline = self.pipeline || std::env::var("FG_PIPELINE").is_ok_and(|set| set == "1");
        #[cfg(feature = "http")]
        {
            start.platform_routes = self.platform_routes.unwrap_or(!is_service);
        }
        start.prepare_log();
        match Caller::of_http(variable("FG_HTTP_ERRORS").as_deref()) {
            Ok(caller) => start.http_caller = caller,
            Err(warning) => runtime_log::of(start.context().logger()).warn(warning),
        }
        Ok(start)
    }
}

/// [`Runtime::serve`] of any handler. Boxed once, so that tokio's part is not compiled for each
/// handler.
pub(crate) type Serving = Pin<Box<dyn Future<Output = ExitCode> + Send>>;

/// Runs the future to its end. With several threads it runs on those that wait for the network, so
/// that an event does not wake two threads after one another; a blocking handler has the main
/// thread to itself instead.
pub(crate) fn block_on(
    runtime: tokio::runtime::Runtime,
    mut serving: Serving,
    blocking: bool,
) -> ExitCode {
    if !blocking && runtime.handle().runtime_flavor() == RuntimeFlavor::MultiThread {
        let task = runtime.spawn(serving);
        serving = Box::pin(async {
            task.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
        });
    }
    let code = runtime.block_on(serving);
    // Without waiting for threads that the handler has left behind: all that is owed has been
    // answered.
    runtime.shutdown_background();
    watchdog::let_go(code);
    code
}

/// One thread is the fastest where there is less than two cores; a blocking handler needs others
/// beside its own.
pub(crate) fn tokio_runtime(
    environment: &Environment,
    threads: Option<usize>,
    blocking: bool,
) -> Result<tokio::runtime::Runtime, ExitCode> {
    const TWO_CORES: u32 = 2000;
    let by_cpu =
        usize::try_from(environment.cpu_number().max(TWO_CORES / 2) / (TWO_CORES / 2)).unwrap_or(1);
    let threads = threads.unwrap_or(by_cpu).max(1);
    let mut builder = if threads == 1 && !blocking {
        tokio::runtime::Builder::new_current_thread()
    } else {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(threads);
        builder
    };
    let cannot = |error: &dyn std::fmt::Display| {
        say(format_args!("fg: the async runtime cannot be started: {error}"));
        ExitCode::FAILURE
    };
    // tokio panics where it cannot make its threads.
    panics::install_hook();
    match panics::catch_quietly(|| builder.enable_all().build()) {
        Ok(built) => built.map_err(|error| cannot(&error)),
        Err(failure) => {
            say(format_args!(
                "fg: running on one thread, since there are no others to be had: {}",
                failure.message()
            ));
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| cannot(&error))
        }
    }
}

/// Everything that is decided before the handler starts.
pub(crate) struct Start {
    environment: Arc<Environment>,
    sink: Arc<dyn LogSink>,
    pub(crate) limits: Limits,
    pub(crate) pipeline: bool,
    /// Whether there is nothing after it but the end of the process.
    pub(crate) is_whole_program: bool,
    /// Who gets the errors of a function of HTTP requests.
    pub(crate) http_caller: Caller,
    /// Why there is no handler to run, whichever is handed over.
    pub(crate) no_handler: Option<Failure>,
    /// Whether the server keeps the platform's routes for itself, where the function takes HTTP
    /// requests.
    #[cfg(feature = "http")]
    pub(crate) platform_routes: bool,
    pub(crate) mode: Mode,
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start")
            .field("mode", &self.mode)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Start {
    pub(crate) fn new(
        environment: Environment,
        sink: Arc<dyn LogSink>,
        limits: Limits,
        mode: Mode,
    ) -> Self {
        Self {
            environment: Arc::new(environment),
            sink,
            limits,
            pipeline: false,
            is_whole_program: false,
            http_caller: Caller::Stranger,
            no_handler: None,
            #[cfg(feature = "http")]
            platform_routes: true,
            mode,
        }
    }

    /// The function's settings.
    #[cfg(feature = "server")]
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// How long an invocation may take; `None` for any time.
    pub(crate) fn invocation_limit(&self) -> Option<Duration> {
        self.limits.timeouts.then(|| self.environment.timeout())
    }

    /// Who gets the errors of this handler.
    pub(crate) const fn caller<H: Handler>(&self) -> Caller {
        if H::HTTP { self.http_caller } else { Caller::Platform }
    }

    /// A context for the time before the first invocation.
    pub(crate) fn context(&self) -> Context {
        Context::between_invocations(Arc::clone(&self.environment), Arc::clone(&self.sink))
    }

    /// Says what is wrong with the environment, and sends the records of `log` where ours go.
    fn prepare_log(&self) {
        let ctx = self.context();
        #[cfg(feature = "tracing")]
        crate::log::tracing_layer::set_process_logger(ctx.logger());
        #[cfg(all(feature = "log", not(feature = "tracing")))]
        crate::log::log_crate::install(ctx.logger());
        // Elsewhere it is no wonder that the platform's variables are missing.
        let missing = if matches!(self.mode, Mode::CustomRuntime(_)) {
            self.environment.missing()
        } else {
            &[]
        };
        for warning in self.environment.warnings().iter().chain(missing) {
            runtime_log::of(ctx.logger()).warn(warning);
        }
    }
}

impl Start {
    /// The function has been initialised, and whatever `init` may have set has been: what has not
    /// been set by now is ours.
    ///
    /// A subscriber of `tracing` may want to be the logger of `log` as well, so with both features
    /// ours waits for that too.
    pub(crate) fn complete_log(&self) {
        #[cfg(feature = "tracing")]
        {
            let ctx = self.context();
            crate::log::tracing_layer::install(ctx.logger());
            #[cfg(feature = "log")]
            crate::log::log_crate::install(ctx.logger());
        }
    }

    /// Runs a handler whose state is made by this.
    pub(crate) async fn run_made<H: Handler>(self, make: impl MakeState<H>) -> ExitCode {
        match self.mode.clone() {
            Mode::CustomRuntime(address) => event_loop::run::<H>(self, address, make).await,
            #[cfg(feature = "server")]
            Mode::Server => crate::server::run::<H>(self, make).await,
            Mode::OneShot => one_shot::run::<H>(self, make).await,
        }
    }
}

impl HandlerRunner for Start {
    type Output = ExitCode;

    async fn run<H: Handler>(self) -> ExitCode {
        self.run_made::<H>(ByInit).await
    }
}
