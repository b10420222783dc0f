//! Decides when a phase of the user's code is overdue.
//!
//! Two situations look alike to the watching thread: the user's code has blocked its thread, or the
//! whole process was frozen by the platform and nothing could run. Therefore one check is never
//! enough. The second one comes after the other threads have had time to run, and later still if
//! the watching thread itself woke too late.

use std::time::{Duration, Instant};

/// A thread that wakes this much later than planned was frozen. A busy machine delays it by less.
const FREEZE_THRESHOLD: Duration = Duration::from_millis(250);

/// How much time the other threads get after a freeze.
const GRACE_AFTER_FREEZE: Duration = Duration::from_millis(750);

/// The most freezes that extend the time, so that a machine that is always late cannot extend it
/// forever.
const MAX_FREEZES: u8 = 4;

/// Detects that a phase has not ended at the time when it was due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OverdueDetector {
    due: Instant,
    /// The time between the first check and the second.
    lead: Duration,
    next_check: Instant,
    is_suspected: bool,
    freezes: u8,
}

impl OverdueDetector {
    /// Creates a detector for a phase that is overdue at `due`. The first check comes `lead` before
    /// that.
    pub(crate) fn new(due: Instant, lead: Duration) -> Self {
        let next_check = due.checked_sub(lead).unwrap_or(due);
        Self { due, lead, next_check, is_suspected: false, freezes: 0 }
    }

    /// Returns when to check next, or `None` if the phase is overdue. `late` is how much later than
    /// planned the caller has woken.
    pub(crate) fn check(&mut self, now: Instant, late: Duration) -> Option<Instant> {
        if now < self.next_check {
            return Some(self.next_check);
        }
        if late > FREEZE_THRESHOLD && self.freezes < MAX_FREEZES {
            self.freezes += 1;
            self.is_suspected = true;
            self.next_check = self.due.max(now + GRACE_AFTER_FREEZE);
            return Some(self.next_check);
        }
        if self.is_suspected {
            return None;
        }
        self.is_suspected = true;
        self.next_check = self.due.max(now + self.lead);
        Some(self.next_check)
    }

    /// Whether a freeze of the process was detected.
    pub(crate) fn was_frozen(&self) -> bool {
        self.freezes > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTICE: Duration = Duration::from_millis(50);

    fn watched() -> (Instant, OverdueDetector) {
        let at = Instant::now() + Duration::from_secs(10);
        (at, OverdueDetector::new(at, NOTICE))
    }

    #[test]
    fn a_phase_is_overdue_only_after_two_checks() {
        let (at, mut overdue) = watched();
        let first =
            overdue.check(at - Duration::from_secs(5), Duration::ZERO).expect("it has time");
        assert_eq!(first, at - NOTICE);
        assert_eq!(overdue.check(first, Duration::ZERO), Some(at));
        assert_eq!(overdue.check(at, Duration::ZERO), None);
        assert!(!overdue.was_frozen());
    }

    #[test]
    fn a_late_first_check_leaves_the_same_time_to_the_second() {
        let (at, mut overdue) = watched();
        let late = at + Duration::from_millis(1);
        assert_eq!(overdue.check(late, Duration::from_millis(1)), Some(late + NOTICE));
        assert_eq!(overdue.check(late + NOTICE, Duration::ZERO), None);
    }

    #[test]
    fn a_freeze_extends_the_time_but_not_forever() {
        let (at, mut overdue) = watched();
        let mut now = at - NOTICE;
        for _ in 0..MAX_FREEZES {
            now += Duration::from_secs(3);
            now = overdue.check(now, Duration::from_secs(3)).expect("it was frozen");
        }
        assert!(overdue.was_frozen());
        assert_eq!(overdue.check(now + Duration::from_secs(3), Duration::from_secs(3)), None);
    }
}
