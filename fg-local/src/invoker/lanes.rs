//! The asynchronous invocations that wait, by function, and how many tasks work on them.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;

use crate::urn::FunctionName;

/// The request ids that wait. Their events are in the store.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: Mutex<HashMap<FunctionName, Lane>>,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<String>,
    workers: usize,
}

impl Lanes {
    /// Adds a request id, and returns whether another task is to work on this function, of which
    /// there are at most `workers`.
    #[must_use]
    pub(super) fn push(&self, function: &FunctionName, request_id: String, workers: usize) -> bool {
        let mut lanes = self.lanes.lock();
        let lane = lanes.entry(function.clone()).or_default();
        lane.waiting.push_back(request_id);
        let is_wanted = lane.workers < workers.max(1);
        lane.workers += usize::from(is_wanted);
        is_wanted
    }

    /// The next request id. With `None` the task that asks must end, since it is not counted any
    /// more.
    pub(super) fn take(&self, function: &FunctionName) -> Option<String> {
        let mut lanes = self.lanes.lock();
        let lane = lanes.get_mut(function)?;
        let taken = lane.waiting.pop_front();
        if taken.is_none() {
            lane.workers -= 1;
            if lane.workers == 0 {
                lanes.remove(function);
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_tasks_are_wanted_as_may_work_and_each_ends_when_nothing_waits() {
        let (lanes, function) = (Lanes::default(), FunctionName::new("default", "greet"));
        let wanted: Vec<_> =
            ["a", "b", "c"].iter().map(|id| lanes.push(&function, (*id).into(), 2)).collect();
        assert_eq!(wanted, [true, true, false]);
        assert_eq!(lanes.take(&function).as_deref(), Some("a"));
        assert_eq!(lanes.take(&function).as_deref(), Some("b"));
        assert_eq!(lanes.take(&function).as_deref(), Some("c"));
        assert_eq!((lanes.take(&function), lanes.take(&function)), (None, None));
        assert!(lanes.push(&function, "d".into(), 2));
    }
}
