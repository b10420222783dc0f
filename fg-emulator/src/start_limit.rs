//! How many instances start at the same time.

use std::sync::Arc;
use std::time::Duration;

use crate::monitor::Monitor;

/// How many instances start at the same time, of all functions that share it. Others wait: many
/// programs that start at once take long, and everything else on the machine with them.
///
/// ```
/// let starts = fg_emulator::StartLimit::new(4);
/// let builder = fg_emulator::Emulator::builder("target/debug/greet").start_limit(&starts);
/// # drop(builder);
/// ```
#[derive(Clone, Debug)]
pub struct StartLimit {
    limit: usize,
    starting: Arc<Monitor<usize>>,
}

/// One start, until it is dropped.
#[derive(Debug)]
pub(crate) struct Starting(Arc<Monitor<usize>>);

impl StartLimit {
    /// So many at the same time, at least one.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), starting: Arc::default() }
    }

    /// Waits for its turn.
    pub(crate) fn enter(&self) -> Option<Starting> {
        self.starting.wait(Duration::MAX, |starting| {
            let is_free = *starting < self.limit;
            *starting += usize::from(is_free);
            is_free.then(|| Starting(Arc::clone(&self.starting)))
        })
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        self.0.update(|starting| *starting -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn only_so_many_start_at_the_same_time_and_the_next_when_one_has() {
        let starts = StartLimit::new(2);
        let (first, second) = (starts.enter(), starts.enter());
        assert_eq!(starts.starting.read(|starting| *starting), 2);
        thread::scope(|scope| {
            let third = scope.spawn(|| starts.enter());
            drop(first);
            assert!(third.join().expect("no panic").is_some());
        });
        drop(second);
        assert_eq!(starts.starting.read(|starting| *starting), 0);
    }
}
