//! What the watchdog looks after in a server: handlers that block their threads.
//!
//! A handler that blocks its thread past its deadline cannot be cancelled, and the task that serves
//! its connection waits under it. So its caller is answered from the watchdog's thread.
//!
//! If handlers block all threads, no request is served any more, the probes of the engine included.
//! The threads cannot be taken back, so the process ends, with a one-line reason, and the engine
//! starts another.

use fg_core::__private::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::open_connections::OpenConnections;
use crate::invocation::after_response_work;
use crate::invocation::overdue::OverdueDetector;
use crate::invocation::watchdog::WatchdogTask;
use crate::log::runtime_log::{self, report};
use crate::server::exchange::response_writer::Blocked;
use crate::server::exchange::watch_schedule::WatchSchedule;
use crate::system::{self, end_now};

/// The handlers of a server.
#[derive(Debug)]
pub(crate) struct BlockedHandlers {
    schedule: Arc<WatchSchedule>,
    connections: OpenConnections,
    /// `None` during the init phase, which may block and has a limit of its own.
    probe: Mutex<Option<RuntimeProbe>>,
}

impl BlockedHandlers {
    pub(crate) const fn new(schedule: Arc<WatchSchedule>, connections: OpenConnections) -> Self {
        Self { schedule, connections, probe: Mutex::new(None) }
    }

    /// From now on the threads of the runtime are looked after.
    pub(crate) fn watch_threads(&self, probe: RuntimeProbe) {
        *self.probe.lock() = Some(probe);
    }
}

impl WatchdogTask for BlockedHandlers {
    fn check(&self, now: Instant, late: Duration) -> Option<Instant> {
        let blocked = self.connections.end_late(now, late);
        if !blocked.is_empty() {
            log(blocked);
        }
        let mut probe = self.probe.lock();
        let of_threads = probe.as_mut().map(|probe| match probe.look(now, late) {
            Some(next) => next,
            None => self.end_process(probe),
        });
        self.schedule.next_look().into_iter().chain(of_threads).min()
    }
}

impl BlockedHandlers {
    /// All threads are blocked. A handler that is about to be answered for would not be any more,
    /// so all callers are answered first.
    #[cold]
    fn end_process(&self, probe: &RuntimeProbe) -> ! {
        for Blocked { logger, failure, .. } in self.connections.answer_before_end() {
            runtime_log::of(&logger).error(&failure);
        }
        probe.end_process()
    }
}

/// Logs what has happened, on a thread of its own: if the log is not read, it waits.
#[cold]
fn log(blocked: Vec<Blocked>) {
    let write = || {
        for Blocked { logger, failure, guard } in blocked {
            runtime_log::of(&logger).error(&failure);
            drop(guard);
        }
    };
    if let Err(error) = system::spawn("fg-log", Box::new(write)) {
        report(format_args!("fg: handlers that block their threads cannot be logged: {error}"));
    }
}

/// How long before its time a task should have begun.
const NOTICE: Duration = Duration::from_millis(50);

/// How long all threads may be blocked: as long as any invocation so far was allowed to take.
#[derive(Clone, Debug)]
pub(crate) struct LongestTimeout(Arc<AtomicU64>);

impl LongestTimeout {
    /// For invocations with the function's timeout. Less than a second can happen under load.
    pub(crate) fn new(timeout: Duration) -> Self {
        let longest = Self(Arc::new(AtomicU64::new(1000)));
        longest.extend(timeout);
        longest
    }

    /// An invocation begins that may take this long.
    pub(crate) fn extend(&self, timeout: Duration) {
        let timeout = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        if timeout > self.0.load(Ordering::Relaxed) {
            self.0.fetch_max(timeout, Ordering::Relaxed);
        }
    }

    fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// A task that the runtime is asked to run, again and again: if it does not even begin in time, it
/// never will.
#[derive(Debug)]
pub(crate) struct RuntimeProbe {
    runtime: Handle,
    longest_timeout: LongestTimeout,
    task: JoinHandle<()>,
    has_begun: Arc<AtomicBool>,
    spawned: Instant,
    /// How long it may take to begin.
    limit: Duration,
    overdue: OverdueDetector,
    next_look: Instant,
}

impl RuntimeProbe {
    pub(crate) fn spawn(runtime: Handle, longest_timeout: LongestTimeout) -> Self {
        let (spawned, limit) = (Instant::now(), longest_timeout.get());
        let has_begun = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&has_begun);
        let task = runtime.spawn(async move { mark.store(true, Ordering::Relaxed) });
        let overdue = OverdueDetector::new(spawned + limit, NOTICE);
        Self {
            runtime,
            longest_timeout,
            task,
            has_begun,
            spawned,
            limit,
            overdue,
            next_look: spawned,
        }
    }

    /// When to look next; `None` if the task is overdue, and so all threads are blocked.
    pub(crate) fn look(&mut self, now: Instant, late: Duration) -> Option<Instant> {
        if now < self.next_look {
            return Some(self.next_look);
        }
        // A task that is finished without having begun is the runtime's end.
        if self.has_begun.load(Ordering::Relaxed) || self.task.is_finished() {
            *self = Self::spawn(self.runtime.clone(), self.longest_timeout.clone());
        }
        // What blocks the threads may have begun after the task was spawned, with a longer timeout.
        let limit = self.longest_timeout.get();
        if self.limit != limit {
            self.limit = limit;
            self.overdue = OverdueDetector::new(self.spawned + limit, NOTICE);
        }
        self.next_look = self.overdue.check(now, late)?;
        Some(self.next_look)
    }

    fn end_process(&self) -> ! {
        let what = if after_response_work::is_running() {
            "work left by spawn_after has"
        } else {
            "handlers have"
        };
        report(format_args!(
            "fg: ending the process: {what} blocked all threads for {:?}; use `.await`, or more threads",
            self.limit
        ));
        runtime_log::flush_stdout();
        end_now(1);
    }
}
