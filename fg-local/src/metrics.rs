//! What has run, counted by function and minute, for the last day.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use fg_emulator::{Execution, Outcome, PlatformErrorKind};
use jiff::Timestamp;
use parking_lot::Mutex;

use crate::urn::FunctionName;

/// How many minutes are kept.
pub(crate) const KEPT_MINUTES: i64 = 24 * 60;

/// The counts of all functions.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    functions: Mutex<HashMap<FunctionName, BTreeMap<i64, Minute>>>,
}

/// The counts of one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Minute {
    /// When it begins, in minutes since 1970.
    pub(crate) minute: i64,
    /// Invocations that reached the function.
    pub(crate) count: u64,
    /// The function has returned an error.
    pub(crate) function_errors: u64,
    /// The process has ended, took too long and so on.
    pub(crate) system_errors: u64,
    /// Invocations for which there was no instance.
    pub(crate) rejections: u64,
    pub(crate) total_duration: Duration,
    /// Without invocations it is zero.
    pub(crate) min_duration: Duration,
    pub(crate) max_duration: Duration,
}

impl Minute {
    pub(crate) fn failures(&self) -> u64 {
        self.function_errors + self.system_errors
    }

    fn add(&mut self, execution: &Execution) {
        let duration = execution.summary.duration;
        self.min_duration =
            if self.count == 0 { duration } else { self.min_duration.min(duration) };
        self.max_duration = self.max_duration.max(duration);
        self.total_duration += duration;
        self.count += 1;
        match &execution.outcome {
            Outcome::Response(_) | Outcome::Streamed { .. } => {}
            Outcome::Error(_) => self.function_errors += 1,
            Outcome::Platform(error) if error.kind() == PlatformErrorKind::Overload => {
                self.rejections += 1;
            }
            Outcome::Platform(_) => self.system_errors += 1,
        }
    }
}

impl Metrics {
    /// Counts an invocation that began at this time.
    pub(crate) fn record(&self, function: &FunctionName, began: Timestamp, execution: &Execution) {
        self.with(function, began, |minute| minute.add(execution));
    }

    /// Counts an invocation that was refused at this time, since there was no instance.
    pub(crate) fn record_rejection(&self, function: &FunctionName, at: Timestamp) {
        self.with(function, at, |minute| minute.rejections += 1);
    }

    /// The minutes of a function in which something was counted, from this time on.
    pub(crate) fn minutes(&self, function: &FunctionName, since: Timestamp) -> Vec<Minute> {
        let functions = self.functions.lock();
        let minutes = functions.get(function).into_iter();
        minutes.flat_map(|minutes| minutes.range(minute_of(since)..)).map(|(_, m)| *m).collect()
    }

    /// Forgets a function.
    pub(crate) fn delete(&self, function: &FunctionName) {
        self.functions.lock().remove(function);
    }

    fn with(&self, function: &FunctionName, at: Timestamp, change: impl FnOnce(&mut Minute)) {
        let minute = minute_of(at);
        let mut functions = self.functions.lock();
        let minutes = functions.entry(function.clone()).or_default();
        change(minutes.entry(minute).or_insert(Minute { minute, ..Minute::default() }));
        while minutes.first_key_value().is_some_and(|(first, _)| *first <= minute - KEPT_MINUTES) {
            minutes.pop_first();
        }
    }
}

fn minute_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("it is in range")
    }

    #[test]
    fn a_day_is_kept_by_the_minute() {
        let (metrics, function) = (Metrics::default(), FunctionName::new("default", "greet"));
        for second in [0, 59, 60, 86_400] {
            metrics.record_rejection(&function, at(second));
        }
        let minutes = metrics.minutes(&function, at(0));
        let counts: Vec<_> = minutes.iter().map(|m| (m.minute, m.rejections)).collect();
        assert_eq!(counts, [(1, 1), (1440, 1)]);
        assert_eq!(metrics.minutes(&function, at(120)).len(), 1);
        metrics.delete(&function);
        assert_eq!(metrics.minutes(&function, at(0)), []);
    }
}
