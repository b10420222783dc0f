//! What is in progress: how many connections and invocations there are, and what the shutdown waits
//! for.

use std::sync::Arc;

use fg_core::__private::{Mutex, lifecycle};
use fg_core::Context;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::oneshot::{Receiver, Sender, channel};

/// The most invocations at a time. Source: the platform's manual, "concurrency per instance": 1 to
/// 1000.
pub(crate) const MAX_INVOCATIONS: usize = 1000;

/// How many contexts of invocations that are over are kept, so that their buffers are used again.
const MAX_IDLE_CONTEXTS: usize = 64;

/// Counts the invocations that run.
#[derive(Clone, Debug, Default)]
pub(crate) struct InvocationSlots(Arc<Mutex<Invocations>>);

#[derive(Debug, Default)]
struct Invocations {
    running: usize,
    idle_contexts: Vec<Context>,
}

/// One of them, until this is dropped.
#[derive(Debug)]
pub(crate) struct InvocationSlot {
    slots: InvocationSlots,
    /// The context of an invocation that is over.
    idle_context: Option<Context>,
}

impl InvocationSlots {
    /// `None` if [`MAX_INVOCATIONS`] run already.
    pub(crate) fn acquire(&self) -> Option<InvocationSlot> {
        let mut invocations = self.0.lock();
        if invocations.running == MAX_INVOCATIONS {
            return None;
        }
        invocations.running += 1;
        let idle_context = invocations.idle_contexts.pop();
        Some(InvocationSlot { slots: self.clone(), idle_context })
    }
}

impl InvocationSlot {
    /// A context that can be used again, if there is one.
    pub(crate) fn take_context(&mut self) -> Option<Context> {
        self.idle_context.take()
    }

    /// Ends the invocation. Its context is kept, unless there are secrets in it, which are wiped at
    /// once.
    pub(crate) fn end(mut self, mut ctx: Context) {
        lifecycle::end(&mut ctx);
        self.idle_context = (!lifecycle::has_secrets(&ctx)).then_some(ctx);
    }
}

impl Drop for InvocationSlot {
    fn drop(&mut self) {
        let idle_context = self.idle_context.take();
        let mut invocations = self.slots.0.lock();
        invocations.running -= 1;
        if invocations.idle_contexts.len() < MAX_IDLE_CONTEXTS {
            invocations.idle_contexts.extend(idle_context);
        }
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
    /// Nothing is ever sent: the receiver waits until this is dropped.
    _sender: Arc<Sender<()>>,
}

/// Waits for the guards.
#[derive(Debug)]
pub(crate) struct Drained(Receiver<()>);

impl ShutdownGuard {
    /// The first guard, which the others are cloned from.
    pub(crate) fn new() -> (Self, Drained) {
        let (sender, receiver) = channel();
        (Self { _sender: Arc::new(sender) }, Drained(receiver))
    }
}

impl Drained {
    /// Waits until every [`ShutdownGuard`] has been dropped.
    pub(crate) async fn wait(self) {
        let _ = self.0.await;
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
