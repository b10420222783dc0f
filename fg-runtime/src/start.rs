//! The settings that are decided before a function is initialized.

use std::sync::Arc;
use std::time::Duration;

use fg_core::__private::lifecycle;
use fg_core::{Context, Environment, Failure, LogSink};

use crate::invocation::error_audience::ErrorAudience;
use crate::invocation::limits::Limits;
use crate::log::runtime_log;

/// The settings, the log and the limits of a function.
#[cfg_attr(
    not(feature = "server"),
    allow(unreachable_pub, reason = "the server is behind a sealed trait")
)]
pub struct Start {
    environment: Arc<Environment>,
    sink: Arc<dyn LogSink>,
    pub(crate) limits: Limits,
    pub(crate) pipeline: bool,
    /// Whether the process ends when the function does.
    pub(crate) is_whole_program: bool,
    /// The audience of errors if the function takes HTTP requests.
    pub(crate) http_audience: ErrorAudience,
    /// The error if no handler could be chosen.
    pub(crate) no_handler: Option<Failure>,
    /// The routes that the server reserves for the platform, if the function takes HTTP requests.
    #[cfg(feature = "http")]
    pub(crate) platform_routes: PlatformRoutes,
}

/// The routes of an HTTP function that are reserved for the platform.
#[cfg(feature = "http")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlatformRoutes {
    /// `/invoke`, `/init`, `/healthz` and `/shutdown`.
    All,
    /// The readiness probe alone.
    Healthz,
    /// All paths belong to the function.
    None,
}

#[cfg(feature = "http")]
impl PlatformRoutes {
    /// Whether this path is reserved for the platform.
    #[cfg(feature = "server")]
    pub(crate) fn contain(self, path: &str) -> bool {
        match self {
            Self::All => matches!(path, "/invoke" | "/init" | "/healthz" | "/shutdown"),
            Self::Healthz => path == "/healthz",
            Self::None => false,
        }
    }
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Start {
    pub(crate) fn new(
        environment: Arc<Environment>,
        sink: Arc<dyn LogSink>,
        limits: Limits,
    ) -> Self {
        Self {
            environment,
            sink,
            limits,
            pipeline: false,
            is_whole_program: false,
            http_audience: ErrorAudience::HttpClient,
            no_handler: None,
            #[cfg(feature = "http")]
            platform_routes: PlatformRoutes::All,
        }
    }

    /// The function's settings.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The time limit of an invocation; `None` if there is none.
    pub(crate) fn invocation_limit(&self) -> Option<Duration> {
        self.limits.timeouts.then(|| self.environment.timeout())
    }

    /// The audience of errors.
    pub(crate) const fn audience(&self, takes_http: bool) -> ErrorAudience {
        if takes_http { self.http_audience } else { ErrorAudience::Owner }
    }

    /// Creates the context for the time before the first invocation.
    pub(crate) fn context(&self) -> Context {
        lifecycle::between_invocations(Arc::clone(&self.environment), Arc::clone(&self.sink))
    }

    /// Logs problems of the environment, and installs the logger of the crate `log`.
    pub(crate) fn prepare_log(&self, is_custom_runtime: bool) {
        #[cfg(feature = "tracing")]
        crate::log::tracing_layer::set_process_logger(self.context().logger());
        #[cfg(all(feature = "log", not(feature = "tracing")))]
        crate::log::log_crate::install(self.context().logger());
        // In the other modes the platform's variables need not be set.
        let missing = if is_custom_runtime { self.environment.missing() } else { &[] };
        for warning in self.environment.warnings().iter().chain(missing) {
            runtime_log::of(self.context().logger()).warn(warning);
        }
    }

    /// Installs the subscriber of `tracing` after the init phase, unless `init` has set one.
    ///
    /// A subscriber of `tracing` may also install a logger of `log`, so with both features ours is
    /// installed here too.
    pub(crate) fn complete_log(&self) {
        #[cfg(feature = "tracing")]
        {
            let ctx = self.context();
            crate::log::tracing_layer::install(ctx.logger());
            #[cfg(feature = "log")]
            crate::log::log_crate::install(ctx.logger());
        }
    }
}
