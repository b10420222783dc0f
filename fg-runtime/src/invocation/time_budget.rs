//! The time limit of one call of the user's code.

use std::task::{Context as TaskContext, Poll, ready};
use std::time::{Duration, Instant};

use fg_core::__private::lifecycle;
use fg_core::{Context, Failure};

use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::limits::Limits;
use crate::invocation::panics::catch;
use crate::log::current_logger::with_logger;

/// A timer that fires this late means that the process was frozen. Pending I/O then gets as much
/// time to be noticed.
const FREEZE_THRESHOLD: Duration = Duration::from_millis(100);

/// The time limit of one call of the user's code.
///
/// At [`lifecycle::cancelled_at`] the code is cancelled through its context. At the deadline, less
/// a margin, its future is dropped, and the failure reports how much of the time it was running.
#[derive(Debug)]
pub(crate) struct TimeBudget {
    begun: Instant,
    timeout: Duration,
    /// The setting that the timeout comes from, for messages.
    limit_name: &'static str,
    enforced: bool,
    has_been_polled: bool,
    /// Until when the future is still polled after its deadline, if the process was frozen.
    extended_until: Option<Instant>,
    busy: Duration,
}

impl TimeBudget {
    /// For a call that begins now.
    pub(crate) fn new(ctx: &Context, limits: Limits, limit_name: &'static str) -> Self {
        Self::since(Instant::now(), ctx, limits, limit_name)
    }

    /// For a call that has begun at this time, which is now or a moment ago.
    pub(crate) fn since(
        begun: Instant,
        ctx: &Context,
        limits: Limits,
        limit_name: &'static str,
    ) -> Self {
        Self {
            begun,
            timeout: ctx.timeout(),
            limit_name,
            enforced: limits.timeouts,
            has_been_polled: false,
            extended_until: None,
            busy: Duration::ZERO,
        }
    }

    /// For what the call has returned, which goes on at once: a body that is polled next.
    #[cfg(feature = "http")]
    pub(crate) fn go_on(&mut self) {
        // If the call has not waited, all the time since it began is one stretch of running.
        self.has_been_polled = !self.busy.is_zero();
    }

    /// Polls the user's code. Ready when the code is ready, exceeds its time or panics.
    ///
    /// `poll` polls the code and keeps its output.
    pub(crate) fn poll(
        &mut self,
        task: &mut TaskContext<'_>,
        ctx: &Context,
        timer: &mut DeadlineTimer,
        poll: &mut dyn FnMut(&mut TaskContext<'_>) -> Poll<()>,
    ) -> Poll<Result<(), Failure>> {
        loop {
            // The clock is read as rarely as possible: once for code that never waits.
            let before = if self.has_been_polled { Instant::now() } else { self.begun };
            self.has_been_polled = true;
            match catch(|| with_logger(ctx.logger(), || poll(task))) {
                Ok(Poll::Ready(())) => return Poll::Ready(Ok(())),
                Ok(Poll::Pending) => self.busy += before.elapsed(),
                Err(failure) => return Poll::Ready(Err(failure)),
            }
            if !self.enforced {
                return Poll::Pending;
            }
            if lifecycle::is_cancelled(ctx) {
                let due = ctx.deadline() - Margins::of(self.timeout).drop;
                ready!(timer.poll_at(due, task));
                let now = Instant::now();
                if self.extended_until.is_none()
                    && now.saturating_duration_since(due) > FREEZE_THRESHOLD
                {
                    // After a freeze the timer fires before tokio has polled its sockets.
                    self.extended_until = Some(now + FREEZE_THRESHOLD);
                }
                if let Some(extended_until) = self.extended_until {
                    ready!(timer.poll_at(extended_until, task));
                }
                return Poll::Ready(Err(self.timed_out()));
            }
            ready!(timer.poll_at(lifecycle::cancelled_at(ctx), task));
            // The code is cancelled first, and has until the deadline to finish.
            lifecycle::cancel(ctx);
        }
    }

    #[cold]
    fn timed_out(&self) -> Failure {
        let elapsed = self.begun.elapsed();
        let (timeout, limit_name, busy, waiting) =
            (self.timeout, self.limit_name, self.busy, elapsed.saturating_sub(self.busy));
        let message = format!(
            "not finished after {elapsed:.1?} of {timeout:?} ({limit_name}): {busy:.1?} of it running, {waiting:.1?} waiting"
        );
        Failure::new(Failure::TIMEOUT, message)
    }
}

/// How long before the deadline each step happens, after the handler has been cancelled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Margins {
    /// The handler's future is dropped, and `FunctionTimeout` is sent.
    pub(crate) drop: Duration,
    /// The watchdog answers, because that has not happened.
    pub(crate) answer: Duration,
}

impl Margins {
    /// The longest of them.
    pub(crate) const MAX: Duration = Duration::from_millis(250);

    /// A twentieth and a fortieth of the timeout, at most 250 and 125 ms. `ctx.cancelled()`
    /// completes before them.
    pub(crate) fn of(timeout: Duration) -> Self {
        Self { drop: (timeout / 20).min(Self::MAX), answer: (timeout / 40).min(Self::MAX / 2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "http")]
    #[test]
    fn the_time_before_a_body_counts_once_whether_its_call_has_waited_or_not() {
        let second = Duration::from_secs(1);
        let (ctx, limits) = (Context::default(), Limits { response_size: 0, timeouts: false });
        let mut task = TaskContext::from_waker(std::task::Waker::noop());
        for call in [vec![Poll::Ready(())], vec![Poll::Pending, Poll::Ready(())]] {
            let begun = Instant::now().checked_sub(second).expect("the system has run that long");
            let mut budget = TimeBudget::since(begun, &ctx, limits, "");
            let mut poll = |budget: &mut TimeBudget, polled| {
                let _ = budget.poll(&mut task, &ctx, &mut DeadlineTimer::new(), &mut |_| polled);
            };
            call.into_iter().for_each(|polled| poll(&mut budget, polled));
            budget.go_on();
            poll(&mut budget, Poll::Pending);
            assert!(budget.busy >= second && budget.busy < 2 * second, "{:?}", budget.busy);
        }
    }

    #[test]
    fn cancelling_dropping_and_answering_come_in_this_order() {
        for seconds in [1, 3, 30, 259_200] {
            let ctx = Context::builder().timeout(Duration::from_secs(seconds)).build();
            let margins = Margins::of(ctx.timeout());
            assert!(ctx.deadline() - margins.drop > lifecycle::cancelled_at(&ctx));
            assert!(margins.drop > margins.answer && margins.answer > Duration::ZERO);
        }
    }
}
