//! Calls the user's code: `init`, an invocation, `pre_stop`.
//!
//! A panic, an exceeded deadline or an error of the user's code becomes the returned `Result`.

use std::borrow::Borrow;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};

use std::task::{Context as TaskContext, Poll};

use fg_core::__private::AfterWork;
use fg_core::__private::Mutex;
use fg_core::__private::lifecycle::take_before_stop;
use fg_core::{Context, Failure, ReadyFunction, ResponseBuffer};

use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::init_phase::InitPhase;
use crate::invocation::limits::Limits;
use crate::invocation::panics::{catch, log_failed_drop};
use crate::invocation::streamed_response::StreamedResponse;
use crate::invocation::time_budget::TimeBudget;
use crate::log::runtime_log;

/// The form of a handler's response.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The whole body is in the `ResponseBuffer`.
    Buffered,
    /// The first chunk is available, and others may follow.
    Streamed(Box<StreamedResponse>),
}

/// A function after its init phase, with the futures registered by `before_stop`.
pub(crate) struct Initialized<R> {
    function: R,
    before_stop: Mutex<Vec<AfterWork>>,
}

impl<R> Initialized<R> {
    /// The function itself.
    #[cfg(feature = "http")]
    pub(crate) const fn function(&self) -> &R {
        &self.function
    }
}

impl<R> fmt::Debug for Initialized<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Initialized")
    }
}

/// Runs the init phase, within the time limit of the context.
pub(crate) async fn init<P: InitPhase>(
    phase: P,
    ctx: &Context,
    limits: Limits,
    timer: &mut DeadlineTimer,
) -> Result<Initialized<P::Ready>, Failure> {
    let budget = TimeBudget::new(ctx, limits, "RUNTIME_INITIALIZER_TIMEOUT");
    let initializing = with_subscriber(phase.init(ctx), ctx);
    let initialized =
        run_until(initializing, ctx, budget, timer).await.and_then(|returned| returned);
    match initialized {
        Ok(function) => {
            Ok(Initialized { function, before_stop: Mutex::new(take_before_stop(ctx)) })
        }
        Err(failure) => {
            let cause = std::iter::once(failure.to_string());
            let message = format!("the function could not be initialised: {}", failure.message());
            Err(Failure::new(Failure::INIT_ERROR, message)
                .with_cause(cause)
                .with_stack_trace(failure.stack_trace().to_vec()))
        }
    }
}

/// Runs one invocation. For a streamed response this waits for the first chunk, so that an error
/// before it is an ordinary error response.
pub(crate) async fn invoke<R: ReadyFunction>(
    payload: &[u8],
    ctx: &Context,
    function: &Initialized<R>,
    output: &mut ResponseBuffer,
    limits: Limits,
    timer: &mut DeadlineTimer,
) -> Result<Outcome, Failure> {
    output.clear();
    let budget = TimeBudget::new(ctx, limits, "RUNTIME_TIMEOUT");
    run_until(function.function.call(payload, ctx, output), ctx, budget, timer)
        .await
        .and_then(|returned| returned)?;
    if let Some(body) = output.take_stream() {
        return StreamedResponse::begin(body, ctx, limits)
            .await
            .map(|response| Outcome::Streamed(Box::new(response)));
    }
    limits.check_size(output.body().len())?;
    Ok(Outcome::Buffered)
}

/// Sends `tracing` events of the future to the log, unless a subscriber has been set: `init` may
/// set one.
#[cfg(feature = "tracing")]
async fn with_subscriber<F: Future>(future: F, ctx: &Context) -> F::Output {
    let during_init = crate::log::tracing_layer::DuringInit::new(ctx.logger());
    let mut future = pin!(future);
    poll_fn(|task| during_init.run(|| future.as_mut().poll(task))).await
}

#[cfg(not(feature = "tracing"))]
fn with_subscriber<F: Future>(future: F, _: &Context) -> F {
    future
}

