//! The open connections: which of them is evicted for a new one, whose handlers are past their
//! deadlines, and which callers are answered before the process aborts.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use fg_core::__private::Mutex;
use fg_core::Failure;

use super::state::ConnectionState;
use crate::server::exchange::response_writer::{Blocked, Looked};
use crate::server::exchange::watch_schedule::WatchSchedule;

/// The open connections.
#[derive(Clone, Debug)]
pub(crate) struct OpenConnections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    connections: Mutex<Vec<Weak<ConnectionState>>>,
    schedule: Arc<WatchSchedule>,
}

impl OpenConnections {
    pub(crate) fn new(schedule: Arc<WatchSchedule>) -> Self {
        Self(Arc::new(Shared { connections: Mutex::default(), schedule }))
    }

    /// Adds a connection, until it is dropped.
    pub(crate) fn insert(&self, connection: &Arc<ConnectionState>) {
        let mut connections = self.0.connections.lock();
        if connections.len() == connections.capacity() {
            connections.retain(|connection| connection.strong_count() > 0);
        }
        connections.push(Arc::downgrade(connection));
    }

    fn all(&self) -> Vec<Arc<ConnectionState>> {
        let connections = self.0.connections.lock();
        connections.iter().filter_map(Weak::upgrade).collect()
    }

    /// Evicts the connection that has been idle for the longest. Returns whether there is one.
    pub(crate) fn evict_idle(&self) -> bool {
        let all = self.all();
        let idle = all.iter().filter_map(|state| Some((state.evictable_since()?, state)));
        let longest = idle.min_by_key(|(since, _)| *since);
        if let Some((since, connection)) = longest {
            connection.evict(since);
        }
        longest.is_some()
    }

    /// The process is about to abort by a panic in what works for this caller: all callers that
    /// wait for a response are answered.
    pub(crate) fn answer_all(&self, failure: &Failure, caller: u64) {
        let all = self.all();
        let of_another = Failure::new(
            Failure::PANIC,
            "another invocation has ended the process by a panic that cannot be caught",
        );
        // The caller comes first.
        let (own, others): (Vec<_>, Vec<_>) = all.iter().partition(|state| state.id() == caller);
        own.iter().for_each(|state| state.writer.answer_before_abort(failure));
        others.iter().for_each(|state| state.writer.answer_before_abort(&of_another));
    }

    /// What works for this caller has panicked, and the panic is being printed; `None` once it has
    /// been.
    pub(crate) fn note_panic(&self, panic: Option<Failure>, caller: u64) {
        if let Some(state) = self.all().iter().find(|state| state.id() == caller) {
            state.writer.note_panic(panic);
        }
    }

    /// The process is about to end, because handlers block all threads: answers for all that run.
    /// Returns those.
    pub(crate) fn answer_before_end(&self) -> Vec<Blocked> {
        self.all().iter().filter_map(|state| state.writer.answer_before_end()).collect()
    }

    /// Ends what is late: answers for handlers that have blocked their threads past their
    /// deadlines, and returns those; wakes the tasks of clients that have sent nothing for too
    /// long.
    pub(crate) fn end_late(&self, now: Instant, late: Duration) -> Vec<Blocked> {
        let mut blocked = Vec::new();
        if !self.0.schedule.is_due(now) {
            return blocked;
        }
        let mut is_any_running = false;
        for connection in self.all() {
            self.0.schedule.look_again_at(connection.check_times(now));
            match connection.writer.look(now, late) {
                Looked::Idle => {}
                Looked::Running(next) => {
                    is_any_running = true;
                    self.0.schedule.look_again(now, next);
                }
                Looked::Answered(handler) => blocked.push(handler),
            }
        }
        if is_any_running {
            self.0.schedule.wake_thread();
        }
        blocked
    }
}
