//! The writing half of a connection, and the invocation that runs there.
//!
//! The response is written either by the task that serves the connection, or, if a handler blocks
//! that task past its deadline, by the watchdog's thread. Both take the invocation from under one
//! lock, so only one of them gets it.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use fg_core::__private::Mutex;
use fg_core::{Context, Failure, Logger};
use http::StatusCode;
use tokio::io::{AsyncWrite, ReadBuf};
use tokio::net::tcp::OwnedWriteHalf;

use super::error_response::failed_invocation;
use super::in_progress::{FinishedInvocation, InvocationSlot, ShutdownGuard};
use crate::invocation::error_audience::ErrorAudience;
use crate::invocation::overdue::OverdueDetector;
use crate::invocation::time_budget::Margins;

/// The writing half of a connection.
#[derive(Debug)]
pub(crate) struct ResponseWriter {
    state: Mutex<State>,
    /// Whether the response of `State::responding` is complete.
    is_complete: AtomicBool,
    /// Whether `State::unsent` has any.
    has_unsent: AtomicBool,
}

#[derive(Debug)]
struct State {
    /// `None` once the watchdog's thread has written the last response.
    stream: Option<OwnedWriteHalf>,
    /// Whether the client does not read what is written.
    is_blocked: bool,
    running: Option<RunningInvocation>,
    /// The invocation whose response is being made, or is complete and has not been flushed.
    responding: Option<FinishedInvocation>,
    /// Those before it whose responses have not been flushed.
    unsent: Vec<FinishedInvocation>,
    /// `None` once the watchdog's thread has written the last response.
    guard: Option<ShutdownGuard>,
}

/// An invocation whose handler runs.
#[derive(Debug)]
struct RunningInvocation {
    ctx: Context,
    slot: InvocationSlot,
    caller: ErrorAudience,
    /// Whether the handler has to end before its deadline.
    has_deadline: bool,
    /// When the watchdog's thread answers; `None` before its first look.
    overdue: Option<OverdueDetector>,
    /// What the handler has panicked with, while that is being printed.
    panic: Option<Failure>,
}

/// What the watchdog's thread finds on a connection.
#[derive(Debug)]
pub(crate) enum Looked {
    /// No handler runs.
    Idle,
    /// A handler runs; look again at this time, if it has a deadline.
    Running(Option<Instant>),
    /// A handler has blocked its thread past its deadline, and its caller has been answered.
    Answered(Blocked),
}

/// A handler that has been answered for.
#[derive(Debug)]
pub(crate) struct Blocked {
    pub(crate) logger: Logger,
    pub(crate) failure: Failure,
    /// The server does not end before the failure has been logged.
    pub(crate) guard: Option<ShutdownGuard>,
}

impl ResponseWriter {
    pub(crate) fn new(stream: OwnedWriteHalf, guard: ShutdownGuard) -> Self {
        let state = State {
            stream: Some(stream),
            is_blocked: false,
            running: None,
            responding: None,
            unsent: Vec::new(),
            guard: Some(guard),
        };
        Self {
            state: Mutex::new(state),
            is_complete: AtomicBool::new(false),
            has_unsent: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// A handler begins. `None` if the connection has had its last response.
    pub(crate) fn begin(
        &self,
        ctx: &Context,
        slot: InvocationSlot,
        has_deadline: bool,
        caller: ErrorAudience,
    ) -> Option<Running<'_>> {
        let ctx = ctx.clone();
        let running =
            RunningInvocation { ctx, slot, caller, has_deadline, overdue: None, panic: None };
        let mut state = self.lock();
        state.stream.as_ref()?;
        state.running = Some(running);
        Some(Running { writer: self, has_ended: false })
    }

    /// The response of this invocation is being made.
    pub(crate) fn respond(&self, finished: FinishedInvocation) {
        self.begin_response(&mut self.lock(), finished);
    }

    fn begin_response(&self, state: &mut State, finished: FinishedInvocation) {
        self.is_complete.store(false, Ordering::Relaxed);
        if let Some(earlier) = state.responding.replace(finished) {
            state.unsent.push(earlier);
            self.has_unsent.store(true, Ordering::Relaxed);
        }
    }

    /// The response is complete, or has been given up.
    pub(crate) fn end_response(&self) {
        self.is_complete.store(true, Ordering::Relaxed);
    }

    /// Everything has been sent that was written.
    pub(crate) fn flushed(&self) {
        let is_complete = self.is_complete.load(Ordering::Relaxed);
        let has_unsent = self.has_unsent.load(Ordering::Relaxed);
        if is_complete || has_unsent {
            self.is_complete.store(false, Ordering::Relaxed);
            self.has_unsent.store(false, Ordering::Relaxed);
            let mut state = self.lock();
            state.unsent.clear();
            if is_complete {
                state.responding = None;
            }
        }
    }

    /// The connection has ended: nothing more is sent.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.responding = None;
        state.unsent.clear();
    }

    pub(crate) fn poll_write(
        &self,
        task: &mut TaskContext<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.lock();
        let Some(stream) = &mut state.stream else {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        };
        let stream = Pin::new(stream);
        // The system call `send` is cheaper than `writev`.
        let written = match parts {
            [part] => stream.poll_write(task, part),
            parts => stream.poll_write_vectored(task, parts),
        };
        state.is_blocked = written.is_pending();
        written
    }

