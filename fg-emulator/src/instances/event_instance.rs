//! One instance of an event function: a Runtime API and the process that polls it. It handles one
//! request at a time, so that each line of its output belongs to one request.

mod handling;
mod start;
mod waiting;

use std::time::Duration;

use crate::execution::platform_error::{Cause, PlatformError};
use crate::execution::shutdown_report::ShutdownReport;
use crate::process::Exit;
use crate::runtime_api::handle::RuntimeApi;
use crate::runtime_api::state::State;

use super::function_process::FunctionProcess;
use waiting::Waited;

#[derive(Debug)]
pub(super) struct EventInstance {
    api: RuntimeApi,
    function: FunctionProcess,
}

impl EventInstance {
    /// Host and port of its Runtime API.
    pub(super) fn address(&self) -> String {
        self.api.address()
    }

    pub(super) fn process_id(&self) -> Option<u32> {
        self.function.id()
    }

    /// Kills the process if it handles this event, and returns whether it does.
    pub(super) fn cancel(&self, request_id: &str) -> bool {
        let unanswered = self.api.shared().read(State::unanswered_request_id);
        let is_handled = unanswered.is_some_and(|unanswered| unanswered == request_id);
        if is_handled {
            self.function.kill();
        }
        is_handled
    }

    /// Waits until it polls or ends, at most for this time.
    pub(super) fn wait_for_first_poll(&self, limit: Duration) {
        self.wait_until_it_polls(limit);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.api.shared().read(State::function_ended)
    }

    /// Waits until the function is done with what it does after its answer, asks it to stop, and
    /// reports what it has written and how it has ended.
    pub(super) fn finish(&self) -> ShutdownReport {
        let settings = self.function.settings();
        let limit = settings.timeout.max(settings.init_timeout);
        let waited = self.wait_until_it_polls(limit);
        let ended_by_itself = matches!(waited, Some(Waited::ProcessEnded));
        self.stop();
        let exit = self.function.exit();
        let mut report = ShutdownReport::new(self.function.take_lines());
        // A JVM that was asked to stop exits with 143.
        let is_error =
            |exit: &Exit| exit.code().map_or(ended_by_itself, |code| code != 0 && code != 128 + 15);
        if let Some(exit) = exit.filter(is_error) {
            report.errors.push(format!("after its answer, the function {exit}"));
        }
        if waited.is_none() {
            report.errors.push(format!(
                "the function did not ask for another event within {limit:?} of its answer"
            ));
        }
        report
    }

    /// Asks the process to stop, and kills it if it does not in time.
    pub(super) fn stop(&self) {
        self.function.stop();
        self.api.stop();
    }

    /// An error with the last output, and with the requests that were refused.
    fn error_with_output(&self, cause: Cause) -> PlatformError {
        let refusals = self.api.shared().read(State::refusals);
        self.function.error_with_output(cause).with_refusals(refusals)
    }
}
