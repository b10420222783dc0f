//! A function as a value: its source and its settings.

use std::process::ExitCode;
use std::sync::Arc;

use fg_core::{Environment, Handlers};

use crate::custom_runtime::event_loop;
use crate::invocation::error_audience::ErrorAudience;
use crate::invocation::limits::Limits;
use crate::log::format::LineFormat;
use crate::log::runtime_log::{self, report_lines};
use crate::log::sink::StreamSink;
use crate::mode::{LaunchConditions, Mode};
use crate::one_shot;
use crate::run::source::{FromHandlers, Source};
use crate::run::surrounding_runtime::{
    check_no_runtime, check_runtime, is_single_threaded, run_beside,
};
use crate::run::tokio_runtime::{block_on, tokio_runtime};
#[cfg(feature = "http")]
use crate::start::PlatformRoutes;
use crate::start::Start;
use crate::system::{Input, input};

/// A function: handlers or an HTTP service, with tower layers around it and a few settings.
///
/// | made from | by |
/// | --- | --- |
/// | a handler, or a tuple of two to eight | [`Function::of`] |
/// | an HTTP service, such as an axum `Router` | [`Function::http`] |
/// | an `async fn` that makes such a service | [`Function::http_with`] |
///
/// Each kind takes tower layers with `layer`, is called in a unit test with
/// [`testing::invoke`](crate::testing::invoke), and runs with [`run`](Self::run) or
/// [`run_async`](Self::run_async).
///
/// ```text
/// fn function() -> fg::Function<impl fg::Source> {
///     fg::Function::of::<(greet, farewell)>().layer(TimeoutLayer::new(..)).json_log(true)
/// }
///
/// fn main() -> std::process::ExitCode {
///     function().run()
/// }
/// ```
#[derive(Debug)]
#[must_use = "call `.run()` or `.run_async()`"]
pub struct Function<S> {
    pub(crate) source: S,
    pub(crate) settings: Settings,
}

/// The settings of a function.
#[derive(Debug)]
pub(crate) struct Settings {
    /// `None` until it is read from the process.
    environment: Option<Arc<Environment>>,
    threads: Option<usize>,
    report_timeouts: bool,
    json_log: bool,
    pipeline: bool,
    is_whole_program: bool,
    #[cfg(feature = "http")]
    platform_routes: Option<bool>,
}

/// The type parameter of the constructors, which have no source yet.
#[derive(Debug)]
pub struct NoSource(());

impl Function<NoSource> {
    /// Makes a function from a handler, or from a tuple of two to eight handlers of which
    /// `RUNTIME_HANDLER` selects one: `Function::of::<greet>()`.
    pub fn of<H: Handlers>(/* nothing: write `Function::of::<greet>()` */)
     -> Function<FromHandlers<H>> {
        Function::from_source(FromHandlers::new())
    }
}

impl<S> Function<S> {
    /// Creates a function with the default settings.
    pub(crate) const fn from_source(source: S) -> Self {
        let settings = Settings {
            environment: None,
            threads: None,
            report_timeouts: true,
            json_log: false,
            pipeline: false,
            is_whole_program: false,
            #[cfg(feature = "http")]
            platform_routes: None,
        };
        Self { source, settings }
    }

    /// Replaces the source and keeps the settings.
    #[cfg(feature = "http")]
    pub(crate) fn map<T>(self, change: impl FnOnce(S) -> T) -> Function<T> {
        Function { source: change(self.source), settings: self.settings }
    }

    /// Sets how many threads poll futures, with [`run`](Self::run). The default is one below 2000
    /// millicores of CPU, and otherwise one per core. A `blocking` handler always gets an
    /// additional thread of its own.
    ///
    /// With one thread, `tokio::task::block_in_place` in an `async` handler panics, and the caller
    /// gets an error with advice. `tokio::task::spawn_blocking` and a `blocking` handler work with
    /// any number of threads, and `block_in_place` with two or more.
    pub fn threads(mut self, threads: usize) -> Self {
        self.settings.threads = Some(threads);
        self
    }

    /// Sets whether a handler that is about to exceed `RUNTIME_TIMEOUT` is dropped and reported as
    /// `FunctionTimeout`. The default is `true`: otherwise the platform kills the instance without
    /// an error from the function.
    pub fn report_timeouts(mut self, report: bool) -> Self {
        self.settings.report_timeouts = report;
        self
    }

    /// Sets whether log lines are JSON objects. `FG_LOG_FORMAT=json` or `text` takes precedence.
    /// The default is the platform's own format.
    ///
    /// An object has `time`, `requestId` (`""` outside of invocations), `level` and `message`.
    /// Records of the crates `log` and `tracing` also have `target`, `fields` (an object) and
    /// `spans` (a list of objects with `name` and the span's fields, outermost first). A message
    /// that is longer than 90 KiB is continued in further objects, which have `"continued":"true"`.
    pub fn json_log(mut self, json: bool) -> Self {
        self.settings.json_log = json;
        self
    }

    /// Sets whether an answer and the request for the next event are sent in one write, on the
    /// custom runtime. `FG_PIPELINE=1` does the same.
    ///
    /// It saves a round trip and half the system calls of a warm invocation. The default is
    /// `false`: HTTP/1.1 allows pipelining, but no document states that the platform's server
    /// accepts a second request before it has answered the first, and an instance whose request was
    /// lost would wait forever. A server that closes the connection instead turns it off, with one
    /// line in the log.
    pub fn pipeline(mut self, pipeline: bool) -> Self {
        self.settings.pipeline = pipeline;
        self
    }

