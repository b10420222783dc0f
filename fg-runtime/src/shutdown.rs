//! The wish of the system that this process ends: SIGTERM or SIGINT, Ctrl-C on Windows.
//!
//! No document says that the platform sends one. Where it comes, what runs is finished; where it comes twice, the process ends at once.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};

use crate::stderr::say;
use crate::system::Signals;

/// Listens for signals.
#[derive(Debug)]
pub(crate) struct Shutdown {
    signals: Option<Signals>,
    requested: bool,
}

impl Shutdown {
    /// Begins to listen. Where the system does not let us, the process ends as it would have without us.
    pub(crate) fn listen() -> Self {
        Self { signals: Signals::listen().ok(), requested: false }
    }

    /// Waits for the future, and listens meanwhile.
    pub(crate) async fn watch<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|task| {
            let polled = future.as_mut().poll(task);
            if polled.is_pending() {
                self.take_signals(task);
            }
            polled
        })
        .await
    }

    /// Waits for the future until the process should end: none then, or if it should already.
    pub(crate) async fn or_until_requested<F: Future>(&mut self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|task| {
            if self.requested {
                return Poll::Ready(None);
            }
            let polled = future.as_mut().poll(task).map(Some);
            if polled.is_pending() {
                self.take_signals(task);
                if self.requested {
                    return Poll::Ready(None);
                }
            }
            polled
        })
        .await
    }

    fn take_signals(&mut self, task: &mut Context<'_>) {
        while let Some(Poll::Ready(code)) = self.signals.as_mut().map(|signals| signals.poll(task)) {
            if self.requested {
                say("fg: told to end a second time; ending now, with work unfinished");
                std::process::exit(code);
            }
            self.requested = true;
        }
    }
}