/// The future of `pre_stop`, or one that `before_stop` has registered.
type StopFuture<'f> = Pin<Box<dyn Future<Output = ()> + Send + 'f>>;

/// Runs `pre_stop` and the futures registered by `before_stop`, and drops the function. Errors are
/// logged, since there is no caller to receive them.
pub(crate) async fn end<R: ReadyFunction>(
    ctx: &Context,
    function: impl Borrow<Initialized<R>>,
    timer: &mut DeadlineTimer,
) {
    let limits = Limits { response_size: 0, timeouts: true };
    let log = runtime_log::of(ctx.logger());
    let registered = std::mem::take(&mut *function.borrow().before_stop.lock());
    // Boxed like the futures of `before_stop`, so that one copy of the code runs both.
    let pre_stop: StopFuture<'_> = Box::pin(function.borrow().function.pre_stop());
    let mut name = "pre_stop";
    for future in std::iter::once(pre_stop).chain(registered) {
        let budget = TimeBudget::new(ctx, limits, "the limit of pre_stop");
        if let Err(failure) = run_until(future, ctx, budget, timer).await {
            log.error(format_args!("in {name}: {failure}"));
        }
        name = "before_stop";
    }
    if let Err(failure) = catch(|| drop(function)) {
        log.error(format_args!("in pre_stop: {failure}"));
    }
}

/// Runs the user's future until it completes, exceeds its deadline or panics.
pub(crate) async fn run_until<F>(
    future: F,
    ctx: &Context,
    mut budget: TimeBudget,
    timer: &mut DeadlineTimer,
) -> Result<F::Output, Failure>
where
    F: Future<Output: Send> + Send,
{
    run_pinned(pin!(Some(future)), ctx, &mut budget, timer).await
}

/// Like [`run_until`], for a future that is already pinned, so that a large one is not moved again.
pub(crate) async fn run_pinned<F>(
    future: Pin<&mut Option<F>>,
    ctx: &Context,
    budget: &mut TimeBudget,
    timer: &mut DeadlineTimer,
) -> Result<F::Output, Failure>
where
    F: Future<Output: Send> + Send,
{
    let mut step = Step { future, output: None };
    drive(&mut step, ctx, budget, timer).await?;
    Ok(step.output.expect("a step that has ended has an output"))
}

/// The user's future and its output.
struct Step<'f, F: Future> {
    future: Pin<&'f mut Option<F>>,
    output: Option<F::Output>,
}

/// A type-erased [`Step`], so that [`drive`] is compiled once and not for each step of each
/// handler.
trait AnyStep: Send {
    /// Polls the future, and stores its output.
    fn poll(&mut self, task: &mut TaskContext<'_>) -> Poll<()>;

    /// Drops the future.
    fn end(&mut self);
}

impl<F: Future<Output: Send> + Send> AnyStep for Step<'_, F> {
    fn poll(&mut self, task: &mut TaskContext<'_>) -> Poll<()> {
        match self.future.as_mut().as_pin_mut() {
            Some(future) => future.poll(task).map(|output| self.output = Some(output)),
            None => Poll::Pending,
        }
    }

    fn end(&mut self) {
        self.future.set(None);
    }
}

async fn drive(
    step: &mut dyn AnyStep,
    ctx: &Context,
    budget: &mut TimeBudget,
    timer: &mut DeadlineTimer,
) -> Result<(), Failure> {
    let ended = poll_fn(|task| budget.poll(task, ctx, timer, &mut |task| step.poll(task))).await;
    // Dropped here to catch a panic in its `Drop`.
    if let Err(failure) = catch(|| step.end()) {
        log_failed_drop(&failure, ctx);
    }
    ended
}

/// Calls a blocking handler without blocking the other tasks of a multi-threaded runtime. A
/// single-threaded runtime is blocked.
pub fn block_in_place<R>(run: impl FnOnce() -> R) -> R {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(run),
        _ => run(),
    }
}
