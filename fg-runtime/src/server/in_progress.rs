//! What is in progress: how many connections and invocations there are, and what the shutdown waits
//! for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The most invocations at a time. Source: the platform's manual, "concurrency per instance": 1 to
/// 1000.
pub(crate) const MAX_INVOCATIONS: usize = 1000;

/// Counts the invocations that run.
#[derive(Clone, Debug, Default)]
pub(crate) struct InvocationSlots(Arc<AtomicUsize>);

/// One of them, until this is dropped.
#[derive(Debug)]
pub(crate) struct InvocationSlot(InvocationSlots);

impl InvocationSlots {
    /// `None` if [`MAX_INVOCATIONS`] run already.
    pub(crate) fn acquire(&self) -> Option<InvocationSlot> {
        let add = |count| (count < MAX_INVOCATIONS).then_some(count + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).ok()?;
        Some(InvocationSlot(self.clone()))
    }
}

impl Drop for InvocationSlot {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
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

    #[test]
    fn there_are_a_thousand_slots() {
        let slots = InvocationSlots::default();
        let acquire = || slots.acquire();
        let mut all: Vec<_> =
            (0..MAX_INVOCATIONS).map(|_| acquire().expect("a slot is free")).collect();
        assert!(acquire().is_none());
        all.pop();
        assert!(acquire().is_some());
    }

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
