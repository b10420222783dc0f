//! A connection, as it is shared by the task that serves it and the thread that answers where a
//! handler blocks that task.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, Instant};

use fg_core::{Context, Failure, Logger};
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::accept_loop::Place;
use super::accepted::{Contexts, Due};
use super::failed::failed_invocation;
use super::open_connections::Lookout;
use super::shutdown_guard::{Places, Run};
use crate::invocation::call::Limits;
use crate::invocation::error_audience::Caller;
use crate::invocation::overdue::Overdue;
use crate::invocation::watchdog::margins;
use crate::log::runtime_log;

/// Longer than an instance lives.
const NEVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// The place of a connection is wanted for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GivesWay;

/// A connection, and what is going on there.
#[derive(Debug)]
pub(crate) struct Link {
    accepted: Instant,
    /// Whether it has one of the places that are left for probes.
    pub(crate) is_reserve: bool,
    /// The address at its other end.
    #[cfg_attr(not(feature = "http"), allow(dead_code, reason = "for services"))]
    pub(crate) client: SocketAddr,
    state: Mutex<State>,
    /// Whether the connection has been handed over to the service, which speaks another protocol
    /// there.
    is_upgraded: AtomicBool,
    lookout: Lookout,
    /// When a handler is too late that may take any time.
    never: Instant,
}

#[derive(Debug)]
struct State {
    stream: TcpStream,
    /// Whether the client does not take what is written.
    is_jammed: bool,
    /// Whether there is a request that has not been answered to the end.
    is_busy: bool,
    /// Since when there is none, and nothing left to send.
    idle_since: Option<Instant>,
    /// Whether there has been a request.
    has_begun: bool,
    /// Whether its place is wanted for another connection.
    gives_way: bool,
    /// Wakes the task that serves it.
    waker: Option<Waker>,
    /// The invocation whose handler runs.
    flight: Option<Flight>,
    /// Until when a connection that has been handed over is open, and whose it is.
    open_until: Option<(Instant, Context)>,
    /// What is due after the response that is being made.
    due_after_response: Option<Due>,
    /// What is due when everything that has been written so far has left.
    due: Vec<Due>,
    /// Keeps the server from ending; none once the client has been answered in place of its
    /// handler.
    run: Option<Run>,
    /// The place among the connections.
    _place: Place,
}

#[derive(Debug)]
struct Flight {
    ctx: Context,
    run: Run,
    /// Who is answered.
    caller: Caller,
    /// When it is answered in place of the handler.
    overdue: Overdue,
    /// What its thread is about to pass on, while it is still being printed.
    panic: Option<Failure>,
}

/// What a look at a connection has found.
#[derive(Debug)]
pub(crate) enum Looked {
    /// No handler runs.
    Idle,
    /// One runs that has to end before this.
    Later(Instant),
    /// One has blocked its thread, and its caller has been answered with this. The server does not
    /// end before that has been logged.
    Answered(Logger, Failure, Option<Run>),
}

impl Link {
    /// A connection that runs, and over whose handlers this looks.
    pub(crate) fn new(
        stream: TcpStream,
        client: SocketAddr,
        place: Place,
        run: Run,
        lookout: &Lookout,
    ) -> Arc<Self> {
        let is_reserve = place.is_reserve;
        let state = State {
            stream,
            is_jammed: false,
            is_busy: false,
            idle_since: None,
            has_begun: false,
            gives_way: false,
            waker: None,
            flight: None,
            open_until: None,
            due_after_response: None,
            due: Vec::new(),
            run: Some(run),
            _place: place,
        };
        let link = Arc::new(Self {
            accepted: Instant::now(),
            is_reserve,
            client,
            state: Mutex::new(state),
            is_upgraded: AtomicBool::new(false),
            lookout: lookout.clone(),
            never: Instant::now() + NEVER,
        });
        lookout.add(&link);
        link
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place among the invocations, if there is one.
    pub(crate) fn begin_invocation(&self, places: &Places) -> Option<Run> {
        places.begin(self.lock().run.as_ref()?)
    }

    /// A handler begins. Its caller is answered shortly before its deadline if it has not ended,
    /// which it only fails to do if it blocks its thread.
    pub(crate) fn begin(
        &self,
        ctx: &Context,
        run: Run,
        limits: Limits,
        caller: Caller,
    ) -> InFlight<'_> {
        let margins = margins(ctx.timeout());
        let too_late = if limits.timeouts { ctx.deadline() - margins.answer } else { self.never };
        let notice = margins.drop - margins.answer;
        self.lock().flight = Some(Flight {
            ctx: ctx.clone(),
            run,
            caller,
            overdue: Overdue::at(too_late, notice),
            panic: None,
        });
        self.lookout.expect(too_late - notice);
        InFlight(self)
    }

