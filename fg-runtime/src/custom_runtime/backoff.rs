//! The pauses between attempts: 10 ms doubling to 2 s, with jitter.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(2);

/// Computes the pauses.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    random: RandomState,
    count: u64,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { next: FIRST, random: RandomState::new(), count: 0 }
    }

    /// Returns to the shortest pause, after a success.
    pub(crate) fn reset(&mut self) {
        self.next = FIRST;
    }

    /// The number of pauses so far.
    pub(crate) fn pauses(&self) -> u64 {
        self.count
    }

    /// The next pause: the current step plus up to a quarter, so that instances that failed
    /// together do not retry together.
    pub(crate) fn pause(&mut self) -> Duration {
        let step = self.next;
        self.next = (step * 2).min(LONGEST);
        self.count = self.count.wrapping_add(1);
        // The standard library's hasher has random keys, which is enough for jitter.
        let random = self.random.hash_one(self.count) % 1024;
        step + step / 4 * u32::try_from(random).unwrap_or(0) / 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_two_seconds_and_begin_again_after_a_success() {
        let mut backoff = Backoff::new();
        let mut step = Duration::from_millis(10);
        for _ in 0..12 {
            let pause = backoff.pause();
            assert!(pause >= step && pause <= step * 5 / 4, "{pause:?} for {step:?}");
            step = (step * 2).min(Duration::from_secs(2));
        }
        backoff.reset();
        assert!(backoff.pause() < Duration::from_millis(13));
    }

    #[test]
    fn at_most_twelve_attempts_are_made_in_ten_seconds() {
        let mut backoff = Backoff::new();
        let mut elapsed = Duration::ZERO;
        let mut attempts = 1;
        loop {
            elapsed += backoff.pause();
            if elapsed > Duration::from_secs(10) {
                break;
            }
            attempts += 1;
        }
        assert!(attempts <= 12, "{attempts}");
    }
}
