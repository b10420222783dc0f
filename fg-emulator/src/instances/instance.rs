//! One instance of a function: a Runtime API and the process that polls it. It handles one request at
//! a time, so that each line of its output belongs to one request.

mod handling;
mod start;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use crate::execution::log::Log;
use crate::execution::platform_error::{Cause, PlatformError};
use crate::execution::shutdown_report::ShutdownReport;
use crate::execution::summary::Summary;
use crate::execution::{Execution, Outcome};
use crate::process::output::Output;
use crate::process::{Exit, Process, usage};
use crate::runtime_api::handle::RuntimeApi;
use crate::runtime_api::state::State;
use crate::settings::Settings;

use waiting::Waited;

/// How long a process may take to be seen as ended after it has been killed.
const KILL_LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Instance {
    settings: Arc<Settings>,
    api: RuntimeApi,
    output: Arc<Output>,
    /// `None` if it is started elsewhere.
    process: Option<Process>,
}

impl Instance {
    /// Host and port of its Runtime API.
    pub(super) fn address(&self) -> String {
        self.api.address()
    }

    pub(super) fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.api.shared().read(State::function_ended)
    }

    /// Waits until the function is done with what it does after its answer, asks it to stop, and
    /// reports what it has written and how it has ended.
    pub(super) fn finish(&self) -> ShutdownReport {
        let limit = self.settings.timeout.max(self.settings.init_timeout);
        let waited = self.wait_until_it_polls(limit);
        let ended_by_itself = matches!(waited, Some(Waited::ProcessEnded));
        self.stop();
        let exit = self.process.as_ref().and_then(Process::exit);
        let mut report = ShutdownReport::new(self.take_lines());
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
        if let Some(process) = &self.process {
            process.request_stop();
            if !self.wait_until_ended(self.settings.stop_grace) {
                self.kill();
            }
        }
        self.api.stop();
    }

    /// Kills the process and waits until its output has been read.
    fn kill(&self) {
        if let Some(process) = &self.process {
            process.kill();
            self.wait_until_ended(KILL_LIMIT);
        }
    }

    /// The result of a request that the function did not get.
    fn unhandled(&self, request_id: &str, error: PlatformError) -> Execution {
        let summary = Summary::new(request_id, self.settings.memory, Duration::ZERO, None);
        let log = Log::start(self.take_lines(), request_id, &self.settings.version)
            .finish(Vec::new(), &summary);
        Execution { outcome: Outcome::Platform(error), summary, log }
    }

    /// An error with the last output, and with the requests that were refused.
    fn error_with_output(&self, cause: Cause) -> PlatformError {
        PlatformError::with_output(cause, self.output.last())
            .with_refusals(self.api.shared().read(State::refusals))
    }

    /// Takes what has been written since the last call.
    fn take_lines(&self) -> Vec<String> {
        if let Some(process) = &self.process {
            process.drain(&self.output);
        }
        self.output.take()
    }

    /// Takes what has been written up to the answer; everything, if there is none.
    fn take_lines_of_request(&self) -> Vec<String> {
        if let Some(process) = &self.process {
            process.drain(&self.output);
        }
        self.output.take_request()
    }

    fn cpu_time(&self) -> Option<Duration> {
        self.process_id().and_then(usage::cpu_time)
    }
}