    /// When the handler that runs is answered for; one that should have ended before `now` is.
    /// `late` is by how much the thread that looks has woken later than planned.
    pub(crate) fn look(&self, now: Instant, late: Duration) -> Looked {
        let mut state = self.lock();
        let Some(flight) = &mut state.flight else { return Looked::Idle };
        if let Some(next) = flight.overdue.look(now, late) {
            return Looked::Later(next);
        }
        let Some(mut flight) = state.flight.take() else { return Looked::Idle };
        let panic = flight.panic.take();
        let failure =
            panic.unwrap_or_else(|| blocked(&flight.ctx, flight.overdue.has_stood_still()));
        state.answer(&flight, &failure);
        // Once that has been logged, the server does not wait for the thread.
        let run = state.run.take();
        // What is the user's may block where it is dropped, and others still have to be answered.
        drop(state);
        let logger = flight.ctx.logger().clone();
        Looked::Answered(logger, failure, run)
    }

    /// Which connection this is, among those that are open.
    pub(crate) fn id(self: &Arc<Self>) -> u64 {
        Arc::as_ptr(self) as usize as u64
    }

    /// The handler has panicked, and that is being printed; none once it has been.
    pub(crate) fn note_panic(&self, panic: Option<Failure>) {
        if let Some(flight) =
            self.state.try_lock().ok().as_mut().and_then(|state| state.flight.as_mut())
        {
            flight.panic = panic;
        }
    }

    /// The process is about to abort: if a handler runs, its caller is answered.
    pub(crate) fn answer_last(&self, failure: &Failure) {
        // Should the lock be taken, a thread is at work on this connection at this moment; it may
        // be this one.
        let Ok(mut state) = self.state.try_lock() else { return };
        if let Some(flight) = state.flight.take() {
            state.answer(&flight, failure);
            // What is the user's is not dropped while the process aborts.
            std::mem::forget(flight);
        }
    }
}

impl State {
    /// Sends an error as the last answer, unless the client still has to take another one.
    fn answer(&mut self, flight: &Flight, failure: &Failure) {
        let response = failed_invocation(
            StatusCode::INTERNAL_SERVER_ERROR,
            failure,
            &flight.ctx,
            flight.caller,
        );
        let mut answer = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
        for (name, value) in response.headers() {
            answer.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        let body = response.body();
        answer.extend(
            format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()).as_bytes(),
        );
        answer.extend_from_slice(body);
        if !self.is_jammed {
            // It is smaller than the buffer of the system, and a client that has gone away needs no
            // answer.
            let _ = self.stream.try_write(&answer);
        }
        // To shut it down takes no waiting.
        let _ =
            Pin::new(&mut self.stream).poll_shutdown(&mut TaskContext::from_waker(Waker::noop()));
    }
}

#[cold]
fn blocked(ctx: &Context, has_stood_still: bool) -> Failure {
    let timeout = ctx.timeout();
    let elapsed = timeout.saturating_sub(ctx.remaining_time());
    let standstill =
        if has_stood_still { ", in which the instance has also stood still," } else { "" };
    let message = format!(
        "the handler has blocked its thread for {elapsed:.1?} of its {timeout:?}{standstill} and cannot be cancelled; it goes on, and its reply is lost. Use `.await`, or a larger timeout"
    );
    Failure::new(Failure::TIMEOUT, message)
}

/// A handler that runs, until this is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct InFlight<'l>(&'l Link);

impl InFlight<'_> {
    /// The handler has ended: whether its caller is to be answered, and has not been in its place.
    /// When the response has left, the invocation is over.
    pub(crate) fn end(self, contexts: &Arc<Contexts>) -> bool {
        let mut state = self.0.lock();
        state.due_after_response =
            state.flight.take().map(|flight| Due::of(flight.ctx, flight.run, contexts));
        state.due_after_response.is_some()
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let flight = self.0.lock().flight.take();
        drop(flight);
    }
}

