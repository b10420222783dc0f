//! The open connections: how many there are, what each is doing, and which one gives way to a new
//! one.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::Waker;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Duration, Instant};

/// How long a connection may wait for its next request.
const IDLE_TIME: Duration = Duration::from_secs(75);

/// How long the head of a request may take.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// All open connections.
#[derive(Debug)]
pub(super) struct OpenConnections {
    limit: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    accepted: u64,
    by_number: HashMap<u64, Arc<Connection>>,
}

/// The place of one connection among those that are open. It is freed when the last clone of its
/// `Arc` is dropped: a request that is still handled keeps it, even if its caller has gone.
#[derive(Debug)]
pub(super) struct Slot {
    number: u64,
    pub(super) connection: Arc<Connection>,
    connections: Arc<OpenConnections>,
}

/// What one connection is doing.
#[derive(Debug)]
pub(super) struct Connection {
    state: Mutex<State>,
    evicted: Notify,
}

#[derive(Debug)]
struct State {
    activity: Activity,
    /// Whether a part of the response has not been written.
    is_unflushed: bool,
    /// The task that waits until all is written.
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activity {
    /// Waits for a request, since then.
    Idle(Instant),
    /// The head of a request has begun.
    Head(Instant),
    /// The body of a request arrives.
    Body(Instant),
    /// The request is handled, or its response is sent.
    Handling,
    /// A response is sent while the function writes it.
    Streaming,
    /// The response is complete, but not all of it has been written.
    Flushing,
}

impl OpenConnections {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, open: Mutex::default() }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// A place for one more connection. If there is none, the connection that has been idle for the
    /// longest is closed. `None` if none is idle.
    pub(super) fn open(self: &Arc<Self>) -> Option<Slot> {
        let mut open = self.open.lock();
        if open.by_number.len() >= self.limit && !open.evict_longest_idle() {
            return None;
        }
        open.accepted += 1;
        let number = open.accepted;
        let connection = Arc::new(Connection::new());
        open.by_number.insert(number, Arc::clone(&connection));
        Some(Slot { number, connection, connections: Arc::clone(self) })
    }

    /// Closes the connection that has been idle for the longest, such as for its file descriptor.
    pub(super) fn evict_longest_idle(&self) {
        self.open.lock().evict_longest_idle();
    }
}

impl Open {
    fn evict_longest_idle(&mut self) -> bool {
        let idle = self
            .by_number
            .iter()
            .filter_map(|(number, connection)| Some((connection.idle_since()?, *number)));
        let Some((_, longest)) = idle.min() else { return false };
        if let Some(connection) = self.by_number.remove(&longest) {
            connection.evicted.notify_one();
        }
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connections.open.lock().by_number.remove(&self.number);
    }
}

impl Connection {
    fn new() -> Self {
        let state =
            State { activity: Activity::Idle(Instant::now()), is_unflushed: false, waker: None };
        Self { state: Mutex::new(state), evicted: Notify::new() }
    }

    /// Waits until the connection has to give way to another one.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// Since when it waits for its caller. A body that arrives counts: its connection is idle anew
    /// from the head on, so that it is not the first to be closed.
    fn idle_since(&self) -> Option<Instant> {
        match self.state.lock().activity {
            Activity::Idle(since) | Activity::Head(since) | Activity::Body(since) => Some(since),
            Activity::Handling | Activity::Streaming | Activity::Flushing => None,
        }
    }

    /// Until when bytes have to come; `None` if none are expected.
    pub(super) fn read_deadline(&self) -> Option<Instant> {
        match self.state.lock().activity {
            Activity::Idle(since) => Some(since + IDLE_TIME),
            Activity::Head(since) => Some(since + HEAD_TIME),
            // The body as a whole has a limit of its own.
            Activity::Body(_) | Activity::Handling | Activity::Streaming | Activity::Flushing => {
                None
            }
        }
    }

    /// Whether no request is being handled: what is written now is no response to one.
    pub(super) fn is_between_requests(&self) -> bool {
        matches!(self.state.lock().activity, Activity::Idle(_) | Activity::Head(_))
    }

    /// Whether the head of a request has begun.
    pub(super) fn is_in_head(&self) -> bool {
        matches!(self.state.lock().activity, Activity::Head(_))
    }

    /// Whether a response is being sent whose end is not known.
    pub(super) fn is_streaming(&self) -> bool {
        self.state.lock().activity == Activity::Streaming
    }

    /// Bytes have come.
    pub(super) fn received(&self) {
        let mut state = self.state.lock();
        if let Activity::Idle(_) = state.activity {
            state.activity = Activity::Head(Instant::now());
        }
    }

    /// The head of a request is complete.
    pub(super) fn begin_body(&self) {
        self.state.lock().activity = Activity::Body(Instant::now());
    }

    /// A request is complete.
    pub(super) fn begin_handling(&self) {
        self.state.lock().activity = Activity::Handling;
    }

    /// A response begins whose end is not known.
    pub(super) fn begin_streaming(&self) {
        self.state.lock().activity = Activity::Streaming;
    }

    /// A part of the response is about to be written.
    pub(super) fn begin_write(&self) {
        self.state.lock().is_unflushed = true;
    }

    /// The response is complete.
    pub(super) fn end_response(&self) {
        self.state.lock().activity = Activity::Flushing;
    }

    /// All that there was has been written.
    pub(super) fn flushed(&self) {
        let mut state = self.state.lock();
        state.is_unflushed = false;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        if state.activity == Activity::Flushing {
            state.activity = Activity::Idle(Instant::now());
        }
    }

    /// Whether all has been written; if not, `waker` is woken when it has.
    pub(super) fn is_flushed_or_wake(&self, waker: &Waker) -> bool {
        let mut state = self.state.lock();
        if state.is_unflushed {
            state.waker = Some(waker.clone());
        }
        !state.is_unflushed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_longest_idle_gives_way_and_none_that_is_answered_does() {
        let connections = Arc::new(OpenConnections::new(3));
        let slots: Vec<_> = (0..3).map(|_| connections.open().expect("there is room")).collect();
        for slot in &slots {
            slot.connection.begin_handling();
        }
        assert!(connections.open().is_none(), "all are busy");
        for at in [1, 2, 0] {
            tokio::time::advance(Duration::from_secs(1)).await;
            slots[at].connection.end_response();
            slots[at].connection.flushed();
        }
        let another = connections.open().expect("one is idle");
        slots[1].connection.evicted().await;
        assert_eq!(connections.open.lock().by_number.len(), 3);
        drop((slots, another));
        assert_eq!(connections.open.lock().by_number.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_waits_or_sends_a_head_has_a_deadline() {
        let connection = Connection::new();
        let now = Instant::now();
        assert_eq!(connection.read_deadline(), Some(now + IDLE_TIME));
        tokio::time::advance(Duration::from_secs(60)).await;
        connection.received();
        let begun = Instant::now();
        tokio::time::advance(Duration::from_secs(5)).await;
        connection.received();
        assert_eq!(connection.read_deadline(), Some(begun + HEAD_TIME), "from its first byte");
        connection.begin_body();
        assert_eq!(connection.read_deadline(), None);
        connection.begin_handling();
        connection.end_response();
        assert!(!connection.is_between_requests(), "the response has not left");
        connection.flushed();
        assert!(connection.is_between_requests());
    }
}
