//! A request that has been accepted: its context, and what hangs on its answer.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use fg_core::limits::REQUEST_ID;
use fg_core::{Context, Logger};
use http::HeaderMap;
use tokio::time::timeout_at;

use super::shutdown_guard::Run;
use crate::invocation::after_response_work;
use crate::invocation::deadline_timer::Alarm;
use crate::invocation::request_id::random_request_id;
use crate::invocation::watchdog::NOTICE;
use crate::log::runtime_log;
use crate::run::Start;

/// Some engines send the request's id under this name.
const OTHER_REQUEST_ID: &str = "x-request-id";

/// The contexts of requests that are over, for those that come: what they are made of need not be
/// made again.
pub(crate) struct Contexts {
    start: Arc<Start>,
    idle: Mutex<Vec<Context>>,
}

/// The most of them that are kept.
const MOST_IDLE: usize = 64;

impl Contexts {
    pub(crate) fn new(start: Arc<Start>) -> Self {
        Self { start, idle: Mutex::default() }
    }

    /// Makes the context of an invocation from those headers of its request that are of interest.
    ///
    /// The id is the platform's, else that of the engine in front of us, else a new one. One that
    /// is too long to be an id is not taken.
    pub(crate) fn begin(
        &self,
        received: Instant,
        headers: &HeaderMap,
        is_of_interest: impl Fn(&str) -> bool,
    ) -> Context {
        let mut ctx = self.lock().pop().unwrap_or_else(|| self.start.context());
        let mut other_id = None;
        let given = headers.iter().filter_map(|(name, value)| {
            let name = name.as_str();
            if name == OTHER_REQUEST_ID && other_id.is_none() {
                other_id = Some(value);
            }
            // Engines send what they have nothing for empty.
            (!value.is_empty() && is_of_interest(name)).then_some((name, value.as_bytes()))
        });
        if !ctx.begin(received, given) || ctx.request_id().len() > REQUEST_ID {
            match other_id
                .and_then(|id| id.to_str().ok())
                .filter(|id| says_something(id) && id.len() <= REQUEST_ID)
            {
                Some(id) => ctx.set_request_id(id),
                None => ctx.set_request_id(&random_request_id()),
            }
        }
        ctx
    }

    /// Takes back a context, unless there are secrets in it, which are wiped at once.
    fn take_back(&self, mut ctx: Context) {
        ctx.end();
        let mut idle = self.lock();
        if idle.len() < MOST_IDLE && !ctx.has_secrets() {
            idle.push(ctx);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Context>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Contexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} idle", self.lock().len())
    }
}

/// Engines send headers that they have nothing for empty, or as the word `null`.
fn says_something(value: &str) -> bool {
    let value = value.trim();
    !value.is_empty() && !value.eq_ignore_ascii_case("null")
}

/// What is due when a response has left: the invocation's place is given back, and the work that it
/// has left begins.
#[derive(Debug)]
pub(crate) struct Due(Option<(Context, Run, Arc<Contexts>)>);

impl Due {
    pub(crate) fn of(ctx: Context, run: Run, contexts: &Arc<Contexts>) -> Self {
        Self(Some((ctx, run, Arc::clone(contexts))))
    }
}

impl Drop for Due {
    fn drop(&mut self) {
        let Some((ctx, mut run, contexts)) = self.0.take() else { return };
        run.leave_place();
        if !ctx.has_after_work() {
            contexts.take_back(ctx);
            return;
        }
        // Dropped outside of the runtime only when the process ends.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let (deadline, logger) = (ctx.deadline(), ctx.logger().clone());
                let work = tokio::spawn(async move { after_response_work::finish(&ctx, &mut Alarm::new()).await });
                // It ends by itself, unless it blocks its thread. Then the server does not wait for
                // it any longer.
                if timeout_at((deadline.max(Instant::now()) + NOTICE).into(), work).await.is_err() {
                    let message = "work left by spawn_after has blocked its thread past the time of its invocation; it goes on";
                    runtime_log::of(&logger).error(message);
                }
                drop(run);
            });
        }
    }
}

/// Says so if a handler is dropped before its end.
#[derive(Debug)]
pub(crate) struct Unfinished<'l>(Option<&'l Logger>);

impl<'l> Unfinished<'l> {
    pub(crate) const fn new(log: &'l Logger) -> Self {
        Self(Some(log))
    }

    /// The handler has ended, or its end is no longer waited for.
    pub(crate) fn finish(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(log) = self.0 {
            runtime_log::of(log).warn("the handler was dropped before its reply: the client has gone away, or the process ends");
        }
    }
}
