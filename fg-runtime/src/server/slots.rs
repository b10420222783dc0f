//! How many invocations run at a time, and what a connection occupies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::OwnedSemaphorePermit;

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
}
