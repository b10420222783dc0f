//! What one Runtime API knows: invocations, faults, connections and records, behind one lock.

mod answers;
mod connections;
mod dispatch;
mod faults;
mod owner;
mod relay;
mod request_hook;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::net::Shutdown;
use std::sync::OnceLock;
use std::time::Duration;

use super::answer::Post;
use super::event::Event;
use super::fault::Misbehaviour;
use super::invocation::{Invocation, Times};
use super::peer::Owner;
use crate::monitor::Monitor;
use crate::process::output::LineSink;

use connections::OpenConnection;
pub(super) use connections::Registration;
pub(super) use relay::Relay;
pub(crate) use request_hook::FunctionRequest;

/// What has happened so far, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections accepted.
    pub connections: u64,
    /// Connections that neither side has closed.
    pub open_connections: usize,
    /// Polls read to their end.
    pub polls: u64,
    /// POSTs recorded.
    pub posts: usize,
    /// Faults that have not happened yet.
    pub faults_left: usize,
}

/// How large an answer may be, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerLimit {
    pub(crate) whole: usize,
    /// If it is chunked.
    pub(crate) streamed: usize,
}

/// The state of a Runtime API, which its threads share.
#[derive(Default)]
pub(crate) struct Shared {
    state: Monitor<State>,
    request_hook: OnceLock<Box<dyn Fn(FunctionRequest) + Send + Sync>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("state", &self.state).finish_non_exhaustive()
    }
}

#[derive(Default)]
pub(crate) struct State {
    stopped: bool,
    invocations: Vec<Invocation>,
    by_request_id: HashMap<String, Vec<usize>>,
    queue: VecDeque<usize>,
    handed_out_last: Option<usize>,
    poll_faults: VecDeque<Misbehaviour>,
    post_faults: VecDeque<Misbehaviour>,
    connections: BTreeMap<u64, OpenConnection>,
    accepted_connections: u64,
    polls: u64,
    posts: Vec<Post>,
    raw_requests: Vec<Vec<u8>>,
    /// The connections whose poll waits for an event.
    waiting: BTreeSet<u64>,
    function_ended: bool,
    answer_limit: Option<AnswerLimit>,
    /// A test reads the records; an instance may serve for days, and keeps none.
    discards_records: bool,
    owner: Owner,
    /// Is called with the refusal of each stranger.
    stranger_sink: Option<LineSink>,
    reported_strangers: BTreeSet<Option<u32>>,
    stranger_lookups: usize,
    /// The refused requests, the newest last.
    refusals: VecDeque<String>,
    uses_foreign_protocol: bool,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("stopped", &self.stopped)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        self.state.read(|state| read(state))
    }

    /// Changes the state and wakes all threads that wait for a change.
    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        self.state.update(change)
    }

    /// Waits until `ready` returns a value; `None` after the time limit. `ready` may change the
    /// state if it does.
    pub(crate) fn wait<T>(
        &self,
        limit: Duration,
        ready: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        self.state.wait(limit, ready)
    }

    /// Waits for this time; `false` if the connection has ended meanwhile.
    pub(super) fn pause(&self, connection: u64, time: Duration) -> bool {
        self.wait(time, |state| state.is_closed(connection).then_some(())).is_none()
    }
}

impl State {
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    pub(super) fn resume(&mut self) {
        self.stopped = false;
    }

    /// Closes all connections. Their threads notice.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.interrupt_relays();
        for open in self.connections.values() {
            // An error means that it is closed already.
            let _ = open.socket.shutdown(Shutdown::Both);
        }
    }

    /// Whether the function has polled at least once.
    pub(crate) fn has_polled(&self) -> bool {
        self.polls > 0
    }

    pub(super) fn count_poll(&mut self) {
        self.polls += 1;
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            connections: self.accepted_connections,
            open_connections: self.connections.values().filter(|open| !open.ended).count(),
            polls: self.polls,
            posts: self.posts.len(),
            faults_left: self.poll_faults.len() + self.post_faults.len(),
        }
    }

    pub(crate) fn posts(&self) -> &[Post] {
        &self.posts
    }

    pub(super) fn raw_requests(&self) -> &[Vec<u8>] {
        &self.raw_requests
    }

    pub(super) fn record_raw(&mut self, raw: Vec<u8>) {
        if !raw.is_empty() && !self.discards_records {
            self.raw_requests.push(raw);
        }
    }

    /// Records that the process of the function has ended: no poll and no answer will come.
    pub(crate) fn mark_function_ended(&mut self) {
        self.function_ended = true;
    }

    pub(crate) fn function_ended(&self) -> bool {
        self.function_ended
    }

    pub(crate) fn request_id(&self, invocation: usize) -> &str {
        self.invocations[invocation].event.id()
    }

    pub(crate) fn times(&self, invocation: usize) -> Times {
        self.invocations[invocation].times
    }

    /// Frees what an invocation holds. It is not handed out, and cannot be answered any more.
    pub(crate) fn discard(&mut self, invocation: usize) {
        self.queue.retain(|queued| *queued != invocation);
        self.handed_out_last = self.handed_out_last.filter(|last| *last != invocation);
        let id = self.invocations[invocation].event.id().to_owned();
        self.by_request_id.remove(&id);
        self.invocations[invocation].event = Event::new(Vec::new()).request_id(id);
        self.invocations[invocation].answer = None;
        self.invocations[invocation].chunks = None;
    }

    /// The invocations with this request id. An id can be used again.
    fn with_request_id(&self, id: &str) -> impl Iterator<Item = usize> {
        self.by_request_id.get(id).into_iter().flatten().copied()
    }
}
