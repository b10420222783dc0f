//! The functions that are built from source on this machine, and given as running programs.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::StatusCode;
use fg_emulator::Emulator;
use tokio::sync::watch;
use tokio::time::{Duration, timeout};

use crate::error::ApiError;
use crate::urn::FunctionName;

/// How long an invocation waits for a function that is expected: longer than most builds take.
const EXPECTED_LIMIT: Duration = Duration::from_secs(600);

/// Whether a function is there.
#[derive(Clone, Debug)]
pub(crate) enum Status {
    /// Invocations wait for it.
    Expected,
    /// It is not there, for this reason.
    Absent(String),
    Served(Arc<Emulator>),
}

/// All functions of the project by their names.
#[derive(Debug, Default)]
pub(crate) struct ProjectFunctions {
    functions: watch::Sender<BTreeMap<FunctionName, Status>>,
}

impl ProjectFunctions {
    /// Serves a function, and returns the program that was served before.
    pub(crate) fn serve(
        &self,
        name: &FunctionName,
        emulator: Arc<Emulator>,
    ) -> Option<Arc<Emulator>> {
        let mut before = None;
        self.functions.send_modify(|functions| {
            before = functions.insert(name.clone(), Status::Served(emulator));
        });
        match before {
            Some(Status::Served(emulator)) => Some(emulator),
            _ => None,
        }
    }

    /// Lets invocations wait for a function, unless it is served.
    pub(crate) fn set_expected(&self, name: &FunctionName) {
        self.set(name, Status::Expected);
    }

    /// Sets why a function is not there, unless it is served.
    pub(crate) fn set_absent(&self, name: &FunctionName, reason: String) {
        self.set(name, Status::Absent(reason));
    }

    fn set(&self, name: &FunctionName, status: Status) {
        self.functions.send_modify(|functions| {
            if !matches!(functions.get(name), Some(Status::Served(_))) {
                functions.insert(name.clone(), status);
            }
        });
    }

    /// Whether a function is there; `None` if it was never announced.
    pub(crate) fn status(&self, name: &FunctionName) -> Option<Status> {
        self.functions.borrow().get(name).cloned()
    }

    /// The program that is served now.
    pub(crate) fn served(&self, name: &FunctionName) -> Option<Arc<Emulator>> {
        match self.functions.borrow().get(name) {
            Some(Status::Served(emulator)) => Some(Arc::clone(emulator)),
            _ => None,
        }
    }

    /// The program of a function; waits while it is expected.
    pub(crate) async fn wait_for(&self, name: &FunctionName) -> Result<Arc<Emulator>, ApiError> {
        let mut changes = self.functions.subscribe();
        let known =
            changes.wait_for(|functions| !matches!(functions.get(name), Some(Status::Expected)));
        let known = timeout(EXPECTED_LIMIT, known).await;
        let reason = match known.as_ref().map(|known| known.as_ref().map(|known| known.get(name))) {
            Ok(Ok(Some(Status::Served(emulator)))) => return Ok(Arc::clone(emulator)),
            Ok(Ok(Some(Status::Absent(reason)))) => reason.clone(),
            Ok(Ok(None) | Err(_)) => {
                format!("{name} is not served now: no project with it is open")
            }
            Ok(Ok(Some(Status::Expected))) | Err(_) => {
                format!("{name} has not been built within {} s", EXPECTED_LIMIT.as_secs())
            }
        };
        Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "FSS.0503", reason))
    }

    /// Stops all programs, and lets nothing wait any more.
    pub(crate) fn stop(&self) {
        let functions = self.functions.send_replace(BTreeMap::new());
        std::thread::scope(|scope| {
            for status in functions.into_values() {
                if let Status::Served(emulator) = status {
                    scope.spawn(move || emulator.stop());
                }
            }
        });
    }
}