/// The side of the task that serves the connection.
impl Link {
    /// There is a request.
    pub(crate) fn begin_request(&self) {
        let mut state = self.lock();
        state.is_busy = true;
        state.idle_since = None;
        state.has_begun = true;
        state.gives_way = false;
    }

    /// The response that is being made hands the connection over to the service. The invocation
    /// lasts as long as the service keeps it, and not longer than it may.
    #[cfg(feature = "http")]
    pub(crate) fn upgrade(&self, ctx: &Context, limits: Limits) {
        self.lock().open_until = limits.timeouts.then(|| (ctx.deadline(), ctx.clone()));
        self.is_upgraded.store(true, Ordering::Release);
    }

    /// Whether the connection has been handed over.
    pub(crate) fn is_upgraded(&self) -> bool {
        self.is_upgraded.load(Ordering::Acquire)
    }

    /// Until when a connection that has been handed over is open, if that is limited.
    pub(crate) fn open_until(&self) -> Option<Instant> {
        self.lock().open_until.as_ref().map(|(until, _)| *until)
    }

    /// A connection that has been handed over has been open for its whole time: says so, once.
    pub(crate) fn close_upgraded(&self) {
        if let Some((_, ctx)) = self.lock().open_until.take() {
            let timeout = ctx.timeout();
            runtime_log::of(ctx.logger()).error(format_args!(
                "the upgraded connection was open for all of its {timeout:?}, and is closed"
            ));
        }
    }

    /// The whole of the response has been made, or it has been given up.
    pub(crate) fn end_response(&self) {
        let mut state = self.lock();
        state.is_busy = false;
        if self.is_upgraded() {
            return;
        }
        if let Some(due) = state.due_after_response.take() {
            state.due.push(due);
        }
    }

    /// Since when there is nothing to do; `Err` if the place is wanted for another connection, for
    /// which this task is woken.
    pub(crate) fn poll_rest(&self, task: &TaskContext<'_>) -> Result<Option<Instant>, GivesWay> {
        let mut state = self.lock();
        if state.gives_way {
            return Err(GivesWay);
        }
        if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(task.waker())) {
            state.waker = Some(task.waker().clone());
        }
        Ok(state.idle_since)
    }

    /// There will be no further request: what still comes is only read.
    pub(crate) fn part(&self) {
        self.lock().idle_since = Some(self.accepted);
    }

    /// Since when it has been waiting for a request, if it could give way.
    pub(crate) fn waits_since(&self) -> Option<Instant> {
        let state = self.lock();
        let since = if state.has_begun { state.idle_since } else { Some(self.accepted) };
        since.filter(|_| {
            !state.is_busy && !state.gives_way && !self.is_reserve && !self.is_upgraded()
        })
    }

    /// Asks it to give way, unless a request has come.
    pub(crate) fn ask_to_give_way(&self) {
        let mut state = self.lock();
        state.gives_way = !state.is_busy;
        if let Some(waker) = &state.waker {
            waker.wake_by_ref();
        }
    }

    pub(crate) fn poll_read(
        &self,
        task: &mut TaskContext<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_read(task, buffer)
    }

    pub(crate) fn poll_write(
        &self,
        task: &mut TaskContext<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.lock();
        let written = Pin::new(&mut state.stream).poll_write_vectored(task, parts);
        state.is_jammed = written.is_pending();
        written
    }

    /// Everything has been written that there was.
    pub(crate) fn poll_flush(&self, task: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        let flushed = Pin::new(&mut state.stream).poll_flush(task);
        if let Poll::Ready(Ok(())) = flushed {
            state.due.clear();
            if !state.is_busy && state.idle_since.is_none() {
                state.idle_since = Some(Instant::now());
            }
        }
        flushed
    }

    pub(crate) fn poll_shutdown(&self, task: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_shutdown(task)
    }

    /// The connection is over: nothing more will leave.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.is_busy = false;
        state.due_after_response = None;
        state.due.clear();
    }
}

#[cfg(test)]
#[path = "connection_state_tests.rs"]
mod tests;
