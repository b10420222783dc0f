//! The end of an invocation: what follows once its response has left, or the log line if its handler
//! was dropped before.

use std::time::Instant;

use fg_core::__private::lifecycle;
use fg_core::{Context, Logger};
use http::HeaderMap;
use tokio::time::timeout_at;

use super::in_progress::{InvocationSlot, ShutdownGuard};
use super::request_context::RequestHeaders;
use crate::invocation::after_response_work;
use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::watchdog::OVERRUN_LIMIT;
use crate::log::runtime_log;

/// An invocation whose handler has ended. When this is dropped, its slot is free, and the work that
/// it has left by `spawn_after` begins.
#[derive(Debug)]
pub(crate) struct FinishedInvocation {
    /// `None` once it is being dropped.
    invocation: Option<(Context, InvocationSlot)>,
    /// For the work that it leaves, until its response has left.
    guard: Option<ShutdownGuard>,
}

impl FinishedInvocation {
    pub(crate) const fn new(
        ctx: Context,
        slot: InvocationSlot,
        guard: Option<ShutdownGuard>,
    ) -> Self {
        Self { invocation: Some((ctx, slot)), guard }
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
            drop(slot);
            spawn_after_response(ctx, self.guard.take());
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
