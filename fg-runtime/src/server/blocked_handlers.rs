//! What the watchdog looks after in a server: handlers that block their threads.
//!
//! A handler that blocks its thread past its deadline cannot be cancelled, and the task that serves
//! its connection waits under it. So its caller is answered from the watchdog's thread. If handlers
//! block all threads, the process ends.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::open_connections::OpenConnections;
use super::response_writer::Blocked;
use super::stalled_runtime::RuntimeProbe;
use super::watch_schedule::WatchSchedule;
use crate::invocation::watchdog::AlsoWatched;
use crate::log::runtime_log::{self, say};
use crate::system;

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
        *self.probe.lock().unwrap_or_else(PoisonError::into_inner) = Some(probe);
    }
}

impl AlsoWatched for BlockedHandlers {
    fn look(&self, now: Instant, late: Duration) -> Option<Instant> {
        let blocked = self.connections.answer_for_blocked(now, late);
        if !blocked.is_empty() {
            log(blocked);
        }
        let mut probe = self.probe.lock().unwrap_or_else(PoisonError::into_inner);
        let of_threads = probe.as_mut().map(|probe| probe.look(now, late));
        self.schedule.next_look().into_iter().chain(of_threads).min()
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
        say(format_args!("fg: handlers that block their threads cannot be logged: {error}"));
    }
}