    /// Whether the client has closed the connection, or will send nothing more there. This task is
    /// woken when it does.
    pub(crate) fn has_client_gone(&self, task: &mut TaskContext<'_>) -> bool {
        let state = self.lock();
        let Some(stream) = &state.stream else { return false };
        let mut next = [0];
        // What has come of the next request stays to be read.
        match stream.as_ref().poll_peek(task, &mut ReadBuf::new(&mut next)) {
            Poll::Ready(Ok(length)) => length == 0,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        }
    }

    pub(crate) fn poll_shutdown(&self, task: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        match &mut self.lock().stream {
            Some(stream) => Pin::new(stream).poll_shutdown(task),
            None => Poll::Ready(Ok(())),
        }
    }
}

/// What the watchdog's thread does, and the panic hook.
impl ResponseWriter {
    /// Answers for a handler that should have ended before `now`. `late` is by how much the thread
    /// has woken later than planned.
    pub(crate) fn look(&self, now: Instant, late: Duration) -> Looked {
        let mut state = self.lock();
        let Some(running) = &mut state.running else { return Looked::Idle };
        if !running.has_deadline {
            return Looked::Running(None);
        }
        let overdue = running.overdue.get_or_insert_with(|| {
            let margins = Margins::of(running.ctx.timeout());
            let deadline = running.ctx.deadline();
            OverdueDetector::new(deadline - margins.answer, margins.drop - margins.answer)
        });
        if let Some(next) = overdue.check(now, late) {
            return Looked::Running(Some(next));
        }
        let has_stood_still = overdue.was_frozen();
        let Some(mut running) = state.running.take() else { return Looked::Idle };
        let panic = running.panic.take();
        let failure = panic.unwrap_or_else(|| blocked(&running.ctx, has_stood_still));
        state.write_last_response(&running, &failure);
        let guard = state.guard.take();
        // The user's values may block when they are dropped, so the lock is released before.
        drop(state);
        let logger = running.ctx.logger().clone();
        Looked::Answered(Blocked { logger, failure, guard })
    }

    /// The handler has panicked, and the panic is being printed; `None` once it has been.
    pub(crate) fn note_panic(&self, panic: Option<Failure>) {
        if let Some(running) = self.state.try_lock().as_mut().and_then(|s| s.running.as_mut()) {
            running.panic = panic;
        }
    }

    /// The process is about to end, because handlers block all threads: answers the caller if a
    /// handler runs.
    pub(crate) fn answer_before_end(&self) -> Option<Blocked> {
        let mut state = self.lock();
        let mut running = state.running.take()?;
        let ctx = &running.ctx;
        let is_late = ctx.remaining_time() <= Margins::of(ctx.timeout()).drop;
        let failure = running.panic.take().unwrap_or_else(|| {
            if is_late {
                return blocked(&running.ctx, false);
            }
            let message = "handlers have blocked all threads of the instance, and it ends";
            Failure::new(Failure::TIMEOUT, message)
        });
        state.write_last_response(&running, &failure);
        let (logger, guard) = (running.ctx.logger().clone(), state.guard.take());
        // The user's values are not dropped while the process ends.
        std::mem::forget(running);
        Some(Blocked { logger, failure, guard })
    }

    /// The process is about to abort: answers the caller if a handler runs.
    pub(crate) fn answer_before_abort(&self, failure: &Failure) {
        // If the lock is taken, some thread, perhaps this one, is at work on the connection.
        let Some(mut state) = self.state.try_lock() else { return };
        if let Some(running) = state.running.take() {
            state.write_last_response(&running, failure);
            // The user's values are not dropped while the process aborts.
            std::mem::forget(running);
        }
    }
}

impl State {
    fn end_running(&mut self) -> Option<FinishedInvocation> {
        let RunningInvocation { ctx, slot, .. } = self.running.take()?;
        Some(FinishedInvocation::new(ctx, slot))
    }

    /// Sends an error as the last response, unless the client still has to read an earlier one, and
    /// shuts the connection down.
    fn write_last_response(&mut self, running: &RunningInvocation, failure: &Failure) {
        let RunningInvocation { ctx, caller, .. } = running;
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let response = failed_invocation(status, failure, ctx, *caller);
        let mut bytes = format!("HTTP/1.1 {status}\r\n").into_bytes();
        for (name, value) in response.headers() {
            bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        let body = response.body();
        let rest = format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len());
        bytes.extend_from_slice(rest.as_bytes());
        bytes.extend_from_slice(body);
        // To drop the half shuts it down.
        if let Some(stream) = self.stream.take().filter(|_| !self.is_blocked) {
            // The response is smaller than the system's buffer, and a client that has gone away
            // needs none.
            let _ = stream.try_write(&bytes);
        }
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

/// A handler runs, until this is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct Running<'w> {
    writer: &'w ResponseWriter,
    has_ended: bool,
}

impl Running<'_> {
    /// The handler has ended. `None` if its response is not to be sent, because its caller has been
    /// answered already.
    pub(crate) fn end(mut self) -> Option<FinishedInvocation> {
        self.has_ended = true;
        self.writer.lock().end_running()
    }

    /// The handler has ended, and its response is being made. False if that is not to be sent.
    #[cfg(feature = "http")]
    pub(crate) fn respond(mut self) -> bool {
        self.has_ended = true;
        let mut state = self.writer.lock();
        let finished = state.end_running();
        finished.map(|finished| self.writer.begin_response(&mut state, finished)).is_some()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            let running = self.writer.lock().running.take();
            drop(running);
        }
    }
}
