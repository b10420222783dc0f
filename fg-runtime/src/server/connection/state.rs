//! The state of a connection, shared by the task that serves it, the accept loop and the watchdog's
//! thread: whether it is idle, and until when.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Context as TaskContext;
use std::time::{Duration, Instant};

use fg_core::__private::Mutex;
use fg_core::Context;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::OwnedSemaphorePermit;

use super::waker::ConnectionWaker;
use crate::invocation::error_audience::ErrorAudience;
use crate::invocation::limits::Limits;
use crate::log::runtime_log;
use crate::server::exchange::in_progress::{FinishedInvocation, InvocationSlot, ShutdownGuard};
use crate::server::exchange::response_writer::{ResponseWriter, Running};
use crate::server::exchange::watch_schedule::WatchSchedule;

/// How long a client may send nothing between two requests: longer than the 90 s for which Go's
/// HTTP client, and so Knative, keeps a connection that it may use again.
const IDLE_TIMEOUT: Duration = Duration::from_secs(100);

/// A connection, and what is going on there.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    /// Whether it has one of the slots that are reserved for probes.
    pub(crate) is_for_probes: bool,
    /// The address at its other end.
    #[cfg_attr(not(feature = "http"), allow(dead_code, reason = "for services"))]
    pub(crate) client: SocketAddr,
    pub(crate) writer: ResponseWriter,
    schedule: Arc<WatchSchedule>,
    accepted: u64,
    /// [`REQUEST`], [`FLUSHING`], [`EVICTED`], or the time since which it has been idle.
    activity: AtomicU64,
    /// How many heads of requests have begun to come.
    heads: AtomicU64,
    /// How many of these requests the service has been called with.
    requests: AtomicU64,
    /// When the head of a request must be complete; [`NO_DEADLINE`] between two requests, [`LATE`]
    /// once it was not.
    head_deadline: AtomicU64,
    /// Wakes the task that serves it, when it is evicted or a head is late.
    pub(crate) waker: Arc<ConnectionWaker>,
    /// Whether the connection has been handed over to the service, which speaks another protocol
    /// there.
    is_upgraded: AtomicBool,
    /// Until when a connection that has been handed over is open, and whose it is.
    upgraded_until: Mutex<Option<(Instant, Context)>>,
    _slot: ConnectionSlot,
}

/// A connection counts until this is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionSlot {
    _permit: OwnedSemaphorePermit,
    /// Whether it is one of those that are reserved for probes.
    pub(crate) is_for_probes: bool,
}

impl ConnectionSlot {
    pub(crate) const fn new(permit: OwnedSemaphorePermit, is_for_probes: bool) -> Self {
        Self { _permit: permit, is_for_probes }
    }
}

/// A request has begun that has not been answered completely.
const REQUEST: u64 = u64::MAX;
/// The response is complete, but has not been flushed.
const FLUSHING: u64 = u64::MAX - 1;
/// The connection was idle, and has to close.
const EVICTED: u64 = u64::MAX - 2;

const NO_DEADLINE: u64 = u64::MAX;
const LATE: u64 = u64::MAX - 1;

impl ConnectionState {
    /// The state of a new connection, and the half that its requests are read from.
    pub(crate) fn new(
        stream: TcpStream,
        client: SocketAddr,
        slot: ConnectionSlot,
        guard: ShutdownGuard,
        schedule: &Arc<WatchSchedule>,
    ) -> (Arc<Self>, OwnedReadHalf) {
        let (reader, writer) = stream.into_split();
        let accepted = schedule.milliseconds(Instant::now());
        let state = Arc::new(Self {
            is_for_probes: slot.is_for_probes,
            client,
            writer: ResponseWriter::new(writer, guard),
            schedule: Arc::clone(schedule),
            accepted,
            activity: AtomicU64::new(accepted),
            heads: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            head_deadline: AtomicU64::new(NO_DEADLINE),
            waker: Arc::default(),
            is_upgraded: AtomicBool::new(false),
            upgraded_until: Mutex::default(),
            _slot: slot,
        });
        (state, reader)
    }

    /// Identifies the connection among those that are open.
    pub(crate) fn id(self: &Arc<Self>) -> u64 {
        Arc::as_ptr(self) as usize as u64
    }

