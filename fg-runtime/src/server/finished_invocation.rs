//! What follows once the response of an invocation has left.

use std::sync::Arc;
use std::time::Instant;

use fg_core::__private::lifecycle;
use fg_core::Context;
use tokio::time::timeout_at;

use super::accepted::Contexts;
use super::in_progress::{InvocationSlot, ShutdownGuard};
use crate::invocation::after_response_work;
use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::watchdog::NOTICE;
use crate::log::runtime_log;

/// An invocation whose handler has ended. When this is dropped, its slot is free, and the work that
/// it has left by `spawn_after` begins.
#[derive(Debug)]
pub(crate) struct FinishedInvocation {
    /// `None` once it is being dropped.
    invocation: Option<(Context, InvocationSlot)>,
    /// For the work that it has left.
    guard: Option<ShutdownGuard>,
    contexts: Arc<Contexts>,
}

impl FinishedInvocation {
    pub(crate) fn new(
        ctx: Context,
        slot: InvocationSlot,
        guard: Option<&ShutdownGuard>,
        contexts: &Arc<Contexts>,
    ) -> Self {
        let guard = guard.filter(|_| lifecycle::has_after_work(&ctx)).cloned();
        Self { invocation: Some((ctx, slot)), guard, contexts: Arc::clone(contexts) }
    }
}

impl Drop for FinishedInvocation {
    fn drop(&mut self) {
        let Some((ctx, slot)) = self.invocation.take() else { return };
        drop(slot);
        if lifecycle::has_after_work(&ctx) {
            spawn_after_response(ctx, self.guard.take());
        } else {
            self.contexts.take_back(ctx);
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
        if timeout_at((deadline.max(Instant::now()) + NOTICE).into(), work).await.is_err() {
            runtime_log::of(&logger).error(
                "work left by spawn_after has blocked its thread past the time of its invocation; it goes on",
            );
        }
        drop(guard);
    });
}
