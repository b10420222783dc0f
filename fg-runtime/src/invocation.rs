//! One call of a handler: with its deadline, its panics and its limits, as a value that says how it ended.
//!
//! Nothing that the user's code does leads out of here but by the returned `Result`.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{self, Poll, ready};
use std::time::{Duration, Instant};

use crate::alarm::Alarm;
use crate::current::with_logger;
use crate::panics::catch;
use crate::watchdog::margins;
use fg_core::{Context, Failure, Handler, Reply};

/// What an invocation is held to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The largest reply in bytes.
    pub(crate) response_size: usize,
    /// Whether a handler past its deadline is dropped and reported.
    pub(crate) timeouts: bool,
}

/// Calls the handler; the reply is complete if this is `Ok`.
pub(crate) async fn invoke<H: Handler>(
    payload: &[u8],
    ctx: &Context,
    state: &H::State,
    reply: &mut Reply,
    limits: Limits,
    alarm: &mut Alarm,
) -> Result<(), Failure> {
    reply.clear();
    let deadline = Deadline::of(ctx, limits, "RUNTIME_TIMEOUT");
    run_until(H::call(payload, ctx, state, reply), ctx, deadline, alarm).await.and_then(|returned| returned)?;
    let size = reply.body().len();
    if size > limits.response_size {
        let limit = limits.response_size;
        let message = format!("the reply has {size} bytes, and the platform takes {limit} (RUNTIME_MAX_RESP_BODY_SIZE)");
        return Err(Failure::new(Failure::RESPONSE_TOO_LARGE, message));
    }
    Ok(())
}

/// Makes the handler's state.
pub(crate) async fn init<H: Handler>(ctx: &Context, limits: Limits, alarm: &mut Alarm) -> Result<H::State, Failure> {
    let deadline = Deadline::of(ctx, limits, "RUNTIME_INITIALIZER_TIMEOUT");
    let made = run_until(H::init(ctx), ctx, deadline, alarm).await.and_then(|returned| returned);
    made.map_err(|failure| {
        let cause = std::iter::once(failure.to_string());
        let message = format!("the function could not be initialised: {}", failure.message());
        Failure::new(Failure::INIT_ERROR, message).with_cause(cause).with_stack_trace(failure.stack_trace().to_vec())
    })
}

/// Lets the handler say good-bye to its state, and drops it. What goes wrong is logged: there is nobody left to tell.
pub(crate) async fn end<H: Handler>(ctx: &Context, state: H::State, limits: Limits, alarm: &mut Alarm) {
    let deadline = Deadline::of(ctx, limits, "the limit of pre_stop");
    let said = run_until(H::pre_stop(&state), ctx, deadline, alarm).await;
    if let Err(failure) = said.and_then(|()| catch(|| drop(state))) {
        ctx.logger().error(format_args!("in pre_stop: {failure}"));
    }
}

/// When a future is told to give up, and when it has to.
#[derive(Clone, Copy)]
struct Deadline {
    begun: Instant,
    timeout: Duration,
    /// Who has set the timeout.
    set_by: &'static str,
    enforced: bool,
}

impl Deadline {
    fn of(ctx: &Context, limits: Limits, set_by: &'static str) -> Self {
        Self { begun: Instant::now(), timeout: ctx.timeout(), set_by, enforced: limits.timeouts }
    }
}

/// Runs the user's future to its end, or to its deadline, or to its panic.
async fn run_until<F>(future: F, ctx: &Context, deadline: Deadline, alarm: &mut Alarm) -> Result<F::Output, Failure>
where
    F: Future<Output: Send> + Send,
{
    let mut step = Step { future: pin!(Some(future)), output: None };
    drive(&mut step, ctx, deadline, alarm).await?;
    Ok(step.output.expect("a step that has ended has an output"))
}

/// The user's future, and what it has returned.
struct Step<'f, F: Future> {
    future: Pin<&'f mut Option<F>>,
    output: Option<F::Output>,
}

/// A step whatever its type, so that what drives it is compiled once and not for each step of each handler.
trait AnyStep: Send {
    /// Ready once there is an output.
    fn poll(&mut self, task: &mut task::Context<'_>) -> Poll<()>;

    /// Drops the future.
    fn end(&mut self);
}

impl<F: Future<Output: Send> + Send> AnyStep for Step<'_, F> {
    fn poll(&mut self, task: &mut task::Context<'_>) -> Poll<()> {
        match self.future.as_mut().as_pin_mut() {
            Some(future) => future.poll(task).map(|output| self.output = Some(output)),
            None => Poll::Pending,
        }
    }

    fn end(&mut self) {
        self.future.set(None);
    }
}

async fn drive(step: &mut dyn AnyStep, ctx: &Context, deadline: Deadline, alarm: &mut Alarm) -> Result<(), Failure> {
    let mut give_up = ctx.cancelled_at();
    let mut busy = Duration::ZERO;
    let ended = poll_fn(|task| {
        loop {
            let before = Instant::now();
            let polled = catch(|| with_logger(ctx.logger(), || step.poll(task)));
            busy += before.elapsed();
            match polled {
                Ok(Poll::Ready(())) => return Poll::Ready(Ok(())),
                Ok(Poll::Pending) => {}
                Err(failure) => return Poll::Ready(Err(failure)),
            }
            if !deadline.enforced {
                return Poll::Pending;
            }
            ready!(alarm.poll_at(give_up, task));
            if ctx.has_been_cancelled() {
                return Poll::Ready(Err(timed_out(deadline, busy)));
            }
            // The handler is told first, and has until the second alarm.
            ctx.cancel();
            give_up = ctx.deadline() - margins(deadline.timeout).drop;
        }
    })
    .await;
    // Dropped here, so that a panic in a `Drop` of the user's ends here as well.
    if let Err(failure) = catch(|| step.end()) {
        ctx.logger().error(format_args!("while the invocation was dropped: {failure}"));
    }
    ended
}

#[cold]
fn timed_out(deadline: Deadline, busy: Duration) -> Failure {
    let elapsed = deadline.begun.elapsed();
    let waiting = elapsed.saturating_sub(busy);
    let message = format!(
        "not finished after {elapsed:.1?} of {:?} ({}): {busy:.1?} of it running, {waiting:.1?} waiting",
        deadline.timeout, deadline.set_by
    );
    Failure::new(Failure::TIMEOUT, message)
}

/// Calls a blocking handler without holding up the other tasks of a multi-threaded runtime; on a single thread there is no other way
/// than to block it.
pub fn block_in_place<R>(run: impl FnOnce() -> R) -> R {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(run),
        _ => run(),
    }
}
