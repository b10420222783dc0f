//! Ends the process. The invocation is answered first, and then the reason is reported.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use fg_core::__private::Mutex;
use fg_core::Failure;

use super::{PRE_STOP_LIMIT, Phase, Watchdog, WatchedPhase};
use crate::invocation::blocking_answer::AbortResponder;
use crate::log::runtime_log::{self, report};
use crate::system::end_now;

/// The time limit for dropping what the function has left behind, such as tasks, when the loop has
/// ended.
const END_LIMIT: Duration = Duration::from_secs(3);

/// The time limit for printing a panic that ends the process: a second, with
/// [`OVERRUN_LIMIT`](super::OVERRUN_LIMIT).
const ABORT_LIMIT: Duration = Duration::from_millis(750);

impl Watchdog {
    /// Ends the process because this phase has exceeded its limit.
    pub(super) fn end_process(
        &self,
        watched: WatchedPhase,
        request_id: &str,
        panic: Option<Failure>,
    ) -> ! {
        let elapsed = watched.begun.elapsed();
        let was_frozen = watched.overdue.is_some_and(|overdue| overdue.was_frozen());
        let freeze = if was_frozen { ", in which the instance has also stood still," } else { "" };
        match watched.phase {
            Phase::Handler { timeout } => {
                let failure =
                    panic.unwrap_or_else(|| timed_out_while_blocking(timeout, elapsed, freeze));
                self.send_error(request_id, &failure);
            }
            Phase::Stream { timeout } => {
                let failure = timed_out_while_blocking(timeout, elapsed, freeze);
                report(format_args!("fg: ending the process: request {request_id}: {failure}"));
            }
            Phase::AfterWork => {
                let what = format!(
                    "work left by spawn_after has blocked its thread for {elapsed:.1?}{freeze}"
                );
                report(format_args!(
                    "fg: ending the process: request {request_id}: {what}, past the time of its invocation"
                ));
            }
            Phase::Init { limit } => {
                let limit = format!("of the {limit:?} that it has (RUNTIME_INITIALIZER_TIMEOUT)");
                report(format_args!(
                    "fg: ending the process: init has blocked its thread for {elapsed:.1?}{freeze} {limit}"
                ));
            }
            #[cfg(feature = "server")]
            Phase::Draining { grace } => {
                let what =
                    format!("what runs was not finished within {grace:?}, and blocks its threads");
                report(format_args!("fg: ending the process: {what}{freeze}"));
            }
            Phase::PreStop => {
                let limit = format!("of the {PRE_STOP_LIMIT:?} that it has");
                report(format_args!(
                    "fg: ending the process: pre_stop has blocked its thread for {elapsed:.1?}{freeze} {limit}"
                ));
            }
            // The exit code that a shell reports for an aborted process.
            Phase::Abort => end_now(128 + 6),
            Phase::End { code } => {
                let what = "what the function has left behind cannot be dropped";
                report(format_args!("fg: ending the process: {what}, after {elapsed:.1?}{freeze}"));
                end_now(code);
            }
        }
        runtime_log::flush_stdout();
        end_now(1);
    }

    /// Watches the printing of a panic that ends the process: it would block forever if standard
    /// error is not read.
    pub(crate) fn expect_abort(&self) {
        self.begin_phase(Phase::Abort, Some(ABORT_LIMIT));
    }

    /// Sends the error response, and then reports it on standard error.
    fn send_error(&self, request_id: &str, failure: &Failure) {
        let sent = self.route.send(request_id, &self.audience.redact(failure, request_id));
        report(format_args!("fg: ending the process: request {request_id}: {failure}"));
        if let Err(error) = sent {
            report(format_args!("fg: request {request_id} could not be answered: {error}"));
        }
    }

    /// Watches the exit of the process with this code, after the loop has ended, until
    /// [`release_at_exit`].
    pub(crate) fn watch_exit(self: &Arc<Self>, code: ExitCode) {
        self.begin_phase(Phase::End { code: raw_code(code) }, Some(END_LIMIT));
        *EXIT_WATCHDOG.lock() = Some(Arc::clone(self));
    }
}

static EXIT_WATCHDOG: Mutex<Option<Arc<Watchdog>>> = Mutex::new(None);

/// Ends the watch over the exit, before `main` returns. Standard output is flushed here within a
/// time limit: the flush at exit would block forever if it is not read.
pub(crate) fn release_at_exit(code: ExitCode) {
    let watchdog = EXIT_WATCHDOG.lock().take();
    if watchdog.is_some() && !runtime_log::flush_stdout() {
        end_now(raw_code(code));
    }
}

fn raw_code(code: ExitCode) -> i32 {
    if code == ExitCode::SUCCESS { 0 } else { 1 }
}

impl AbortResponder for Watchdog {
    fn answer_before_abort(&self, failure: &Failure, _: u64) {
        let mut current = self.lock();
        let is_answered = !matches!(
            current.watched,
            Some(WatchedPhase { phase: Phase::Handler { .. } | Phase::Stream { .. }, .. })
        );
        let is_streaming =
            matches!(current.watched, Some(WatchedPhase { phase: Phase::Stream { .. }, .. }));
        current.watched = None;
        let request_id = std::mem::take(&mut current.request_id);
        drop(current);
        if is_streaming {
            report(format_args!("fg: ending the process: request {request_id}: {failure}"));
        } else if !is_answered {
            self.send_error(&request_id, failure);
        }
        self.expect_abort();
    }

    fn set_panic(&self, panic: Option<Failure>, _: u64) {
        self.lock().panic = panic;
    }
}

fn timed_out_while_blocking(timeout: Duration, elapsed: Duration, freeze: &str) -> Failure {
    let message = format!(
        "the handler blocked its thread for {elapsed:.1?} of its {timeout:?}{freeze} and could not be cancelled; the instance ends. Use `.await`, or a larger timeout"
    );
    Failure::new(Failure::TIMEOUT, message)
}
