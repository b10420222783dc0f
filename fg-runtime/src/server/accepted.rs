//! A request that has been accepted: its context, and what hangs on its answer.

use std::time::Instant;

use fg_core::{Context, Logger, header_names};
use http::HeaderMap;
use tokio::time::timeout_at;

use super::outgoing::Departures;
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
    // An empty id is none, so that the platform's own counts.
    let has_id = begin_as(b"", &mut ctx, received, headers)
        || headers.get(OTHER_REQUEST_ID).is_some_and(|id| begin_as(id.as_bytes(), &mut ctx, received, headers));
    if !has_id {
        begin_as(random_request_id().as_bytes(), &mut ctx, received, headers);
    }
    ctx
}

/// Whether there is an id: this one, else that of the platform.
fn begin_as(id: &[u8], ctx: &mut Context, received: Instant, headers: &HeaderMap) -> bool {
    let given = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    ctx.begin(received, std::iter::once((header_names::REQUEST_ID, id)).chain(given))
}

/// What is due when a response has left: the invocation's place is given back, and the work that it has left begins.
#[derive(Debug)]
pub(crate) struct Due {
    ctx: Context,
    /// None once it has been passed on.
    run: Option<Run>,
}

impl Drop for Due {
    fn drop(&mut self) {
        let Some(mut run) = self.run.take() else { return };
        run.leave_place();
        if self.ctx.has_after_work() {
            let ctx = self.ctx.clone();
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

/// Hangs on the body of a response: what is due waits from the end of the body until that has left.
#[derive(Debug)]
pub(crate) struct AtEnd {
    due: Option<Due>,
    departures: Departures,
}

impl AtEnd {
    /// For a request that is an invocation.
    pub(crate) fn of(ctx: Context, run: Run, departures: Departures) -> Self {
        Self { due: Some(Due { ctx, run: Some(run) }), departures }
    }

    /// Nothing is due.
    pub(crate) fn nothing() -> Self {
        Self { due: None, departures: Departures::default() }
    }
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        if let Some(due) = self.due.take() {
            self.departures.add(due);
        }
    }
}

/// The task of a handler: aborted when nobody waits for its end any more.
#[derive(Debug)]
pub(crate) struct HandlerTask<T> {
    task: tokio::task::JoinHandle<T>,
    /// None once it has been waited for.
    log: Option<Logger>,
}

impl<T> HandlerTask<T> {
    pub(crate) fn new(task: tokio::task::JoinHandle<T>, log: &Logger) -> Self {
        Self { task, log: Some(log.clone()) }
    }

    /// Waits for its end, and not longer than until `too_late`: none then.
    pub(crate) async fn end(mut self, too_late: Option<Instant>) -> Option<Result<T, tokio::task::JoinError>> {
        let ended = match too_late {
            Some(too_late) => timeout_at(too_late.into(), &mut self.task).await.ok(),
            None => Some((&mut self.task).await),
        };
        self.log = None;
        ended
    }
}

impl<T> Drop for HandlerTask<T> {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(log) = &self.log {
            log.warn("the handler was dropped before its reply: the client has gone away, or the process ends");
        }
    }
}
