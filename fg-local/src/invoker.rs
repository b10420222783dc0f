//! Runs versions of functions: each invocation waits for its turn, gets an instance, and is recorded.

mod admission;
mod instances;
mod launch;
pub(crate) mod project_functions;
pub(crate) mod streamed_response;

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use fg_emulator::{Emulator, Event, Execution};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use crate::api::error::ApiError;
use crate::catalog::function::Function;
use crate::catalog::version::Version;
use crate::store::Store;
use crate::urn::Place;

use admission::Admission;
use instances::Instances;
use project_functions::ProjectFunctions;
use streamed_response::{Started, relay};

/// How functions run on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// The largest number of instances of a version, if the function does not ask for fewer.
    pub(crate) instances: usize,
    /// How long an idle instance is kept.
    pub(crate) idle: Duration,
    /// How long an invocation waits for its turn.
    pub(crate) wait: Duration,
    /// How many invocations of a version wait for their turn.
    pub(crate) waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            instances: 4,
            idle: Duration::from_secs(60),
            wait: Duration::from_secs(90),
            waiting: 1000,
        }
    }
}

/// Invokes functions.
#[derive(Debug)]
pub(crate) struct Invoker {
    place: Place,
    admission: Admission,
    instances: Instances,
    project: ProjectFunctions,
}

impl Invoker {
    pub(crate) fn new(place: Place, store: Arc<Store>, limits: Limits) -> Self {
        Self {
            instances: Instances::new(place.clone(), store, &limits),
            admission: Admission::new(limits),
            project: ProjectFunctions::default(),
            place,
        }
    }

    /// The functions that are built from source here.
    pub(crate) fn project(&self) -> &ProjectFunctions {
        &self.project
    }

    /// Invokes a version of a function, and waits for the result.
    pub(crate) async fn invoke(
        self: &Arc<Self>,
        function: &Arc<Function>,
        version: &Version,
        event: Event,
    ) -> Result<Execution, ApiError> {
        let project = self.project_function(function, version).await?;
        let turn = self.admission.enter(&function.name, version).await?;
        let (invoker, function, version) =
            (Arc::clone(self), Arc::clone(function), version.clone());
        let invoked = spawn_blocking(move || {
            let execution = match invoker.emulator(&function, &version, project) {
                Ok(emulator) => emulator.invoke(event),
                Err(refusal) => refusal.into_execution(&event, &version)?,
            };
            drop(turn);
            Ok(execution)
        });
        invoked.await.unwrap_or_else(|error| Err(internal(error.to_string())))
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
        let turn = self.admission.enter(&function.name, version).await?;
        let (invoker, function, version) =
            (Arc::clone(self), Arc::clone(function), version.clone());
        let (send, started) = oneshot::channel();
        let invoking = spawn_blocking(move || {
            let execution = match invoker.emulator(&function, &version, project) {
                Ok(emulator) if emulator.is_streaming() => {
                    let response = emulator.invoke_streaming(event);
                    relay(&emulator, response, send);
                    return Ok(());
                }
                Ok(emulator) => emulator.invoke(event),
                Err(refusal) => refusal.into_execution(&event, &version)?,
            };
            drop(turn);
            // An error means that the caller has gone.
            let _ = send.send(Started::Whole(execution));
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

/// An error of this server.
fn internal(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "FSS.0500", message)
}
