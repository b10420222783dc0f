//! The wish of the system that this process ends: SIGTERM or SIGINT, Ctrl-C on Windows.
//!
//! No document says that the platform sends one. Where it comes, what runs is finished; where it
//! comes twice, the process ends at once.

use fg_core::__private::Mutex;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, Waker};

use tokio::task::yield_now;

use crate::log::runtime_log::say;
use crate::system::{Signals, Wakes, end_now};

/// Whether the process should end when it has finished what runs.
#[derive(Debug, Default)]
pub(crate) struct Shutdown {
    requested: AtomicBool,
    /// The task of the loop.
    task: Mutex<Option<Waker>>,
    /// Where no other thread listens.
    signals: Mutex<Option<Signals>>,
}

impl Shutdown {
    pub(crate) fn new() -> Arc<Self> {
        let shutdown = Self::default();
        #[cfg(not(unix))]
        {
            *lock(&shutdown.signals) = Signals::listen().ok();
        }
        Arc::new(shutdown)
    }

    /// Whether it should.
    pub(crate) fn is_requested(&self) -> bool {
        self.requested.load(Ordering::Acquire)
    }

    /// A signal has come; this is the exit code that a process killed by it would have.
    pub(crate) fn take(&self, code: i32) {
        if self.requested.swap(true, Ordering::AcqRel) {
            say("fg: told to end a second time; ending now, with work unfinished");
            end_now(code);
        }
        if let Some(task) = &*lock(&self.task) {
            task.wake_by_ref();
        }
    }

    /// There is no thread that listens: the loop does it itself.
    pub(crate) fn listen_itself(&self, wakes: Wakes) {
        #[cfg(unix)]
        {
            *lock(&self.signals) = Signals::of(wakes);
        }
        #[cfg(not(unix))]
        drop(wakes);
    }

    /// Runs the loop, and learns of signals meanwhile.
    ///
    /// The loop is in its place already, here and below: a future that is handed over and then
    /// pinned takes its space twice.
    pub(crate) async fn listen_during<F: Future>(&self, mut event_loop: Pin<&mut F>) -> F::Output {
        let mut waker: Option<Waker> = None;
        poll_fn(|task| {
            if !waker.as_ref().is_some_and(|waker| waker.will_wake(task.waker())) {
                *lock(&self.task) = Some(task.waker().clone());
                waker = Some(task.waker().clone());
            }
            loop {
                let polled = event_loop.as_mut().poll(task);
                if polled.is_ready() || !self.take_signals(task) {
                    return polled;
                }
                // It has just been requested: what waits for that must look again.
            }
        })
        .await
    }

    /// Waits for the future until the process should end: none then, or if it should already.
    ///
    /// What had arrived for the future before the signal counts, whichever of the two was noticed
    /// first.
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
        // Lets tokio look at its sockets.
        yield_now().await;
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    /// Whether a signal has come that is the first one, where the loop listens itself.
    fn take_signals(&self, task: &mut Context<'_>) -> bool {
        let mut is_news = false;
        while let Some(Poll::Ready(code)) =
            lock(&self.signals).as_mut().map(|signals| signals.poll(task))
        {
            self.take(code);
            is_news = true;
        }
        is_news
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock()
}
