//! What the server waits for before it ends.

use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The server does not end before all of its guards have been dropped: each connection has one, and
/// so has work that was left by `spawn_after`.
#[derive(Clone, Debug)]
pub(crate) struct ShutdownGuard {
    /// Nothing is ever sent: the receiver waits for the last sender to be dropped.
    _sender: Sender<()>,
}

/// Waits for the guards.
#[derive(Debug)]
pub(crate) struct Drained(Receiver<()>);

impl ShutdownGuard {
    /// The first guard, which the others are cloned from.
    pub(crate) fn new() -> (Self, Drained) {
        let (sender, receiver) = channel(1);
        (Self { _sender: sender }, Drained(receiver))
    }
}

impl Drained {
    /// Waits until every [`ShutdownGuard`] has been dropped.
    pub(crate) async fn wait(mut self) {
        let _ = self.0.recv().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_server_is_drained_once_the_last_guard_has_been_dropped() {
        let (first, drained) = ShutdownGuard::new();
        let mut others: Vec<_> = (0..3).map(|_| first.clone()).collect();
        drop(first);
        let mut drained = Box::pin(drained.wait());
        while let Some(guard) = others.pop() {
            assert!(!is_ready(&mut drained));
            drop(guard);
        }
        assert!(is_ready(&mut drained));
    }

    fn is_ready<F: Future>(future: &mut std::pin::Pin<Box<F>>) -> bool {
        future
            .as_mut()
            .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
            .is_ready()
    }
}
