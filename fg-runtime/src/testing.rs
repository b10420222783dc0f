//! Unit tests of handlers: from the payload's bytes to the response's, without a process or a
//! socket.
//!
//! The `async fn` of a handler can also be called directly: `greet(event,
//! &Context::default()).await`.

use std::fmt;
use std::sync::Arc;

use fg_core::__private::Mutex;
use fg_core::{Context, Failure, LogSink, ReadyFunction, Record, ResponseBuffer};

use crate::invocation::after_response_work;
use crate::invocation::call::{Initialized, Outcome, end, init, invoke as run_invocation};
use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::limits::Limits;
use crate::invocation::panics;
use crate::invocation::streamed_response::StreamedResponse;
use crate::run::function::Function;
use crate::run::source::Source;
use crate::run::surrounding_runtime::{is_single_threaded, run_where_blocking_is_allowed};

/// Runs a function on one payload: the init phase, the call, work left by `spawn_after`,
/// `pre_stop`.
///
/// A `blocking` handler may block with any flavor of the test's runtime, as it may in a function:
/// under a plain `#[tokio::test]` it runs on a thread of its own while the runtime continues.
/// `Context::builder().handler(name)` with [`invoke_with`] chooses one of several handlers.
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
/// The error that the caller of the function would get: the handler's error, a panic, a payload
/// that cannot be decoded, a timeout.
pub async fn invoke<S: Source>(
    function: Function<S>, /* write `invoke(fg::Function::of::<greet>(), payload)` */
    payload: &[u8],
) -> Result<Vec<u8>, Failure> {
    invoke_with(function, payload, &Context::default()).await
}

/// Like [`invoke`], with a context from [`Context::builder`]. The environment is that of the
/// context. That of the function is ignored.
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
    let (outcome, output) = if S::BLOCKING && is_single_threaded() {
        let (payload, ctx, function) = (payload.to_vec(), ctx.clone(), Arc::clone(&function));
        run_where_blocking_is_allowed(async move { call(&payload, &ctx, &function, limits).await })
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

/// Collects a streamed response.
async fn collect(mut chunks: StreamedResponse) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = chunks.next().await {
        body.extend_from_slice(&chunk?);
    }
    Ok(body)
}

/// Captures what a handler logs, for assertions.
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
    /// Creates an empty log for [`ContextBuilder::log_to`](fg_core::ContextBuilder::log_to).
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The lines so far, as `<request id> <level> <message>`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().clone()
    }
}

impl LogSink for CapturedLog {
    fn write(&self, record: &Record<'_>) {
        let line = format!("{} {} {}", record.request_id, record.level, record.text());
        self.0.lock().push(line);
    }
}

impl fmt::Debug for CapturedLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CapturedLog").field(&self.lines()).finish()
    }
}

/// Interleaves `count` invocations on one thread. Each has its own logger and calls `log` three
/// times.
#[cfg(all(test, any(feature = "log", feature = "tracing")))]
pub(crate) fn interleave(count: usize, log: impl Fn(usize, usize)) -> Vec<Arc<CapturedLog>> {
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
            // A different order in each round: 7 is coprime to the counts that are used.
            let number = turn * 7 % count;
            crate::log::current_logger::with_logger(&loggers[number], || log(number, step));
        }
    }
    logs
}