    /// A request has come.
    pub(crate) fn begin_request(&self) {
        self.activity.store(REQUEST, Ordering::Relaxed);
        // Only the task that serves the connection changes it.
        self.requests.store(self.requests.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// So many heads have begun to come by now.
    pub(crate) fn receive_heads(&self, heads: u64) {
        self.heads.store(heads, Ordering::Relaxed);
    }

    /// A handler begins. Its caller is answered shortly before its deadline if it has not ended,
    /// which it only fails to do if it blocks its thread. `None` if the connection has had its last
    /// response.
    pub(crate) fn begin_invocation(
        &self,
        ctx: &Context,
        slot: InvocationSlot,
        limits: Limits,
        caller: ErrorAudience,
    ) -> Option<Running<'_>> {
        let running = self.writer.begin(ctx, slot, limits.timeouts, caller)?;
        self.schedule.watch(ctx, limits.timeouts);
        Some(running)
    }

    /// The response of this invocation is being made. When it has left, the invocation is over.
    pub(crate) fn respond(&self, finished: FinishedInvocation) {
        self.writer.respond(finished);
    }

    /// The whole of the response has been made, or it has been given up.
    pub(crate) fn end_response(&self) {
        if !self.is_upgraded() {
            self.writer.end_response();
            self.activity.store(FLUSHING, Ordering::Relaxed);
        }
    }

    /// Everything has been sent that was written.
    pub(crate) fn flushed(&self) {
        self.writer.flushed();
        if self.activity.load(Ordering::Relaxed) == FLUSHING {
            self.activity.store(self.schedule.milliseconds(Instant::now()), Ordering::Relaxed);
        }
    }

    /// Whether the client has gone away before it has received the whole response. This task is
    /// woken when it does.
    ///
    /// One that has already sent the next request may have sent all that it wants to, and waits for
    /// the responses.
    pub(crate) fn has_client_gone(&self, task: &mut TaskContext<'_>) -> bool {
        let is_answered = self.activity.load(Ordering::Relaxed) < FLUSHING;
        !is_answered && !self.has_next_request() && self.writer.has_client_gone(task)
    }

    /// Whether the head of a further request has begun to come.
    fn has_next_request(&self) -> bool {
        self.heads.load(Ordering::Relaxed) > self.requests.load(Ordering::Relaxed)
    }

    /// There is no further request: what still comes is only read.
    pub(crate) fn end_requests(&self) {
        self.activity.store(self.accepted, Ordering::Relaxed);
        self.give_up_head();
    }

    /// Whether the connection has to close, because its slot is wanted for another one, or it has
    /// been idle for too long.
    pub(crate) fn is_evicted(&self) -> bool {
        self.activity.load(Ordering::Relaxed) == EVICTED
    }

    /// The head of a request has begun, and must be complete by this time.
    pub(crate) fn begin_head(&self, deadline: Instant) {
        let deadline = self.schedule.milliseconds(deadline);
        self.head_deadline.store(deadline, Ordering::Relaxed);
        self.schedule.look_by(deadline);
    }

    /// The head is complete.
    pub(crate) fn end_head(&self) {
        self.head_deadline.store(NO_DEADLINE, Ordering::Relaxed);
    }

    /// The head is not waited for any longer.
    pub(crate) fn give_up_head(&self) {
        self.head_deadline.store(LATE, Ordering::Relaxed);
    }

    /// Whether a head was not complete in time.
    pub(crate) fn is_head_late(&self) -> bool {
        self.head_deadline.load(Ordering::Relaxed) == LATE
    }
}

/// What the watchdog's thread does, for all connections. A timer of the runtime would cost each
/// request more.
impl ConnectionState {
    /// Ends the time of a head that should have been complete before `now`, and evicts a connection
    /// that has been idle for too long. Returns when to look again, unless a head has begun since.
    pub(crate) fn check_times(&self, now: Instant) -> u64 {
        let idle_timeout = IDLE_TIMEOUT.as_millis() as u64;
        let now = self.schedule.milliseconds(now);
        let deadline = self.head_deadline.load(Ordering::Relaxed);
        let idle_since = self.activity.load(Ordering::Relaxed);
        if deadline < LATE {
            if now < deadline {
                return deadline;
            }
            let (relaxed, late) = (Ordering::Relaxed, LATE);
            // A failure is a head that is complete.
            let _ = self.head_deadline.compare_exchange(deadline, late, relaxed, relaxed);
            self.waker.wake_task();
        } else if deadline == NO_DEADLINE && idle_since < EVICTED {
            if now < idle_since + idle_timeout {
                return idle_since + idle_timeout;
            }
            self.evict(idle_since);
        }
        // It is not idle before now.
        now + idle_timeout
    }
}

/// What the accept loop does.
impl ConnectionState {
    /// Since when the connection has been idle, if it can be evicted.
    pub(crate) fn evictable_since(&self) -> Option<u64> {
        let since = self.activity.load(Ordering::Relaxed);
        (since < EVICTED && !self.is_for_probes && !self.is_upgraded()).then_some(since)
    }

    /// Makes an idle connection close, unless a request has come since.
    pub(crate) fn evict(&self, idle_since: u64) {
        let (now, then) = (EVICTED, idle_since);
        // A failure is a request that has come.
        let _ = self.activity.compare_exchange(then, now, Ordering::Relaxed, Ordering::Relaxed);
        self.waker.wake_task();
    }
}

/// Connections that have been handed over to the service.
impl ConnectionState {
    /// The response that is being made hands the connection over to the service. The invocation
    /// lasts as long as the service keeps it, and not longer than it may.
    #[cfg(feature = "http")]
    pub(crate) fn upgrade(&self, ctx: &Context, limits: Limits) {
        let until = limits.timeouts.then(|| (ctx.deadline(), ctx.clone()));
        *self.upgraded_until.lock() = until;
        self.is_upgraded.store(true, Ordering::Release);
    }

    /// Whether the connection has been handed over.
    pub(crate) fn is_upgraded(&self) -> bool {
        self.is_upgraded.load(Ordering::Acquire)
    }

    /// Until when a connection that has been handed over is open, if that is limited.
    pub(crate) fn upgraded_until(&self) -> Option<Instant> {
        let until = self.upgraded_until.lock();
        until.as_ref().map(|(until, _)| *until)
    }

    /// A connection that has been handed over has been open for its whole time: logs that, once.
    pub(crate) fn close_upgraded(&self) {
        let until = self.upgraded_until.lock().take();
        if let Some((_, ctx)) = until {
            let timeout = ctx.timeout();
            runtime_log::of(ctx.logger()).error(format_args!(
                "the upgraded connection was open for all of its {timeout:?}, and is closed"
            ));
        }
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
