//! For unit tests of handlers: the whole way from the payload's bytes to the reply's, without a
//! process and without a socket.
//!
//! The function itself stays callable: `greet(event, &Context::default()).await` needs nothing from
//! here.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use fg_core::{Context, Failure, LogSink, ReadyFunction, Record, ResponseBuffer};

use crate::invocation::after_response_work;
use crate::invocation::call::{Initialized, Outcome, end, init, invoke as run_invocation};
use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::limits::Limits;
use crate::invocation::panics;
use crate::invocation::streamed_response::StreamedResponse;
use crate::run::function::Function;
use crate::run::source::Source;
use crate::run::surrounding_runtime::{is_on_one_thread, where_blocking_is_allowed};

/// Runs a function on one payload: the init phase, the call, work left by `spawn_after`, `pre_stop`.
///
/// A `blocking` handler runs where it may block, as it does in a function, whatever the flavor of
/// the test's runtime: on a thread of its own under a plain `#[tokio::test]`, while the runtime
/// goes on. Of several handlers, `Context::builder().handler(name)` and [`invoke_with`] choose one.
///
/// ```text
/// #[tokio::test]
/// async fn it_greets() {
///     let function = fg::Function::of::<greet>();
///     let response = fg::testing::invoke(function, br#"{"name":"Ada"}"#).await.unwrap();
///     assert_eq!(response, br#"{"message":"Hello, Ada!"}"#);
/// }
/// ```
///
/// # Errors
///
/// What the caller of the function would get: the handler's error, a panic, a payload that does not
/// fit, a timeout.
pub async fn invoke<S: Source>(
    function: Function<S>, /* write `invoke(fg::Function::of::<greet>(), payload)` */
    payload: &[u8],
) -> Result<Vec<u8>, Failure> {
    invoke_with(function, payload, &Context::default()).await
}

/// Like [`invoke`], with a context from [`Context::builder`]. The environment is that of the context,
/// whatever the function has been set to.
///
/// # Errors
///
/// As [`invoke`].
pub async fn invoke_with<S: Source>(
    function: Function<S>,
    payload: &[u8],
    ctx: &Context,
) -> Result<Vec<u8>, Failure> {
    panics::install_hook_beside_the_standard_one();
    let limits = Limits { response_size: ctx.environment().max_response_size(), timeouts: true };
    let mut timer = DeadlineTimer::new();
    let mut source = function.source;
    source.choose(ctx.environment().handler())?;
    let function = Arc::new(init(source, ctx, limits, &mut timer).await?);
    let (outcome, output) = if S::BLOCKING && is_on_one_thread() {
        let (payload, ctx, function) = (payload.to_vec(), ctx.clone(), Arc::clone(&function));
        where_blocking_is_allowed(async move { call(&payload, &ctx, &function, limits).await })
            .await
    } else {
        call(payload, ctx, &function, limits).await
    };
    let body = match outcome {
        Ok(Outcome::Buffered) => Ok(output.into_body()),
        Ok(Outcome::Streamed(chunks)) => collect(*chunks).await,
        Err(failure) => Err(failure),
    };
    after_response_work::finish(ctx, &mut timer).await;
    end::<S::Ready>(ctx, function, &mut timer).await;
    body
}

async fn call<R: ReadyFunction>(
    payload: &[u8],
    ctx: &Context,
    function: &Initialized<R>,
    limits: Limits,
) -> (Result<Outcome, Failure>, ResponseBuffer) {
    let (mut output, mut timer) = (ResponseBuffer::new(), DeadlineTimer::new());
    let outcome = run_invocation(payload, ctx, function, &mut output, limits, &mut timer).await;
    (outcome, output)
}

/// The whole of a streamed response.
async fn collect(mut pieces: StreamedResponse) -> Result<Vec<u8>, Failure> {
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
/// use fg_runtime::testing::CapturedLog;
///
/// let log = CapturedLog::new();
/// let ctx = Context::builder().log_to(log.clone()).build();
/// ctx.logger().info("hello");
/// assert_eq!(log.lines(), ["test-request INFO hello"]);
/// ```
#[derive(Default)]
pub struct CapturedLog(Mutex<Vec<String>>);

impl CapturedLog {
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

impl LogSink for CapturedLog {
    fn write(&self, record: &Record<'_>) {
        let line = format!("{} {} {}", record.request_id, record.level, record.text());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

impl fmt::Debug for CapturedLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CapturedLog").field(&self.lines()).finish()
    }
}

/// Runs that many invocations side by side on one thread, each with a logger of its own, and lets
/// each say three things: in every order but one after the other.
#[cfg(all(test, any(feature = "log", feature = "tracing")))]
pub(crate) fn interleave(count: usize, say: impl Fn(usize, usize)) -> Vec<Arc<CapturedLog>> {
    use fg_core::{Level, Logger};

    let logs: Vec<_> = (0..count).map(|_| CapturedLog::new()).collect();
    let loggers: Vec<_> = logs
        .iter()
        .enumerate()
        .map(|(number, log)| {
            Logger::new(&format!("request-{number}"), Level::Info, Arc::<CapturedLog>::clone(log))
        })
        .collect();
    for step in 0..3 {
        for turn in 0..count {
            // Another order in each round; 7 has no divisor in common with the counts that are
            // used.
            let number = turn * 7 % count;
            crate::log::current_logger::with_logger(&loggers[number], || say(number, step));
        }
    }
    logs
}
