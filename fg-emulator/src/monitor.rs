//! A value behind a lock, and a condition variable on which threads wait for a change of it.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// A value whose changes can be waited for.
#[derive(Debug, Default)]
pub(crate) struct Monitor<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Monitor<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: Condvar::new() }
    }

    /// Reads the value, or changes it without waking the threads that wait.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&mut T) -> R) -> R {
        read(&mut self.value.lock())
    }

    /// Changes the value and wakes all threads that wait.
    pub(crate) fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut self.value.lock());
        self.changed.notify_all();
        result
    }

    /// Waits until `ready` returns a value, and wakes all other threads then, since `ready` may
    /// change the state; `None` after the time limit. [`Duration::MAX`] is no limit.
    pub(crate) fn wait<R>(
        &self,
        limit: Duration,
        mut ready: impl FnMut(&mut T) -> Option<R>,
    ) -> Option<R> {
        let deadline = Instant::now().checked_add(limit);
        let mut value = self.value.lock();
        loop {
            if let Some(result) = ready(&mut value) {
                drop(value);
                self.changed.notify_all();
                return Some(result);
            }
            match deadline {
                None => self.changed.wait(&mut value),
                Some(deadline) if deadline <= Instant::now() => return None,
                Some(deadline) => drop(self.changed.wait_until(&mut value, deadline)),
            }
        }
    }
}
