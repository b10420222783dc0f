//! A request that has been accepted: its context, and what hangs on its answer.

use std::time::Instant;

use fg_core::{Context, header_names};
use http::HeaderMap;

use super::running::Run;
use crate::after_work;
use crate::alarm::Alarm;
use crate::one_shot::random_request_id;
use crate::run::Start;

/// Some engines send the request's id under this name.
const OTHER_REQUEST_ID: &str = "x-request-id";

/// Makes the context of an invocation from the headers of its request.
///
/// The id is the platform's, else that of the engine in front of us, else a new one.
pub(crate) fn context(start: &Start, received: Instant, headers: &HeaderMap) -> Context {
    let mut ctx = start.context();
    let given = || headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    if !ctx.begin(received, given()) {
        let other = headers.get(OTHER_REQUEST_ID).filter(|id| !id.is_empty());
        let id = other.map_or_else(|| random_request_id().into_bytes(), |id| id.as_bytes().to_vec());
        ctx.begin(received, std::iter::once((header_names::REQUEST_ID, &*id)).chain(given()));
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
