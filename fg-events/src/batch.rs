//! Runs a closure for each record of an event, with limited concurrency, and reports all failed
//! records in one error.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Runs a closure for each record, at most `limit` at the same time, and waits for all of them.
///
/// A record that fails does not stop the others. The platform does not support partial failures: an
/// invocation succeeds or fails as a whole, and if retries are configured, all of its records are
/// delivered again. So the handling of a record must be idempotent.
///
/// The futures run on the current task and are not spawned: closures and records may borrow, and no
/// async runtime is needed. A `limit` of 0 is 1.
///
/// ```
/// use fg_events::batch;
///
/// async fn store(text: &str) -> Result<(), String> {
///     if text.is_empty() { Err("an empty string".to_owned()) } else { Ok(()) }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let failure = batch::for_each(["a", "", "b"], 8, |text| store(text)).await.unwrap_err();
/// assert_eq!(failure.to_string(), "1 of 3 records failed: [1] an empty string");
/// # }
/// ```
///
/// # Errors
///
/// [`BatchFailure`] if at least one record failed.
pub async fn for_each<Records, Run, Running, E>(
    records: Records,
    limit: usize,
    mut run: Run,
) -> Result<(), BatchFailure>
where
    Records: IntoIterator,
    Run: FnMut(Records::Item) -> Running,
    Running: Future<Output = Result<(), E>>,
    E: fmt::Display,
{
    let mut waiting = records.into_iter().enumerate().fuse();
    let mut running: Vec<(usize, Pin<Box<Running>>)> = Vec::new();
    let mut failures = Vec::new();
    let mut total = 0;
    poll_fn(|context| {
        loop {
            while running.len() < limit.max(1) {
                let Some((index, record)) = waiting.next() else { break };
                total += 1;
                running.push((index, Box::pin(run(record))));
            }
            let before = running.len();
            running.retain_mut(|(index, future)| match future.as_mut().poll(context) {
                Poll::Pending => true,
                Poll::Ready(outcome) => {
                    failures.extend(
                        outcome.err().map(|error| RecordFailure {
                            index: *index,
                            message: error.to_string(),
                        }),
                    );
                    false
                }
            });
            if running.is_empty() && before == 0 {
                return Poll::Ready(());
            }
            // If a future completed, start the next ones now: no waker is registered for that.
            if running.len() == before {
                return Poll::Pending;
            }
        }
    })
    .await;
    failures.sort_by_key(|failure| failure.index);
    if failures.is_empty() { Ok(()) } else { Err(BatchFailure { total, failures }) }
}

/// Some records of an event failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchFailure {
    total: usize,
    failures: Vec<RecordFailure>,
}

impl BatchFailure {
    /// The number of records, failed or not.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// The failed records, in the order of the event.
    #[must_use]
    pub fn failures(&self) -> &[RecordFailure] {
        &self.failures
    }
}

impl fmt::Display for BatchFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = if self.total == 1 { "record" } else { "records" };
        write!(formatter, "{} of {} {records} failed:", self.failures.len(), self.total)?;
        for (position, failure) in self.failures.iter().enumerate() {
            let separator = if position == 0 { "" } else { ";" };
            write!(formatter, "{separator} [{}] {}", failure.index, failure.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for BatchFailure {}

/// One record that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFailure {
    index: usize,
    message: String,
}

impl RecordFailure {
    /// The index of the record in the event, from 0.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// The message of its error.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::future::ready;
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake, Waker};

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Polls only if woken, like an executor.
    fn block_on<F: Future>(future: F) -> F::Output {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            assert!(wakes.0.swap(0, Ordering::Relaxed) > 0, "the task is never woken");
        }
    }

    /// Returns `Pending` once and wakes itself.
    async fn yield_now() {
        let mut polled = false;
        poll_fn(|context| {
            if polled {
                return Poll::Ready(());
            }
            polled = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    #[test]
    fn all_failures_are_listed_in_the_order_of_the_event() {
        let failure = block_on(for_each([3, 1, 4, 1, 5], 2, |number| async move {
            if number == 3 {
                yield_now().await;
                yield_now().await;
            }
            if number > 2 { Err(format!("{number} is too much")) } else { Ok(()) }
        }));
        let failure = failure.expect_err("three are too much");
        assert_eq!(
            failure.to_string(),
            "3 of 5 records failed: [0] 3 is too much; [2] 4 is too much; [4] 5 is too much"
        );
        assert_eq!(
            (failure.total(), failure.failures().len(), failure.failures()[1].index()),
            (5, 3, 2)
        );
    }

    #[test]
    fn no_more_than_the_limit_run_at_the_same_time() {
        for limit in [0, 1, 3, 100] {
            let (running, most, done) = (Cell::new(0), Cell::new(0), Cell::new(0));
            let outcome = block_on(for_each(0..10, limit, |_| async {
                running.set(running.get() + 1);
                most.set(most.get().max(running.get()));
                yield_now().await;
                running.set(running.get() - 1);
                done.set(done.get() + 1);
                Ok::<(), String>(())
            }));
            assert_eq!(outcome, Ok(()));
            assert_eq!((most.get(), done.get()), (limit.clamp(1, 10), 10));
        }
    }

    #[test]
    fn no_records_are_no_failure() {
        assert_eq!(block_on(for_each([0; 0], 4, |_| ready(Err("unreachable")))), Ok(()));
    }

    #[test]
    fn many_records_that_are_ready_at_once_need_no_wake() {
        assert_eq!(block_on(for_each(0..10_000, 3, |_| ready(Ok::<(), String>(())))), Ok(()));
    }

    #[test]
    fn the_future_is_send_if_those_of_the_records_are() {
        fn is_send(_: impl Send) {}
        is_send(for_each(vec![1], 4, |_| async { Ok::<(), String>(()) }));
    }
}
