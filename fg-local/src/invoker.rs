//! Runs versions of functions: each invocation waits for its turn, gets an instance, and is
//! recorded.

mod admission;
mod asynchronous;
mod destination;
mod follow;
mod instances;
mod lanes;
mod launch;
mod outbox;
pub(crate) mod project_functions;
pub(crate) mod streamed_response;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::http::StatusCode;
use fg_emulator::{Emulator, Event, Execution, StartLimit};
use jiff::Timestamp;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use crate::catalog::Catalog;
use crate::catalog::function::Function;
use crate::catalog::version::Version;
use crate::error::ApiError;
use crate::logs::LogStore;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::urn::{FunctionName, Place};

use admission::Admission;
use instances::Instances;
use lanes::Lanes;
use outbox::Outbox;
use project_functions::ProjectFunctions;
use streamed_response::{Started, relay};

/// Is called with each line that a function or this server writes for the developer: the function's
/// name, and the line.
pub(crate) type LineSink = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// The header of an event that names the alias by which the function was invoked.
pub(crate) const ORIGIN_VERSION_TAG: &str = "X-CFF-Origin-Version-Tag";

/// How functions run on this machine.
#[derive(Clone)]
pub(crate) struct Limits {
    /// The largest number of instances of a version, if the function does not ask for fewer.
    pub(crate) instances: usize,
    /// How long an idle instance is kept.
    pub(crate) idle: Duration,
    /// How long an invocation waits for its turn.
    pub(crate) wait: Duration,
    /// How many invocations of a version wait for their turn.
    pub(crate) waiting: usize,
    /// How many instances start at the same time.
    pub(crate) starts: StartLimit,
    pub(crate) line_sink: Option<LineSink>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            instances: 4,
            idle: Duration::from_secs(60),
            wait: Duration::from_secs(90),
            waiting: 1000,
            starts: StartLimit::new(thread::available_parallelism().map_or(2, NonZero::get)),
            line_sink: None,
        }
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { instances, idle, wait, waiting, starts, line_sink: _ } = self;
        f.debug_struct("Limits")
            .field("instances", instances)
            .field("idle", idle)
            .field("wait", wait)
            .field("waiting", waiting)
            .field("starts", starts)
            .finish_non_exhaustive()
    }
}

/// Invokes functions.
#[derive(Debug)]
pub(crate) struct Invoker {
    place: Place,
    limits: Limits,
    store: Arc<Store>,
    catalog: Arc<Catalog>,
    logs: Arc<LogStore>,
    metrics: Metrics,
    admission: Admission,
    instances: Instances,
    project: ProjectFunctions,
    /// The asynchronous invocations that wait.
    lanes: Lanes,
    outbox: Outbox,
}

impl Invoker {
    pub(crate) fn new(
        place: Place,
        data_folder: &Path,
        store: Arc<Store>,
        catalog: Arc<Catalog>,
        logs: Arc<LogStore>,
        limits: Limits,
    ) -> Self {
        Self {
            instances: Instances::new(place.clone(), Arc::clone(&store), &limits),
            admission: Admission::new(limits.clone()),
            project: ProjectFunctions::default(),
            metrics: Metrics::default(),
            lanes: Lanes::default(),
            outbox: Outbox::new(data_folder),
            place,
            limits,
            store,
            catalog,
            logs,
        }
    }

    /// The functions that are built from source here.
    pub(crate) fn project(&self) -> &ProjectFunctions {
        &self.project
    }

    /// What has run.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Invokes a version of a function, and waits for the result.
    pub(crate) async fn invoke(
        self: &Arc<Self>,
        function: &Arc<Function>,
        version: &Version,
        event: Event,
    ) -> Result<Execution, ApiError> {
        let project = self.project_function(function, version).await?;
        let turn = self.enter(function, version).await?;
        let (invoker, function, version) =
            (Arc::clone(self), Arc::clone(function), version.clone());
        let invoked = spawn_blocking(move || {
            let began = Timestamp::now();
            let execution = match invoker.emulator(&function, &version, project) {
                Ok(emulator) => emulator.invoke(event),
                Err(refusal) => refusal.into_execution(&event, &version)?,
            };
            drop(turn);
            invoker.record(&function, &version, began, &execution);
            Ok(execution)
        });
        invoked.await.unwrap_or_else(|error| Err(internal(error.to_string())))
    }

