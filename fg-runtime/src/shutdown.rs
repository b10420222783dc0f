//! The wish of the system that this process ends: SIGTERM or SIGINT, Ctrl-C on Windows.
//!
//! No document says that the platform sends one. Where it comes, what runs is finished; where it comes twice, the process ends at once.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use crate::stderr::say;
use crate::system::Signals;

/// Whether the process should end when it has finished what runs.
#[derive(Debug, Default)]
pub(crate) struct Shutdown {
    requested: AtomicBool,
}

impl Shutdown {
    /// Whether it should.
    pub(crate) fn is_requested(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }

    /// Runs the loop, and listens for signals meanwhile. Where the system does not let us, the process ends as it would have without us.
    ///
    /// The loop is in its place already, here and below: a future that is handed over and then pinned takes its space twice.
    pub(crate) async fn listen_during<F: Future>(&self, mut event_loop: Pin<&mut F>) -> F::Output {
        let mut signals = Signals::listen().ok();
        poll_fn(|task| {
            loop {
                let polled = event_loop.as_mut().poll(task);
                if polled.is_ready() || !self.take_signals(signals.as_mut(), task) {
                    return polled;
                }
                // It has just been requested: what waits for that must look again.
            }
        })
        .await
    }

    /// Waits for the future until the process should end: none then, or if it should already.
    pub(crate) async fn or_until_requested<F: Future>(&self, mut future: Pin<&mut F>) -> Option<F::Output> {
        poll_fn(|task| {
            if self.is_requested() {
                return Poll::Ready(None);
            }
            future.as_mut().poll(task).map(Some)
        })
        .await
    }

    /// Whether a signal has come that is the first one.
    fn take_signals(&self, signals: Option<&mut Signals>, task: &mut Context<'_>) -> bool {
        let Some(signals) = signals else { return false };
        let mut is_news = false;
        while let Poll::Ready(code) = signals.poll(task) {
            if self.requested.swap(true, Ordering::Relaxed) {
                say("fg: told to end a second time; ending now, with work unfinished");
                std::process::exit(code);
            }
            is_news = true;
        }
        is_news
    }
}
