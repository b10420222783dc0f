//! One call of a handler: with its deadline, its panics and its limits, as a value that says how it
//! ended.
//!
//! Nothing that the user's code does leads out of here but by the returned `Result`.

use std::borrow::Borrow;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context as TaskContext, Poll, ready};
use std::time::{Duration, Instant};

use crate::alarm::Alarm;
use crate::current::with_logger;
use crate::make_state::MakeState;
use crate::panics::catch;
use crate::streamed_reply::StreamedReply;
use crate::voice;
use crate::watchdog::margins;
use fg_core::{Context, Failure, Handler, ResponseBuffer};

/// What an invocation is held to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The largest reply in bytes.
    pub(crate) response_size: usize,
    /// Whether a handler past its deadline is dropped and reported.
    pub(crate) timeouts: bool,
}

impl Limits {
    /// Whether a reply of this many bytes may be sent as a whole.
    pub(crate) fn check_size(&self, size: usize) -> Result<(), Failure> {
        let limit = self.response_size;
        if size > limit {
            let message = format!(
                "the reply has {size} bytes, and the platform takes {limit} (RUNTIME_MAX_RESP_BODY_SIZE)"
            );
            return Err(Failure::new(Failure::RESPONSE_TOO_LARGE, message));
        }
        Ok(())
    }
}

/// How a handler replied.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The whole body is in the reply.
    Buffered,
    /// The first piece is there, and others may follow.
    Streamed(Box<StreamedReply>),
}

/// Calls the handler. A streamed reply has begun when this returns, so that it can still be a
/// failure.
pub(crate) async fn invoke<H: Handler>(
    payload: &[u8],
    ctx: &Context,
    state: &H::State,
    reply: &mut ResponseBuffer,
    limits: Limits,
    alarm: &mut Alarm,
) -> Result<Outcome, Failure> {
    reply.clear();
    let turn = Turn::of(ctx, limits, "RUNTIME_TIMEOUT");
    run_until(H::call(payload, ctx, state, reply), ctx, turn, alarm)
        .await
        .and_then(|returned| returned)?;
    if let Some(body) = reply.take_stream() {
        return StreamedReply::begin(body, ctx, limits)
            .await
            .map(|reply| Outcome::Streamed(Box::new(reply)));
    }
    limits.check_size(reply.body().len())?;
    Ok(Outcome::Buffered)
}

/// Makes the handler's state.
pub(crate) async fn init<H: Handler>(
    make: impl MakeState<H>,
    ctx: &Context,
    limits: Limits,
    alarm: &mut Alarm,
) -> Result<H::State, Failure> {
    let turn = Turn::of(ctx, limits, "RUNTIME_INITIALIZER_TIMEOUT");
    let making = with_subscriber(make.make(ctx), ctx);
    let made = run_until(making, ctx, turn, alarm).await.and_then(|returned| returned);
    made.map_err(|failure| {
        let cause = std::iter::once(failure.to_string());
        let message = format!("the function could not be initialised: {}", failure.message());
        Failure::new(Failure::INIT_ERROR, message)
            .with_cause(cause)
            .with_stack_trace(failure.stack_trace().to_vec())
    })
}

/// Sends what comes of `tracing` in the meantime to the log, unless a subscriber has been set:
/// `init` may set one of its own.
#[cfg(feature = "tracing")]
async fn with_subscriber<F: Future>(future: F, ctx: &Context) -> F::Output {
    let during_init = crate::tracing_layer::DuringInit::new(ctx.logger());
    let mut future = pin!(future);
    poll_fn(|task| during_init.run(|| future.as_mut().poll(task))).await
}

#[cfg(not(feature = "tracing"))]
fn with_subscriber<F: Future>(future: F, _: &Context) -> F {
    future
}

/// Runs `pre_stop`, and drops the state. What goes wrong is logged: no caller is left to tell.
pub(crate) async fn end<H: Handler>(
    ctx: &Context,
    state: impl Borrow<H::State>,
    alarm: &mut Alarm,
) {
    let limits = Limits { response_size: 0, timeouts: true };
    let turn = Turn::of(ctx, limits, "the limit of pre_stop");
    let said = run_until(H::pre_stop(state.borrow()), ctx, turn, alarm).await;
    if let Err(failure) = said.and_then(|()| catch(|| drop(state))) {
        voice::of(ctx.logger()).error(format_args!("in pre_stop: {failure}"));
    }
}

/// A timer that rings so late has not been late by itself: the process stood still. Everything else
/// then has as much time to be noticed.
const LATE: Duration = Duration::from_millis(100);

/// The time that the user's code has: when it is told to give up, when it has to, and how much of
/// it was spent running.
#[derive(Debug)]
pub(crate) struct Turn {
    begun: Instant,
    timeout: Duration,
    /// Who has set the timeout.
    set_by: &'static str,
    enforced: bool,
    has_been_polled: bool,
    /// Until when it is polled after its time is over, where nothing could be noticed before.
    last_chance: Option<Instant>,
    busy: Duration,
}

