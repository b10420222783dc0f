//! For unit tests of handlers: the whole way from the payload's bytes to the reply's, without a
//! process and without a socket.
//!
//! The function itself stays callable: `greet(event, &Context::default()).await` needs nothing from
//! here.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use fg_core::{Context, Failure, Handler, LogSink, Record, ResponseBuffer};

use crate::after_work;
use crate::alarm::Alarm;
use crate::invocation::{Limits, Outcome, end, init, invoke as run_invocation};
use crate::make_state::ByInit;
use crate::panics;
use crate::streamed_reply::StreamedReply;
use crate::surrounding_runtime::{is_on_one_thread, where_blocking_is_allowed};

/// Runs a handler on one payload: `init`, the call, work left by `spawn_after`, `pre_stop`.
///
/// A `blocking` handler runs where it may block, as it does in a function, whatever the flavor of
/// the test's runtime: on a thread of its own under a plain `#[tokio::test]`, while the runtime
/// goes on.
///
/// ```text
/// #[tokio::test]
/// async fn it_greets() {
///     let reply = fg::testing::invoke::<greet>(br#"{"name":"Ada"}"#).await.unwrap();
///     assert_eq!(reply, br#"{"message":"Hello, Ada!"}"#);
/// }
/// ```
///
/// # Errors
///
/// What the caller of the function would get: the handler's error, a panic, a payload that does not
/// fit, a timeout.
pub async fn invoke<H: Handler>(
    payload: &[u8], /* write `invoke::<greet>(payload)` */
) -> Result<Vec<u8>, Failure> {
    invoke_with::<H>(payload, &Context::default()).await
}

/// Like [`invoke`], with a context from [`Context::builder`].
///
/// # Errors
///
/// As [`invoke`].
pub async fn invoke_with<H: Handler>(payload: &[u8], ctx: &Context) -> Result<Vec<u8>, Failure> {
    panics::install_hook_beside_the_standard_one();
    let limits = Limits { response_size: ctx.environment().max_response_size(), timeouts: true };
    let mut alarm = Alarm::new();
    let state = Arc::new(init::<H>(ByInit, ctx, limits, &mut alarm).await?);
    let (outcome, reply) = if H::BLOCKING && is_on_one_thread() {
        let (payload, ctx, state) = (payload.to_vec(), ctx.clone(), Arc::clone(&state));
        where_blocking_is_allowed(async move { call::<H>(&payload, &ctx, &state, limits).await })
            .await
    } else {
        call::<H>(payload, ctx, &state, limits).await
    };
    let body = match outcome {
        Ok(Outcome::Buffered) => Ok(reply.into_body()),
        Ok(Outcome::Streamed(pieces)) => collect(*pieces).await,
        Err(failure) => Err(failure),
    };
    after_work::finish(ctx, &mut alarm).await;
    end::<H>(ctx, state, &mut alarm).await;
    body
}

async fn call<H: Handler>(
    payload: &[u8],
    ctx: &Context,
    state: &H::State,
    limits: Limits,
) -> (Result<Outcome, Failure>, ResponseBuffer) {
    let (mut reply, mut alarm) = (ResponseBuffer::new(), Alarm::new());
    let outcome = run_invocation::<H>(payload, ctx, state, &mut reply, limits, &mut alarm).await;
    (outcome, reply)
}

/// The whole of a streamed reply.
async fn collect(mut pieces: StreamedReply) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(piece) = pieces.next().await {
        body.extend_from_slice(&piece?);
    }
    Ok(body)
}

/// Keeps what a handler logs, for assertions.
///
/// ```
/// use fg_core::Context;
/// use fg_runtime::testing::KeptLog;
///
/// let log = KeptLog::new();
/// let ctx = Context::builder().log_to(log.clone()).build();
/// ctx.logger().info("hello");
/// assert_eq!(log.lines(), ["test-request INFO hello"]);
/// ```
#[derive(Default)]
pub struct KeptLog(Mutex<Vec<String>>);

impl KeptLog {
    /// An empty log, to be handed to [`ContextBuilder::log_to`](fg_core::ContextBuilder::log_to).
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The lines so far, as `<request id> <level> <text>`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl LogSink for KeptLog {
    fn write(&self, record: &Record<'_>) {
        let line = format!("{} {} {}", record.request_id, record.level, record.text());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

impl fmt::Debug for KeptLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeptLog").field(&self.lines()).finish()
    }
}

/// Runs that many invocations side by side on one thread, each with a logger of its own, and lets
/// each say three things: in every order but one after the other.
#[cfg(all(test, any(feature = "log", feature = "tracing")))]
pub(crate) fn interleave(count: usize, say: impl Fn(usize, usize)) -> Vec<Arc<KeptLog>> {
    use fg_core::{Level, Logger};

    let logs: Vec<_> = (0..count).map(|_| KeptLog::new()).collect();
    let loggers: Vec<_> = logs
        .iter()
        .enumerate()
        .map(|(number, log)| {
            Logger::new(&format!("request-{number}"), Level::Info, Arc::<KeptLog>::clone(log))
        })
        .collect();
    for step in 0..3 {
        for turn in 0..count {
            // Another order in each round; 7 has no divisor in common with the counts that are
            // used.
            let number = turn * 7 % count;
            crate::current::with_logger(&loggers[number], || say(number, step));
        }
    }
    logs
}