    /// Waits for an instance. A refusal is counted.
    async fn enter(
        &self,
        function: &Function,
        version: &Version,
    ) -> Result<admission::Turn, ApiError> {
        let entered = self.admission.enter(&function.name, version).await;
        entered.inspect_err(|_| self.metrics.record_rejection(&function.name, Timestamp::now()))
    }

    /// Keeps what an invocation has written, and counts it.
    fn record(
        &self,
        function: &Function,
        version: &Version,
        started: Timestamp,
        execution: &Execution,
    ) {
        self.metrics.record(&function.name, started, execution);
        if let Err(error) =
            self.logs.append_execution(function, &version.name, Timestamp::now(), execution)
        {
            self.report(&format!("the log of {} could not be written: {error}", function.name));
        }
    }

    /// Tells the developer what concerns no function alone.
    pub(crate) fn report(&self, line: &str) {
        self.tell("fg-local", line);
    }

    /// Tells the developer what concerns the function of this name.
    pub(crate) fn tell(&self, function: &str, line: &str) {
        if let Some(sink) = &self.limits.line_sink {
            sink(function, line);
        }
    }

    /// Kills the process that handles the event with this request id, if there is one. Blocks.
    pub(crate) fn cancel(&self, function: &FunctionName, request_id: &str) {
        let mut all = self.instances.emulators(function);
        all.extend(self.project.served(function));
        all.iter().any(|emulator| emulator.cancel(request_id));
    }

    /// Invokes a version of a function, and waits until it has responded or has begun to stream its
    /// response.
    pub(crate) async fn start(
        self: &Arc<Self>,
        function: &Arc<Function>,
        version: &Version,
        event: Event,
    ) -> Result<Started, ApiError> {
        let project = self.project_function(function, version).await?;
        let turn = self.enter(function, version).await?;
        let (invoker, function, version) =
            (Arc::clone(self), Arc::clone(function), version.clone());
        let (send, started) = oneshot::channel();
        let invoking = spawn_blocking(move || {
            let began = Timestamp::now();
            let end = |execution: &Execution| {
                drop(turn);
                invoker.record(&function, &version, began, execution);
            };
            let execution = match invoker.emulator(&function, &version, project) {
                Ok(emulator) if emulator.is_streaming() => {
                    relay(&emulator, emulator.invoke_streaming(event), send, end);
                    return Ok(());
                }
                Ok(emulator) => emulator.invoke(event),
                Err(refusal) => refusal.into_execution(&event, &version)?,
            };
            end(&execution);
            // An error means that the caller has gone.
            let _ = send.send(Started::Whole(Box::new(execution)));
            Ok(())
        });
        match started.await {
            Ok(started) => Ok(started),
            Err(_) => match invoking.await {
                Ok(Err(error)) => Err(error),
                Ok(Ok(())) => Err(internal("the invocation has ended without a result")),
                Err(error) => Err(internal(error.to_string())),
            },
        }
    }

    /// Stops all instances. Invocations that run get an error.
    pub(crate) fn stop(&self) {
        self.project.stop();
        self.instances.stop();
    }

    /// The program of a function of the project; waits while it is expected. `None` if the version
    /// came as a package.
    async fn project_function(
        &self,
        function: &Function,
        version: &Version,
    ) -> Result<Option<Arc<Emulator>>, ApiError> {
        if !version.code.is_project {
            return Ok(None);
        }
        self.project.wait_for(&function.name).await.map(Some)
    }

    /// The instances of a version; they are started if there are none, so this blocks.
    fn emulator(
        &self,
        function: &Function,
        version: &Version,
        project: Option<Arc<Emulator>>,
    ) -> Result<Arc<Emulator>, launch::Refusal> {
        project.map_or_else(|| self.instances.of(function, version), Ok)
    }
}

/// A random number below 100, for the weights of an alias.
pub(crate) fn roll() -> u32 {
    // Each `RandomState` has random keys, so that this is the hash of nothing under a random key.
    u32::try_from(RandomState::new().hash_one(()) % 100).unwrap_or_default()
}

/// An error of this server.
fn internal(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "FSS.0500", message)
}
