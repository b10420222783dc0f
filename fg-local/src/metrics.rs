//! What has run: invocations per function and minute, for the metrics of the API.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;

use crate::urn::FunctionName;

/// How many minutes are kept: a day and an hour.
const MAX_MINUTES: usize = 25 * 60;

/// How many functions have metrics: more than a project can have, since deleted ones are kept until
/// they are forgotten.
const MAX_FUNCTIONS: usize = 1000;

/// How an invocation has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    /// The function has returned an error, panicked, or taken too long.
    FunctionError,
    /// The function could not be run.
    SystemError,
    /// It was refused, since too many run or wait.
    Rejected,
}

/// What happened in a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Minute {
    /// Invocations that have ended in this minute, without those that were refused.
    pub(crate) count: u64,
    pub(crate) function_errors: u64,
    pub(crate) system_errors: u64,
    pub(crate) rejected: u64,
    /// Of all invocations together.
    pub(crate) duration: Duration,
    pub(crate) shortest: Option<Duration>,
    pub(crate) longest: Option<Duration>,
    /// The largest number of invocations that ran at a time.
    pub(crate) concurrency: u64,
}

/// The minutes of a function by their numbers since 1970.
#[derive(Debug, Default)]
struct FunctionMetrics {
    minutes: BTreeMap<i64, Minute>,
    running: u64,
}

/// The metrics of all functions. They are in memory, and start anew with the process.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    functions: Mutex<HashMap<FunctionName, FunctionMetrics>>,
}

/// An invocation that runs, until it is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct InFlight<'m> {
    metrics: &'m Metrics,
    function: FunctionName,
}

impl Metrics {
    /// Counts an invocation as running until the returned value is dropped.
    pub(crate) fn enter(&self, function: &FunctionName) -> InFlight<'_> {
        self.of(function, |metrics| {
            metrics.running += 1;
            let running = metrics.running;
            let minute = metrics.minute(minute_of(Timestamp::now()));
            minute.concurrency = minute.concurrency.max(running);
        });
        InFlight { metrics: self, function: function.clone() }
    }

    /// Records an invocation that has ended. Its version does not count: the metrics of the API are
    /// those of a function.
    pub(crate) fn record(
        &self,
        function: &FunctionName,
        _version: &str,
        started: Timestamp,
        duration: Duration,
        outcome: Outcome,
    ) {
        let ended = started.checked_add(duration).unwrap_or(started);
        self.of(function, |metrics| metrics.minute(minute_of(ended)).add(duration, outcome));
    }

    /// Forgets a function that has been deleted.
    pub(crate) fn forget(&self, function: &FunctionName) {
        self.functions.lock().remove(function);
    }

    /// The last minutes until this time, the oldest first, each with the time at which it begins.
    /// Of one function, or of all together.
    pub(crate) fn minutes(
        &self,
        function: Option<&FunctionName>,
        until: Timestamp,
        count: usize,
    ) -> Vec<(Timestamp, Option<Minute>)> {
        let last = minute_of(until);
        let count = i64::try_from(count.min(MAX_MINUTES)).unwrap_or(0);
        let functions = self.functions.lock();
        let of = |number: i64| {
            let wanted = functions
                .iter()
                .filter(|(name, _)| function.is_none_or(|function| function == *name));
            let found = wanted.filter_map(|(_, metrics)| metrics.minutes.get(&number));
            found.copied().reduce(Minute::merge)
        };
        (last - count + 1..=last)
            .filter_map(|number| Some((Timestamp::from_second(number * 60).ok()?, of(number))))
            .collect()
    }

    /// How many invocations of a function have failed, of those that are kept.
    pub(crate) fn failures(&self, function: &FunctionName) -> u64 {
        let functions = self.functions.lock();
        let minutes = functions.get(function).into_iter().flat_map(|found| found.minutes.values());
        minutes.map(Minute::failures).sum()
    }

    fn of<T>(&self, function: &FunctionName, act: impl FnOnce(&mut FunctionMetrics) -> T) -> T {
        let mut functions = self.functions.lock();
        if functions.len() >= MAX_FUNCTIONS && !functions.contains_key(function) {
            functions.retain(|_, metrics| metrics.running > 0);
        }
        act(functions.entry(function.clone()).or_default())
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if let Some(metrics) = self.metrics.functions.lock().get_mut(&self.function) {
            metrics.running = metrics.running.saturating_sub(1);
        }
    }
}

impl FunctionMetrics {
    fn minute(&mut self, number: i64) -> &mut Minute {
        while self.minutes.len() >= MAX_MINUTES && !self.minutes.contains_key(&number) {
            self.minutes.pop_first();
        }
        self.minutes.entry(number).or_default()
    }
}

impl Minute {
    /// All invocations that have not succeeded, without those that were refused.
    pub(crate) fn failures(&self) -> u64 {
        self.function_errors + self.system_errors
    }

