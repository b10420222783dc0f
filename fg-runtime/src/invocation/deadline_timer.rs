//! The timer of the event loop.
//!
//! Moving the deadline to a later time does not reset the tokio timer. It fires at the earlier time
//! and is reset then, which happens rarely. So an invocation that finishes in time costs no work in
//! tokio's timer driver and no system call to wake it. A timer that is already registered with the
//! same waker is not polled again before it fires.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::time::{Sleep, sleep_until};

/// A timer that fires at the time of the last [`poll_at`](Self::poll_at).
#[derive(Debug)]
pub(crate) struct DeadlineTimer {
    /// `None` until the first use.
    sleep: Option<Pin<Box<Sleep>>>,
    /// The waker that is registered with the timer.
    waker: Option<Waker>,
}

impl DeadlineTimer {
    pub(crate) const fn new() -> Self {
        Self { sleep: None, waker: None }
    }

    /// Ready at `time`.
    pub(crate) fn poll_at(&mut self, time: Instant, task: &mut Context<'_>) -> Poll<()> {
        let time = time.into();
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(time)));
        if sleep.deadline() > time {
            sleep.as_mut().reset(time);
        }
        let is_set = self.waker.as_ref().is_some_and(|waker| waker.will_wake(task.waker()));
        if is_set && !sleep.is_elapsed() {
            return Poll::Pending;
        }
        loop {
            if sleep.as_mut().poll(task).is_pending() {
                self.waker = Some(task.waker().clone());
                return Poll::Pending;
            }
            if sleep.deadline() >= time {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(time);
        }
    }

    /// Waits for the future until `time`. `None` if it has not completed by then.
    pub(crate) async fn limit<F: Future>(&mut self, time: Instant, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|task| match future.as_mut().poll(task) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => self.poll_at(time, task).map(|()| None),
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Wake;
    use std::time::Duration;
    use tokio::time::Instant as TokioInstant;

    #[tokio::test(start_paused = true)]
    async fn it_fires_at_the_time_of_the_last_poll_be_it_earlier_or_later() {
        let begun = TokioInstant::now();
        let after = |seconds| (begun + Duration::from_secs(seconds)).into_std();
        let mut timer = DeadlineTimer::new();
        assert_eq!(timer.limit(after(5), async { 1 }).await, Some(1));
        assert_eq!(
            timer.limit(after(9), tokio::time::sleep(Duration::from_secs(1))).await,
            Some(())
        );
        for (asked, rings) in [(3, 3), (8, 8), (2, 8)] {
            assert_eq!(timer.limit(after(asked), pending::<()>()).await, None);
            assert_eq!(begun.elapsed().as_secs(), rings);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_wakes_the_task_that_polled_last() {
        let time = (TokioInstant::now() + Duration::from_secs(1)).into_std();
        let (first, second) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
        let mut timer = DeadlineTimer::new();
        for task in [&first, &second, &second] {
            let waker = Waker::from(Arc::clone(task));
            assert!(timer.poll_at(time, &mut Context::from_waker(&waker)).is_pending());
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(!first.0.load(Ordering::SeqCst) && second.0.load(Ordering::SeqCst));
    }

    #[derive(Default)]
    struct Woken(AtomicBool);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
}
