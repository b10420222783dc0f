//! The invocations that are in progress, from their slots to the work that they leave behind, and
//! the guards that the shutdown waits for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use fg_core::__private::{Mutex, lifecycle};
use fg_core::{Context, Logger};
use http::HeaderMap;
use tokio::sync::oneshot::{Receiver, Sender, channel};
use tokio::time::timeout_at;

use super::request_context::RequestHeaders;
use crate::invocation::after_response_work;
use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::watchdog::OVERRUN_LIMIT;
use crate::log::runtime_log;

/// The most invocations at a time. Source: the platform's manual, "concurrency per instance": 1 to
/// 1000.
pub(crate) const MAX_INVOCATIONS: usize = 1000;

/// How many contexts of invocations that are over are kept, so that their buffers are used again.
const MAX_IDLE_CONTEXTS: usize = 64;

/// Counts the invocations that run.
#[derive(Clone, Debug, Default)]
pub(crate) struct InvocationSlots(Arc<Invocations>);

#[derive(Debug, Default)]
struct Invocations {
    running: AtomicUsize,
    /// Passed over while another thread has locked them: to make a context takes less than to wait.
    idle_contexts: Mutex<Vec<Context>>,
    /// The guards that work left by `spawn_after` has one of. Connections have them, so that there
    /// is one when an invocation ends there.
    guards: Weak<Sender<()>>,
}

/// One of them, until this is dropped.
#[derive(Debug)]
pub(crate) struct InvocationSlot {
    slots: InvocationSlots,
    /// The context of an invocation that is over.
    idle_context: Option<Context>,
}

impl InvocationSlots {
    /// No invocation runs. One that leaves work has such a guard until that is done.
    pub(crate) fn new(guard: &ShutdownGuard) -> Self {
        let guards = Arc::downgrade(&guard.sender);
        Self(Arc::new(Invocations { guards, ..Invocations::default() }))
    }

    /// `None` if [`MAX_INVOCATIONS`] run already.
    pub(crate) fn acquire(&self) -> Option<InvocationSlot> {
        let one_more = |running| (running < MAX_INVOCATIONS).then_some(running + 1);
        self.0.running.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        let idle_context = self.0.idle_contexts.try_lock().and_then(|mut idle| idle.pop());
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
        let Invocations { running, idle_contexts, .. } = &*self.slots.0;
        running.fetch_sub(1, Ordering::Relaxed);
        let Some(idle_context) = self.idle_context.take() else { return };
        if let Some(mut idle) = idle_contexts.try_lock() {
            if idle.len() < MAX_IDLE_CONTEXTS {
                idle.push(idle_context);
            }
        }
    }
}

/// An invocation whose handler has ended. When this is dropped, its slot is free, and the work that
/// it has left by `spawn_after` begins.
#[derive(Debug)]
pub(crate) struct FinishedInvocation {
    /// `None` once it is being dropped.
    invocation: Option<(Context, InvocationSlot)>,
}

impl FinishedInvocation {
    pub(crate) const fn new(ctx: Context, slot: InvocationSlot) -> Self {
        Self { invocation: Some((ctx, slot)) }
    }

    /// The context of the invocation.
    pub(crate) fn ctx(&self) -> &Context {
        &self.invocation.as_ref().expect("it is taken when it is dropped").0
    }

    /// The table of the request's headers, for the response; an empty one if a clone of the context
    /// is still held.
    pub(crate) fn take_headers(&mut self) -> HeaderMap {
        let table = self.invocation.as_mut().and_then(|(ctx, _)| lifecycle::take_table(ctx));
        table.map(|RequestHeaders(headers)| headers).unwrap_or_default()
    }
}

impl Drop for FinishedInvocation {
    fn drop(&mut self) {
        let Some((ctx, slot)) = self.invocation.take() else { return };
        if lifecycle::has_after_work(&ctx) {
            let guard = slot.slots.0.guards.upgrade().map(|sender| ShutdownGuard { sender });
            drop(slot);
            spawn_after_response(ctx, guard);
        } else {
            slot.end(ctx);
        }
    }
}

#[cold]
fn spawn_after_response(ctx: Context, guard: Option<ShutdownGuard>) {
    // Dropped outside of the runtime only when the process ends.
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    runtime.spawn(async move {
        let (deadline, logger) = (ctx.deadline(), ctx.logger().clone());
        let work = tokio::spawn(async move {
            after_response_work::finish(&ctx, &mut DeadlineTimer::new()).await;
        });
        // The work ends by itself, unless it blocks its thread. The server does not wait for that.
        if timeout_at((deadline.max(Instant::now()) + OVERRUN_LIMIT).into(), work).await.is_err() {
            runtime_log::of(&logger).error(
                "work left by spawn_after has blocked its thread past the time of its invocation; it goes on",
            );
        }
        drop(guard);
    });
}

/// Logs it if a handler is dropped before its end.
pub(crate) struct LogIfDropped<'l>(Option<&'l Logger>);

impl<'l> LogIfDropped<'l> {
    pub(crate) const fn new(log: &'l Logger) -> Self {
        Self(Some(log))
    }

    /// The handler has ended, or its end is no longer waited for.
    pub(crate) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for LogIfDropped<'_> {
    fn drop(&mut self) {
        if let Some(log) = self.0 {
            runtime_log::of(log).warn("the handler was dropped before its reply: the client has gone away, or the process ends");
        }
    }
}

/// The server does not end before all of its guards have been dropped: each connection has one, and
/// so has work that was left by `spawn_after`.
#[derive(Clone, Debug)]
pub(crate) struct ShutdownGuard {
    /// Nothing is ever sent: the receiver waits until this is dropped.
    sender: Arc<Sender<()>>,
}

/// Waits for the guards.
#[derive(Debug)]
pub(crate) struct Drained(Receiver<()>);

impl ShutdownGuard {
    /// The first guard, which the others are cloned from.
    pub(crate) fn new() -> (Self, Drained) {
        let (sender, receiver) = channel();
        (Self { sender: Arc::new(sender) }, Drained(receiver))
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