impl Turn {
    pub(crate) fn of(ctx: &Context, limits: Limits, set_by: &'static str) -> Self {
        let (begun, timeout, enforced) = (Instant::now(), ctx.timeout(), limits.timeouts);
        Self {
            begun,
            timeout,
            set_by,
            enforced,
            has_been_polled: false,
            last_chance: None,
            busy: Duration::ZERO,
        }
    }

    /// Polls the user's code: until it is ready, or its time is over, or it panics.
    pub(crate) fn poll<T>(
        &mut self,
        task: &mut TaskContext<'_>,
        ctx: &Context,
        alarm: &mut Alarm,
        mut poll: impl FnMut(&mut TaskContext<'_>) -> Poll<T>,
    ) -> Poll<Result<T, Failure>> {
        loop {
            // The clock is looked at no more often than needed: for code that does not wait, once.
            let before = if self.has_been_polled { Instant::now() } else { self.begun };
            self.has_been_polled = true;
            match catch(|| with_logger(ctx.logger(), || poll(task))) {
                Ok(Poll::Ready(output)) => return Poll::Ready(Ok(output)),
                Ok(Poll::Pending) => self.busy += before.elapsed(),
                Err(failure) => return Poll::Ready(Err(failure)),
            }
            if !self.enforced {
                return Poll::Pending;
            }
            if ctx.has_been_cancelled() {
                let due = ctx.deadline() - margins(self.timeout).drop;
                ready!(alarm.poll_at(due, task));
                let now = Instant::now();
                if self.last_chance.is_none() && now.saturating_duration_since(due) > LATE {
                    // After a freeze the timer rings before tokio has looked at its sockets.
                    self.last_chance = Some(now + LATE);
                }
                if let Some(last_chance) = self.last_chance {
                    ready!(alarm.poll_at(last_chance, task));
                }
                return Poll::Ready(Err(self.timed_out()));
            }
            ready!(alarm.poll_at(ctx.cancelled_at(), task));
            // The user's code is told first, and has until the second alarm.
            ctx.cancel();
        }
    }

    #[cold]
    fn timed_out(&self) -> Failure {
        let elapsed = self.begun.elapsed();
        let (timeout, set_by, busy, waiting) =
            (self.timeout, self.set_by, self.busy, elapsed.saturating_sub(self.busy));
        let message = format!(
            "not finished after {elapsed:.1?} of {timeout:?} ({set_by}): {busy:.1?} of it running, {waiting:.1?} waiting"
        );
        Failure::new(Failure::TIMEOUT, message)
    }
}

/// Runs the user's future to its end, or to its deadline, or to its panic.
pub(crate) async fn run_until<F>(
    future: F,
    ctx: &Context,
    mut turn: Turn,
    alarm: &mut Alarm,
) -> Result<F::Output, Failure>
where
    F: Future<Output: Send> + Send,
{
    run_pinned(pin!(Some(future)), ctx, &mut turn, alarm).await
}

/// As [`run_until`], for a future that has its place: a large one is not moved once more.
pub(crate) async fn run_pinned<F>(
    future: Pin<&mut Option<F>>,
    ctx: &Context,
    turn: &mut Turn,
    alarm: &mut Alarm,
) -> Result<F::Output, Failure>
where
    F: Future<Output: Send> + Send,
{
    let mut step = Step { future, output: None };
    drive(&mut step, ctx, turn, alarm).await?;
    Ok(step.output.expect("a step that has ended has an output"))
}

/// The user's future, and what it has returned.
struct Step<'f, F: Future> {
    future: Pin<&'f mut Option<F>>,
    output: Option<F::Output>,
}

/// A step whatever its type, so that what drives it is compiled once and not for each step of each
/// handler.
trait AnyStep: Send {
    /// Ready once there is an output.
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
    turn: &mut Turn,
    alarm: &mut Alarm,
) -> Result<(), Failure> {
    let ended = poll_fn(|task| turn.poll(task, ctx, alarm, |task| step.poll(task))).await;
    // Dropped here, so that a panic in a `Drop` of the user's ends here as well.
    if let Err(failure) = catch(|| step.end()) {
        log_failed_drop(&failure, ctx);
    }
    ended
}

/// Drops what is the user's; a panic in a `Drop` ends here.
pub(crate) fn drop_caught<T>(value: T, ctx: &Context) {
    if let Err(failure) = catch(|| drop(value)) {
        log_failed_drop(&failure, ctx);
    }
}

#[cold]
fn log_failed_drop(failure: &Failure, ctx: &Context) {
    voice::of(ctx.logger()).error(format_args!("while the invocation was dropped: {failure}"));
}

/// Calls a blocking handler without holding up the other tasks of a multi-threaded runtime; on a
/// single thread there is no other way than to block it.
pub fn block_in_place<R>(run: impl FnOnce() -> R) -> R {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(run),
        _ => run(),
    }
}