    fn add(&mut self, duration: Duration, outcome: Outcome) {
        match outcome {
            Outcome::Rejected => {
                self.rejected += 1;
                return;
            }
            Outcome::FunctionError => self.function_errors += 1,
            Outcome::SystemError => self.system_errors += 1,
            Outcome::Success => {}
        }
        self.count += 1;
        self.duration += duration;
        self.shortest = Some(self.shortest.map_or(duration, |shortest| shortest.min(duration)));
        self.longest = Some(self.longest.map_or(duration, |longest| longest.max(duration)));
    }

    /// Both together.
    pub(crate) fn merge(self, other: Self) -> Self {
        let either = |one: Option<Duration>,
                      two: Option<Duration>,
                      choose: fn(Duration, Duration) -> Duration| {
            one.zip(two).map(|(one, two)| choose(one, two)).or(one).or(two)
        };
        Self {
            count: self.count + other.count,
            function_errors: self.function_errors + other.function_errors,
            system_errors: self.system_errors + other.system_errors,
            rejected: self.rejected + other.rejected,
            duration: self.duration + other.duration,
            shortest: either(self.shortest, other.shortest, Duration::min),
            longest: either(self.longest, other.longest, Duration::max),
            concurrency: self.concurrency.max(other.concurrency),
        }
    }
}

fn minute_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(60)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn at(time: &str) -> Timestamp {
        format!("2026-11-27T{time}Z").parse().expect("a time")
    }

    fn name(name: &str) -> FunctionName {
        FunctionName::new("default", name)
    }

    #[test]
    fn an_invocation_counts_for_the_minute_in_which_it_ends() {
        let (metrics, greet) = (Metrics::default(), name("greet"));
        metrics.record(&greet, "latest", at("10:00:59"), 2000 * MS, Outcome::Success);
        metrics.record(&greet, "v1", at("10:01:10"), 10 * MS, Outcome::FunctionError);
        metrics.record(&greet, "v1", at("10:01:20"), 30 * MS, Outcome::SystemError);
        metrics.record(&greet, "v1", at("10:01:30"), MS, Outcome::Rejected);
        let minutes = metrics.minutes(Some(&greet), at("10:02:30"), 3);
        let times: Vec<_> = minutes.iter().map(|(time, _)| *time).collect();
        assert_eq!(times, [at("10:00:00"), at("10:01:00"), at("10:02:00")]);
        assert_eq!((minutes[0].1, minutes[2].1), (None, None));
        let minute = minutes[1].1.expect("a minute");
        assert_eq!((minute.count, minute.failures(), minute.rejected), (3, 2, 1));
        assert_eq!((minute.function_errors, minute.system_errors), (1, 1));
        assert_eq!((minute.shortest, minute.longest), (Some(10 * MS), Some(2000 * MS)));
        assert_eq!(minute.duration, 2040 * MS);
        assert_eq!(metrics.failures(&greet), 2);
    }

    #[test]
    fn all_functions_together_are_the_sum_of_each() {
        let metrics = Metrics::default();
        for one in ["a", "b"] {
            metrics.record(&name(one), "latest", at("10:00:00"), MS, Outcome::Success);
        }
        let minutes = metrics.minutes(None, at("10:00:30"), 1);
        assert_eq!(minutes[0].1.map(|minute| minute.count), Some(2));
        metrics.forget(&name("a"));
        let minutes = metrics.minutes(None, at("10:00:30"), 1);
        assert_eq!(minutes[0].1.map(|minute| minute.count), Some(1));
    }

    #[test]
    fn the_concurrency_is_the_largest_number_that_ran_at_a_time() {
        let (metrics, greet) = (Metrics::default(), name("greet"));
        {
            let _one = metrics.enter(&greet);
            drop(metrics.enter(&greet));
            drop(metrics.enter(&greet));
        }
        let minutes = metrics.minutes(Some(&greet), Timestamp::now(), 2);
        let largest = minutes.iter().filter_map(|(_, minute)| *minute).map(|m| m.concurrency).max();
        assert_eq!(largest, Some(2));
        assert_eq!(metrics.functions.lock()[&greet].running, 0);
    }

    #[test]
    fn memory_is_bounded() {
        let (metrics, greet) = (Metrics::default(), name("greet"));
        let start = at("00:00:00").as_second();
        for minute in 0..2 * MAX_MINUTES {
            let time = Timestamp::from_second(start + 60 * i64::try_from(minute).expect("small"));
            metrics.record(&greet, "v1", time.expect("a time"), MS, Outcome::Success);
        }
        assert_eq!(metrics.functions.lock()[&greet].minutes.len(), MAX_MINUTES);
        for number in 0..2 * MAX_FUNCTIONS {
            let function = name(&format!("f{number}"));
            metrics.record(&function, "v1", at("10:00:00"), MS, Outcome::Success);
        }
        assert!(metrics.functions.lock().len() <= MAX_FUNCTIONS);
    }
}
