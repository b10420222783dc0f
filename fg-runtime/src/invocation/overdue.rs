//! When something that should be over is overdue beyond doubt.
//!
//! A thread that watches finds two things that look alike: what it watches has blocked its thread;
//! or the whole process has stood still, frozen by its platform, and nothing could have run. So it
//! concludes nothing from a single look. It looks a second time, after the others have had some
//! time as well, and longer if it has itself woken later than it wanted to.

use std::time::{Duration, Instant};

/// Who wakes so much later than planned has not been running; on a busy machine it may be less.
const STANDSTILL: Duration = Duration::from_millis(250);

/// How long everything else gets after a standstill.
const AFTER_STANDSTILL: Duration = Duration::from_millis(750);

/// A machine on which nothing ever wakes in time is no excuse for ever.
const MOST_STANDSTILLS: u8 = 4;

/// Something that should be over at a certain time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Overdue {
    at: Instant,
    /// The time between the first look and the second.
    notice: Duration,
    next_look: Instant,
    is_suspected: bool,
    standstills: u8,
}

impl Overdue {
    /// Overdue `at` this time. It is looked at first when so much of the time is left as it should
    /// have been over before.
    pub(crate) fn at(at: Instant, notice: Duration) -> Self {
        let next_look = at.checked_sub(notice).unwrap_or(at);
        Self { at, notice, next_look, is_suspected: false, standstills: 0 }
    }

    /// When to look next; none if it is overdue. `late` is by how much the caller has woken later
    /// than planned.
    pub(crate) fn look(&mut self, now: Instant, late: Duration) -> Option<Instant> {
        if now < self.next_look {
            return Some(self.next_look);
        }
        if late > STANDSTILL && self.standstills < MOST_STANDSTILLS {
            self.standstills += 1;
            self.is_suspected = true;
            self.next_look = self.at.max(now + AFTER_STANDSTILL);
            return Some(self.next_look);
        }
        if self.is_suspected {
            return None;
        }
        self.is_suspected = true;
        self.next_look = self.at.max(now + self.notice);
        Some(self.next_look)
    }

    /// Whether the process has stood still while this was watched.
    pub(crate) fn has_stood_still(&self) -> bool {
        self.standstills > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTICE: Duration = Duration::from_millis(50);

    fn watched() -> (Instant, Overdue) {
        let at = Instant::now() + Duration::from_secs(10);
        (at, Overdue::at(at, NOTICE))
    }

    #[test]
    fn nothing_is_overdue_before_it_has_been_found_so_twice() {
        let (at, mut overdue) = watched();
        let first = overdue.look(at - Duration::from_secs(5), Duration::ZERO).expect("it has time");
        assert_eq!(first, at - NOTICE);
        assert_eq!(overdue.look(first, Duration::ZERO), Some(at));
        assert_eq!(overdue.look(at, Duration::ZERO), None);
        assert!(!overdue.has_stood_still());
    }

    #[test]
    fn a_first_look_that_comes_late_gives_the_same_notice() {
        let (at, mut overdue) = watched();
        let late = at + Duration::from_millis(1);
        assert_eq!(overdue.look(late, Duration::from_millis(1)), Some(late + NOTICE));
        assert_eq!(overdue.look(late + NOTICE, Duration::ZERO), None);
    }

    #[test]
    fn after_a_standstill_everything_else_comes_first_and_not_for_ever() {
        let (at, mut overdue) = watched();
        let mut now = at - NOTICE;
        for _ in 0..MOST_STANDSTILLS {
            now += Duration::from_secs(3);
            now = overdue.look(now, Duration::from_secs(3)).expect("it has stood still");
        }
        assert!(overdue.has_stood_still());
        assert_eq!(overdue.look(now + Duration::from_secs(3), Duration::from_secs(3)), None);
    }
}
