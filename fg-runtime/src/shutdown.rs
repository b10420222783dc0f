//! The request to end the process: SIGTERM or SIGINT, Ctrl-C on Windows.
//!
//! No document states that the platform sends a signal. The first one lets current work finish, and
//! the second one ends the process at once.

use fg_core::__private::Mutex;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use tokio::task::yield_now;

use crate::log::runtime_log::report;
use crate::system::{Signals, WakeReceiver, end_now};

/// Whether the process should end after its current work.
#[derive(Debug, Default)]
pub(crate) struct Shutdown {
    requested: AtomicBool,
    /// The waker of the event loop's task.
    task: Mutex<Option<Waker>>,
    /// The signals, if no other thread receives them.
    signals: Mutex<Option<Signals>>,
    has_signals: AtomicBool,
}

impl Shutdown {
    pub(crate) fn new() -> Arc<Self> {
        let shutdown = Self::default();
        #[cfg(not(unix))]
        {
            shutdown.poll_these(Signals::listen().ok());
        }
        Arc::new(shutdown)
    }

    /// Whether shutdown has been requested.
    pub(crate) fn is_requested(&self) -> bool {
        self.requested.load(Ordering::Acquire)
    }

    /// Requests shutdown for a signal. `code` is the exit code of a process that is killed by it.
    pub(crate) fn request(&self, code: i32) {
        if self.requested.swap(true, Ordering::AcqRel) {
            report("fg: second signal received; ending now, with work unfinished");
            end_now(code);
        }
        if let Some(task) = &*self.task.lock() {
            task.wake_by_ref();
        }
    }

    /// Lets the event loop poll the signals itself, since there is no watchdog thread.
    pub(crate) fn set_signals(&self, receiver: WakeReceiver) {
        #[cfg(unix)]
        {
            self.poll_these(Signals::of(receiver));
        }
        #[cfg(not(unix))]
        drop(receiver);
    }

    fn poll_these(&self, signals: Option<Signals>) {
        self.has_signals.store(signals.is_some(), Ordering::Release);
        *self.signals.lock() = signals;
    }

    /// Runs the event loop, and polls the signals meanwhile.
    ///
    /// The future is already pinned, here and below: one that is passed by value and then pinned
    /// takes its space twice.
    pub(crate) async fn listen_during<F: Future>(&self, mut event_loop: Pin<&mut F>) -> F::Output {
        let mut waker: Option<Waker> = None;
        poll_fn(|task| {
            if !waker.as_ref().is_some_and(|waker| waker.will_wake(task.waker())) {
                *self.task.lock() = Some(task.waker().clone());
                waker = Some(task.waker().clone());
            }
            loop {
                let polled = event_loop.as_mut().poll(task);
                if polled.is_ready() || !self.poll_signals(task) {
                    return polled;
                }
                // Shutdown has just been requested, and the event loop must be polled again to
                // notice it.
            }
        })
        .await
    }

    /// Waits for the future until shutdown is requested. `None` if it is requested first, or has
    /// been.
    ///
    /// If the future was ready before the signal, its output is returned, whichever of the two was
    /// noticed first.
    pub(crate) async fn or_until_requested<F: Future>(
        &self,
        mut future: Pin<&mut F>,
    ) -> Option<F::Output> {
        if self.is_requested() {
            return None;
        }
        let requested = poll_fn(|task| match future.as_mut().poll(task) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.is_requested() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        if let Some(output) = requested.await {
            return Some(output);
        }
        // Lets tokio poll its sockets.
        yield_now().await;
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    /// Polls the signals, if the event loop receives them. True if one has arrived.
    fn poll_signals(&self, task: &mut Context<'_>) -> bool {
        let mut has_signal = false;
        // Usually there are none, and the lock is not taken.
        while self.has_signals.load(Ordering::Acquire) {
            match self.signals.lock().as_mut().map(|signals| signals.poll(task)) {
                Some(Poll::Ready(code)) => self.request(code),
                _ => break,
            }
            has_signal = true;
        }
        has_signal
    }
}
