//! The time that one call of the user's code has.

use std::task::{Context as TaskContext, Poll, ready};
use std::time::{Duration, Instant};

use fg_core::__private::lifecycle;
use fg_core::{Context, Failure};

use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::limits::Limits;
use crate::invocation::panics::catch;
use crate::log::current_logger::with_logger;

/// A timer that rings so late has not been late by itself: the process stood still. Everything else
/// then has as much time to be noticed.
const LATE: Duration = Duration::from_millis(100);

/// The time that one call of the user's code has.
///
/// At [`lifecycle::cancelled_at`] the code is told; at the deadline, less a margin, it is dropped, and
/// the failure says how much of the time it was running.
#[derive(Debug)]
pub(crate) struct TimeBudget {
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

impl TimeBudget {
    pub(crate) fn new(ctx: &Context, limits: Limits, set_by: &'static str) -> Self {
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
        timer: &mut DeadlineTimer,
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
            if lifecycle::is_cancelled(ctx) {
                let due = ctx.deadline() - Margins::of(self.timeout).drop;
                ready!(timer.poll_at(due, task));
                let now = Instant::now();
                if self.last_chance.is_none() && now.saturating_duration_since(due) > LATE {
                    // After a freeze the timer rings before tokio has looked at its sockets.
                    self.last_chance = Some(now + LATE);
                }
                if let Some(last_chance) = self.last_chance {
                    ready!(timer.poll_at(last_chance, task));
                }
                return Poll::Ready(Err(self.timed_out()));
            }
            ready!(timer.poll_at(lifecycle::cancelled_at(ctx), task));
            // The user's code is told first, and has until the deadline.
            lifecycle::cancel(ctx);
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

/// How long before the deadline each thing happens, after the handler has been told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Margins {
    /// The handler is dropped, and `FunctionTimeout` is posted.
    pub(crate) drop: Duration,
    /// The watchdog speaks, because that has not happened.
    pub(crate) answer: Duration,
}

impl Margins {
    /// The longest of them.
    pub(crate) const MAX: Duration = Duration::from_millis(250);

    /// A twentieth of the timeout before its end, and a fortieth; never more than 250 and 125 ms.
    /// `ctx.cancelled()` has fired before.
    pub(crate) fn of(timeout: Duration) -> Self {
        Self { drop: (timeout / 20).min(Self::MAX), answer: (timeout / 40).min(Self::MAX / 2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
