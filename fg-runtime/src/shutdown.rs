//! The wish of the system that this process ends: SIGTERM or SIGINT, Ctrl-C on Windows.
//!
//! No document says that the platform sends one. Where it comes, what runs is finished; where it comes twice, the process ends at once.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};

use crate::stderr::say;

/// Listens for signals.
#[derive(Debug)]
pub(crate) struct Shutdown {
    signals: Option<signals::Signals>,
    requested: bool,
}

impl Shutdown {
    /// Begins to listen. Where the system does not let us, the process ends as it would have without us.
    pub(crate) fn listen() -> Self {
        Self { signals: signals::Signals::listen().ok(), requested: false }
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

/// The only place that knows which system this is.
#[cfg(unix)]
mod signals {
    use std::io;
    use std::task::{Context, Poll};

    use tokio::signal::unix::{Signal, SignalKind, signal};

    #[derive(Debug)]
    pub(super) struct Signals {
        terminate: Signal,
        interrupt: Signal,
    }

    impl Signals {
        pub(super) fn listen() -> io::Result<Self> {
            Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
        }

        /// Ready with the exit code that a process killed by this signal would have.
        pub(super) fn poll(&mut self, task: &mut Context<'_>) -> Poll<i32> {
            if self.terminate.poll_recv(task).is_ready() {
                return Poll::Ready(128 + SignalKind::terminate().as_raw_value());
            }
            self.interrupt.poll_recv(task).map(|_| 128 + SignalKind::interrupt().as_raw_value())
        }
    }
}

#[cfg(not(unix))]
mod signals {
    use std::io;
    use std::task::{Context, Poll};

    use tokio::signal::windows::{CtrlC, ctrl_c};

    #[derive(Debug)]
    pub(super) struct Signals(CtrlC);

    impl Signals {
        pub(super) fn listen() -> io::Result<Self> {
            ctrl_c().map(Self)
        }

        /// Ready with the exit code that Windows gives a process ended by Ctrl-C.
        pub(super) fn poll(&mut self, task: &mut Context<'_>) -> Poll<i32> {
            const STATUS_CONTROL_C_EXIT: i32 = 0xC000_013A_u32 as i32;
            self.0.poll_recv(task).map(|_| STATUS_CONTROL_C_EXIT)
        }
    }
}
