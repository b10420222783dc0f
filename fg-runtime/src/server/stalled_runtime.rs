//! Notices that the async runtime no longer runs anything: handlers block all of its threads.
//!
//! Their threads cannot be taken back, and no request is served any more, the probes of the engine
//! included. So the process ends, with a one-line reason, and the engine starts another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::invocation::after_response_work;
use crate::invocation::overdue::Overdue;
use crate::log::runtime_log::{self, say};
use crate::system::end_now;

/// How long before that a task should have begun.
const NOTICE: Duration = Duration::from_millis(50);

/// How long all threads may be blocked: as long as any invocation so far was allowed to take.
#[derive(Clone, Debug)]
pub(crate) struct Patience(Arc<AtomicU64>);

impl Patience {
    /// For invocations with the function's timeout. Less than a second can happen under load.
    pub(crate) fn new(timeout: Duration) -> Self {
        let patience = Self(Arc::new(AtomicU64::new(1000)));
        patience.extend(timeout);
        patience
    }

    /// An invocation begins that may take this long.
    pub(crate) fn extend(&self, timeout: Duration) {
        self.0.fetch_max(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }

    /// Starts the thread that watches: a task that does not even begin within that time never will.
    pub(crate) fn watch(self) {
        let runtime = Handle::current();
        let watch = move || {
            loop {
                self.wait_for_a_task(&runtime);
            }
        };
        if let Err(error) = std::thread::Builder::new().name("fg-stall".to_owned()).spawn(watch) {
            say(format_args!("fg: handlers that block all threads will not be noticed: {error}"));
        }
    }

    /// Returns, after a while, if the runtime has begun a task; else ends the process.
    fn wait_for_a_task(&self, runtime: &Handle) {
        let has_begun = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&has_begun);
        let task = runtime.spawn(async move { mark.store(true, Ordering::Relaxed) });
        let asked = Instant::now();
        let mut patience = self.get();
        let mut overdue = Overdue::at(asked + patience, NOTICE);
        let mut late = Duration::ZERO;
        loop {
            // A task that is finished without having begun is the runtime's end.
            if has_begun.load(Ordering::Relaxed) || task.is_finished() {
                return;
            }
            // What blocks the threads may have come, with a longer timeout, after this was asked.
            if patience != self.get() {
                patience = self.get();
                overdue = Overdue::at(asked + patience, NOTICE);
            }
            let Some(next) = overdue.look(Instant::now(), late) else { break };
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            late = Instant::now().saturating_duration_since(next);
        }
        let who = if after_response_work::is_running() {
            "work left by spawn_after has"
        } else {
            "handlers have"
        };
        say(format_args!(
            "fg: ending the process: {who} blocked all threads for {patience:?}; use `.await`, or more threads"
        ));
        runtime_log::flush_stdout();
        end_now(1);
    }
}