    /// Sets whether the server reserves `/invoke`, `/init`, `/healthz` and `/shutdown` for the
    /// platform if the function takes HTTP requests.
    ///
    /// The default is `true` for a handler of `fg::http::Request`, which may be an event function
    /// in a container image. It is `false` for a service, since all paths of an HTTP function
    /// belong to the user. But a service with an init phase keeps `GET /healthz`, which is 200 once
    /// the service is initialized.
    #[cfg(feature = "http")]
    pub fn platform_routes(mut self, keep: bool) -> Self {
        self.settings.platform_routes = Some(keep);
        self
    }

    /// Sets the function's environment, instead of reading it from the process's variables: for
    /// tests and emulators.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.settings.environment = Some(Arc::new(environment));
        self
    }
}

impl<S: Source> Function<S> {
    /// Builds a tokio runtime and runs the function on it until the process should end. See
    /// [`run`](crate::run()) for the modes and the exit codes.
    #[must_use = "this is the exit code: return it from `main`"]
    pub fn run(mut self) -> ExitCode {
        if let Err(code) = check_no_runtime(S::RUN_ASYNC) {
            return code;
        }
        self.settings.is_whole_program = true;
        let (environment, threads) = (self.settings.environment(), self.settings.threads);
        match tokio_runtime(&environment, threads, S::BLOCKING) {
            Ok(runtime) => block_on(runtime, Box::pin(self.run_here()), S::BLOCKING),
            Err(code) => code,
        }
    }

    /// Runs the function on the caller's tokio runtime, which needs timers and I/O enabled.
    ///
    /// ```text
    /// #[tokio::main]
    /// async fn main() -> std::process::ExitCode {
    ///     fg::Function::of::<greet>().run_async().await
    /// }
    /// ```
    ///
    /// If the runtime is single-threaded (`flavor = "current_thread"`), a `blocking` handler and
    /// its `init` run on an additional multi-threaded runtime.
    #[must_use = "this is the exit code: return it from `main`"]
    pub async fn run_async(mut self) -> ExitCode {
        if !(S::BLOCKING && is_single_threaded()) {
            return self.run_here().await;
        }
        let (environment, threads) = (self.settings.environment(), self.settings.threads);
        match tokio_runtime(&environment, threads, true) {
            Ok(runtime) => run_beside(runtime, Box::pin(self.run_here())).await,
            Err(code) => code,
        }
    }

    async fn run_here(self) -> ExitCode {
        let Self { mut source, settings } = self;
        let (mode, mut start) = match settings.start::<S>() {
            Ok(started) => started,
            Err(code) => return code,
        };
        start.no_handler = source.choose(start.environment().handler()).err();
        match mode {
            Mode::CustomRuntime(address) => event_loop::run(start, address, source).await,
            #[cfg(feature = "server")]
            Mode::Server => source.serve(start).await,
            Mode::OneShot => one_shot::run(start, source).await,
        }
    }
}

impl Settings {
    /// The environment that is set, or that of the process.
    fn environment(&mut self) -> Arc<Environment> {
        let environment =
            self.environment.get_or_insert_with(|| Arc::new(Environment::from_process()));
        Arc::clone(environment)
    }

    /// Decides everything that is known before the function is initialized. `Err` is the exit code
    /// if the function cannot run.
    fn start<S: Source>(mut self) -> Result<(Mode, Start), ExitCode> {
        check_runtime()?;
        let environment = self.environment();
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let wanted = variable("FG_MODE");
        // Not needed on the custom runtime, where the input would cost four system calls.
        let (has_port, input) = match environment.api_address() {
            Some(_) => (false, Input::Nothing),
            None => (variable("FG_PORT").or_else(|| variable("PORT")).is_some(), input()),
        };
        let conditions = LaunchConditions {
            wanted: wanted.as_deref(),
            has_port,
            input,
            is_service: S::IS_SERVICE,
        };
        let mode = Mode::decide(&environment, conditions).map_err(|text| {
            report_lines(text);
            ExitCode::from(2)
        })?;
        let sink = StreamSink::new(mode.log_stream(), LineFormat::of(&environment, self.json_log));
        let limits = Limits {
            response_size: environment.max_response_size(),
            timeouts: self.report_timeouts,
        };
        let mut start = Start::new(environment, Arc::new(sink), limits);
        start.is_whole_program = self.is_whole_program;
        start.pipeline = self.pipeline || std::env::var("FG_PIPELINE").is_ok_and(|set| set == "1");
        #[cfg(feature = "http")]
        {
            start.platform_routes = match self.platform_routes {
                Some(true) => PlatformRoutes::All,
                Some(false) => PlatformRoutes::None,
                None => S::PLATFORM_ROUTES,
            };
        }
        start.prepare_log(matches!(mode, Mode::CustomRuntime(_)));
        // No other function takes HTTP requests.
        if cfg!(feature = "http") {
            match ErrorAudience::of_http(variable("FG_HTTP_ERRORS").as_deref()) {
                Ok(audience) => start.http_audience = audience,
                Err(warning) => runtime_log::of(start.context().logger()).warn(warning),
            }
        }
        Ok((mode, start))
    }
}
