//! The functions that are built from source on this machine, and given as running programs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use fg_emulator::Emulator;
use parking_lot::{Condvar, Mutex};

use crate::api::error::ApiError;
use crate::urn::FunctionName;

/// How long an invocation waits for a function that is expected: longer than most builds take.
const EXPECTED_LIMIT: Duration = Duration::from_secs(600);

/// Whether a function is there.
#[derive(Clone, Debug)]
enum Status {
    /// Invocations wait for it.
    Expected,
    /// It is not there, for this reason.
    Absent(String),
    Served(Arc<Emulator>),
}

/// All functions of the project by their names.
#[derive(Debug, Default)]
pub(crate) struct ProjectFunctions {
    functions: Mutex<BTreeMap<FunctionName, Status>>,
    changed: Condvar,
}

impl ProjectFunctions {
    /// Serves a function, and returns the program that was served before.
    pub(crate) fn serve(
        &self,
        name: &FunctionName,
        emulator: Arc<Emulator>,
    ) -> Option<Arc<Emulator>> {
        let before = self.functions.lock().insert(name.clone(), Status::Served(emulator));
        self.changed.notify_all();
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
        let mut functions = self.functions.lock();
        if !matches!(functions.get(name), Some(Status::Served(_))) {
            functions.insert(name.clone(), status);
        }
        drop(functions);
        self.changed.notify_all();
    }

    /// The program that is served now.
    pub(crate) fn served(&self, name: &FunctionName) -> Option<Arc<Emulator>> {
        match self.functions.lock().get(name) {
            Some(Status::Served(emulator)) => Some(Arc::clone(emulator)),
            _ => None,
        }
    }

    /// The program of a function; waits while it is expected, so this blocks.
    pub(crate) fn wait_for(&self, name: &FunctionName) -> Result<Arc<Emulator>, ApiError> {
        let deadline = Instant::now() + EXPECTED_LIMIT;
        let mut functions = self.functions.lock();
        loop {
            let reason = match functions.get(name) {
                Some(Status::Served(emulator)) => return Ok(Arc::clone(emulator)),
                Some(Status::Expected) if Instant::now() < deadline => {
                    self.changed.wait_until(&mut functions, deadline);
                    continue;
                }
                Some(Status::Expected) => {
                    format!("{name} has not been built in {EXPECTED_LIMIT:?}")
                }
                Some(Status::Absent(reason)) => reason.clone(),
                None => format!("{name} is not served now: no project with it is open"),
            };
            return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "FSS.0503", reason));
        }
    }

    /// Stops all programs, and lets nothing wait any more.
    pub(crate) fn stop(&self) {
        let functions = std::mem::take(&mut *self.functions.lock());
        self.changed.notify_all();
        std::thread::scope(|scope| {
            for status in functions.into_values() {
                if let Status::Served(emulator) = status {
                    scope.spawn(move || emulator.stop());
                }
            }
        });
    }
}
