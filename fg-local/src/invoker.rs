//! Runs versions of functions on instances, and replaces the instances of a version that has changed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use fg_emulator::{Emulator, Event, Execution};
use parking_lot::Mutex;
use tokio::task::spawn_blocking;

use crate::api::error::ApiError;
use crate::catalog::function::Function;
use crate::catalog::version::Version;
use crate::store::Store;
use crate::urn::{FunctionName, Place};

/// Invokes functions.
#[derive(Debug)]
pub(crate) struct Invoker {
    place: Place,
    store: Arc<Store>,
    /// By function and version.
    running: Mutex<HashMap<(FunctionName, String), Running>>,
}

/// The instances of a version, and what they were started with.
#[derive(Debug)]
struct Running {
    version: Version,
    emulator: Arc<Emulator>,
}

impl Invoker {
    pub(crate) fn new(place: Place, store: Arc<Store>) -> Self {
        Self { place, store, running: Mutex::default() }
    }

    /// Invokes a version of a function, and waits for the result.
    pub(crate) async fn invoke(
        self: &Arc<Self>,
        function: &Arc<Function>,
        version: &Version,
        event: Event,
    ) -> Result<Execution, ApiError> {
        let (invoker, function, version) =
            (Arc::clone(self), Arc::clone(function), version.clone());
        let invoked = spawn_blocking(move || {
            let emulator = invoker.emulator(&function, &version)?;
            Ok(emulator.invoke(event))
        });
        invoked.await.unwrap_or_else(|error| {
            Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "FSS.0500", error.to_string()))
        })
    }

    fn emulator(&self, function: &Function, version: &Version) -> Result<Arc<Emulator>, ApiError> {
        let key = (function.name.clone(), version.name.clone());
        let mut running = self.running.lock();
        let same = running.get(&key).filter(|running| {
            running.version.config == version.config && running.version.code == version.code
        });
        if let Some(same) = same {
            return Ok(Arc::clone(&same.emulator));
        }
        let root = self.store.unpacked(&version.code.digest)?;
        let emulator = Arc::new(self.start(function, version, &root)?);
        running.insert(key, Running { version: version.clone(), emulator: Arc::clone(&emulator) });
        Ok(emulator)
    }

    fn start(
        &self,
        function: &Function,
        version: &Version,
        root: &Path,
    ) -> Result<Emulator, ApiError> {
        let config = &version.config;
        let program: PathBuf = root.join("bootstrap");
        Emulator::builder(program)
            .name(&function.name.name)
            .package(&function.name.package)
            .version(&version.name)
            .region(&self.place.region)
            .project_id(&self.place.project_id)
            .handler(&config.handler)
            .timeout(Duration::from_secs(config.timeout.into()))
            .memory(config.memory_size)
            .start()
            .map_err(|error| {
                ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "FSS.0500", error.to_string())
            })
    }
}
