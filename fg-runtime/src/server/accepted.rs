//! A request that has been accepted: its context, and what hangs on its answer.

use std::time::Instant;

use fg_core::Context;
use http::HeaderMap;

use super::running::Run;
use crate::after_work;
use crate::alarm::Alarm;
use crate::one_shot::random_request_id;
use crate::run::Start;

/// Some engines send the request's id under this name.
const OTHER_REQUEST_ID: &str = "x-request-id";

/// Makes the context of an invocation from those headers of its request that are of interest.
///
/// The id is the platform's, else that of the engine in front of us, else a new one.
pub(crate) fn context(start: &Start, received: Instant, headers: &HeaderMap, is_of_interest: impl Fn(&str) -> bool) -> Context {
    let mut ctx = start.context();
    let all = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    if !ctx.begin(received, all.filter(|(name, _)| is_of_interest(name) || *name == OTHER_REQUEST_ID)) {
        let id = ctx.header(OTHER_REQUEST_ID).map_or_else(random_request_id, str::to_owned);
        ctx.set_request_id(&id);
    }
    ctx
}

/// What is due when the response has left: the invocation's place is given back, and the work that it has left begins.
#[derive(Debug)]
pub(crate) struct AtEnd {
    ctx: Option<Context>,
    run: Option<Run>,
}

impl AtEnd {
    /// For a request that is an invocation.
    pub(crate) fn of(ctx: Context, run: Run) -> Self {
        Self { ctx: Some(ctx), run: Some(run) }
    }

    /// Nothing is due.
    pub(crate) const fn nothing() -> Self {
        Self { ctx: None, run: None }
    }
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        let (Some(ctx), Some(mut run)) = (self.ctx.take(), self.run.take()) else { return };
        run.leave_place();
        if ctx.has_after_work() {
            // Dropped outside of the runtime only when the process ends.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move {
                    after_work::finish(&ctx, &mut Alarm::new()).await;
                    drop(run);
                });
            }
        }
    }
}

/// Aborts the task when nobody waits for it any more.
#[derive(Debug)]
pub(crate) struct AbortOnDrop<T>(pub(crate) tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
