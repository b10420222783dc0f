//! A connection, as it is shared by the task that serves it and the thread that answers where a handler blocks that task.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, Instant};

use fg_core::{Context, Failure};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::accepted::Due;
use super::lookout::Lookout;
use super::running::{Places, Run};
use crate::invocation::Limits;
use crate::watchdog::margins;

/// A connection, and what is going on there.
#[derive(Debug)]
pub(crate) struct Link {
    state: Mutex<State>,
    lookout: Lookout,
    /// When a handler is too late that may take any time.
    never: Instant,
}

/// Longer than an instance lives.
const NEVER: Duration = Duration::from_secs(365 * 24 * 3600);

#[derive(Debug)]
struct State {
    stream: TcpStream,
    /// Whether the client does not take what is written.
    is_jammed: bool,
    /// What is due when everything that has been written so far has left.
    due: Vec<Due>,
    /// The invocation whose handler runs.
    flight: Option<Flight>,
    /// Keeps the server from ending; none once the client has been answered in place of its handler.
    run: Option<Run>,
}

#[derive(Debug)]
struct Flight {
    ctx: Context,
    run: Run,
    /// When it is answered in place of the handler.
    too_late: Instant,
}

impl Link {
    /// A connection that runs, and over whose handlers this looks.
    pub(crate) fn new(stream: TcpStream, run: Run, lookout: &Lookout) -> Arc<Self> {
        let state = State { stream, is_jammed: false, due: Vec::new(), flight: None, run: Some(run) };
        let link = Arc::new(Self { state: Mutex::new(state), lookout: lookout.clone(), never: Instant::now() + NEVER });
        lookout.add(&link);
        link
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A handler begins. Its caller is answered shortly before its deadline if it has not ended, which it only fails to do if it blocks its thread.
    pub(crate) fn begin(self: &Arc<Self>, ctx: &Context, run: Run, limits: Limits) -> InFlight {
        let too_late = if limits.timeouts { ctx.deadline() - margins(ctx.timeout()).answer } else { self.never };
        self.lock().flight = Some(Flight { ctx: ctx.clone(), run, too_late });
        self.lookout.expect(too_late);
        InFlight(Some(Arc::clone(self)))
    }

    /// When the handler that runs is answered for; one that should have ended before `now` is.
    pub(crate) fn look(&self, now: Instant) -> Option<Instant> {
        let mut state = self.lock();
        let too_late = state.flight.as_ref()?.too_late;
        if too_late > now {
            return Some(too_late);
        }
        let flight = state.flight.take()?;
        let failure = blocked(&flight.ctx);
        flight.ctx.logger().error(&failure);
        state.answer(&failure);
        // From now on the server does not wait for the thread.
        state.run = None;
        None
    }

    /// A place among the invocations, if there is one.
    pub(crate) fn begin_invocation(&self, places: &Places) -> Option<Run> {
        places.begin(self.lock().run.as_ref()?)
    }

    /// Adds what is due when everything that has been written so far has left.
    pub(crate) fn add(&self, due: Due) {
        self.lock().due.push(due);
    }
}

impl State {
    /// Sends an error as the last answer, unless the client still has to take another one.
    fn answer(&mut self, failure: &Failure) {
        let body = failure.to_json();
        let mut answer = format!(
            "HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        )
        .into_bytes();
        answer.extend_from_slice(&body);
        if !self.is_jammed {
            // It is smaller than the buffer of the system, and a client that has gone away needs no answer.
            let _ = self.stream.try_write(&answer);
        }
        // To shut it down takes no waiting.
        let _ = Pin::new(&mut self.stream).poll_shutdown(&mut TaskContext::from_waker(Waker::noop()));
    }
}

#[cold]
fn blocked(ctx: &Context) -> Failure {
    let timeout = ctx.timeout();
    let elapsed = timeout.saturating_sub(ctx.remaining_time());
    let message = format!(
        "the handler has blocked its thread for {elapsed:.1?} of its {timeout:?} and cannot be cancelled; it goes on, and its reply is lost. Use `.await`, or a larger timeout"
    );
    Failure::new(Failure::TIMEOUT, message)
}

/// A handler that runs, until this is dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Option<Arc<Link>>);

impl InFlight {
    /// The handler has ended, and its caller is to be answered; none if that has been done in its place.
    pub(crate) fn end(mut self) -> Option<Run> {
        self.take().map(|flight| flight.run)
    }

    fn take(&mut self) -> Option<Flight> {
        self.0.take()?.lock().flight.take()
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.take();
    }
}

/// The side of the task that serves the connection.
impl Link {
    pub(crate) fn poll_read(&self, task: &mut TaskContext<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_read(task, buffer)
    }

    pub(crate) fn poll_write(&self, task: &mut TaskContext<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
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
        }
        flushed
    }

    /// The connection is over: nothing more will leave.
    pub(crate) fn end(&self) {
        self.lock().due.clear();
    }

    pub(crate) fn poll_shutdown(&self, task: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_shutdown(task)
    }
}
