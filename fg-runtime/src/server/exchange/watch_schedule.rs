//! When the watchdog looks after the connections, and the handlers that run there.

use std::sync::Weak;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fg_core::Context;
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::invocation::time_budget::Margins;
use crate::invocation::watchdog::Watchdog;

/// How long a handler that blocks one of several threads may hold up the others.
const HOLD_UP: Duration = Duration::from_millis(100);

/// When the watchdog looks next, as the milliseconds since this was made.
#[derive(Debug)]
pub(crate) struct WatchSchedule {
    epoch: Instant,
    /// [`NEVER`] if the watchdog looks only when it is woken.
    next_look: AtomicU64,
    watchdog: Weak<Watchdog>,
    /// The runtime of the handlers.
    runtime: Handle,
    has_several_threads: bool,
}

const NEVER: u64 = u64::MAX;

impl WatchSchedule {
    /// For handlers on the current runtime. The watchdog is woken when it has to look earlier than
    /// it was told.
    pub(crate) fn new(watchdog: Weak<Watchdog>) -> Self {
        let runtime = Handle::current();
        let has_several_threads = runtime.runtime_flavor() == RuntimeFlavor::MultiThread;
        Self {
            epoch: Instant::now(),
            next_look: AtomicU64::new(NEVER),
            watchdog,
            runtime,
            has_several_threads,
        }
    }

    /// A time as milliseconds, rounded down.
    pub(crate) fn milliseconds(&self, time: Instant) -> u64 {
        milliseconds_of(time.saturating_duration_since(self.epoch))
    }

    pub(crate) fn instant(&self, milliseconds: u64) -> Instant {
        self.epoch + Duration::from_millis(milliseconds)
    }

    /// An invocation has begun that the watchdog has to look after: before its deadline, and, if
    /// there are several threads, soon.
    ///
    /// The watchdog is woken only if it would come too late. It sleeps until the time that it was
    /// asked for even if the invocation has ended long before, so an invocation costs no system
    /// call.
    pub(crate) fn watch(&self, ctx: &Context, has_deadline: bool) {
        let next_look = self.next_look.load(Ordering::Relaxed);
        let deadline = self.milliseconds(ctx.deadline());
        let time = if self.has_several_threads {
            let received = deadline.saturating_sub(milliseconds_of(ctx.timeout()));
            received + milliseconds_of(HOLD_UP)
        } else if has_deadline {
            deadline.saturating_sub(milliseconds_of(Margins::MAX))
        } else {
            return;
        };
        // What the next look finds need not ask for it: that begins by resetting the time.
        if time < next_look {
            self.look_by(time);
        }
    }

    /// Wakes the watchdog if it would look later than at this time.
    pub(crate) fn look_by(&self, time: u64) {
        if time < self.next_look.fetch_min(time, Ordering::AcqRel) {
            if let Some(watchdog) = self.watchdog.upgrade() {
                watchdog.wake();
            }
        }
    }

    /// Whether it is time to look at all connections. If so, what begins there from now on asks
    /// again.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        let is_due = self.milliseconds(now) >= self.next_look.load(Ordering::Acquire);
        if is_due {
            // What has asked until now is seen by this look.
            self.next_look.swap(NEVER, Ordering::AcqRel);
        }
        is_due
    }

    /// A handler runs that has to be looked at again: at this time, if it has a deadline.
    pub(crate) fn look_again(&self, now: Instant, at: Option<Instant>) {
        let at = at.map_or(NEVER, |time| self.milliseconds(time) + 1);
        let soon = self.milliseconds(now + HOLD_UP);
        self.look_again_at(if self.has_several_threads { at.min(soon) } else { at });
    }

    /// The watchdog, which is looking now, looks again at this time.
    pub(crate) fn look_again_at(&self, time: u64) {
        self.next_look.fetch_min(time, Ordering::AcqRel);
    }

    /// When to look next; `None` if only when the watchdog is woken.
    pub(crate) fn next_look(&self) -> Option<Instant> {
        let next = self.next_look.load(Ordering::Acquire);
        (next != NEVER).then(|| self.instant(next))
    }

    /// Makes one of several threads wait for the network, if no other does.
    ///
    /// Tokio does not move the waiting to another thread when the one that did it is blocked
    /// (<https://github.com/tokio-rs/tokio/issues/4730>), unless one that sleeps is woken.
    pub(crate) fn wake_thread(&self) {
        if self.has_several_threads {
            self.runtime.spawn(async {});
        }
    }
}

/// Rounded down.
const fn milliseconds_of(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1000).saturating_add(duration.subsec_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> WatchSchedule {
        WatchSchedule::new(Weak::new())
    }

    #[tokio::test]
    async fn the_earliest_time_that_was_asked_for_counts_once() {
        let schedule = schedule();
        assert_eq!(schedule.next_look(), None);
        schedule.look_by(500);
        schedule.look_by(900);
        assert_eq!(schedule.next_look(), Some(schedule.instant(500)));
        assert!(!schedule.is_due(schedule.instant(499)));
        assert!(schedule.is_due(schedule.instant(500)));
        assert_eq!(schedule.next_look(), None, "what begins from now on asks again");
    }

    #[tokio::test]
    async fn on_one_thread_a_handler_is_looked_at_before_its_deadline_if_it_has_one() {
        let (schedule, ctx) = (schedule(), Context::builder().build());
        schedule.watch(&ctx, false);
        assert_eq!(schedule.next_look(), None);
        schedule.watch(&ctx, true);
        let next = schedule.next_look().expect("it has a deadline");
        assert!(next > Instant::now() && next < ctx.deadline());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn on_several_threads_a_handler_is_looked_at_soon() {
        let (schedule, ctx) = (schedule(), Context::builder().build());
        for has_deadline in [false, true] {
            schedule.watch(&ctx, has_deadline);
            let next = schedule.next_look().expect("it may hold up the others");
            assert!(next <= Instant::now() + HOLD_UP);
            assert!(schedule.is_due(next));
        }
        schedule.look_again(Instant::now(), None);
        assert!(schedule.next_look().is_some_and(|next| next <= Instant::now() + HOLD_UP));
    }
}
