//! The signal that an invocation's time is nearly over.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Poll, Waker};

use crate::mutex::Mutex;

/// Fires once per invocation and wakes what waits for it.
#[derive(Default)]
pub(crate) struct Cancellation {
    fired: AtomicBool,
    waiting: Mutex<Vec<Waker>>,
}

impl Cancellation {
    pub(crate) fn fire(&self) {
        self.fired.store(true, Ordering::Release);
        let waiting = std::mem::take(&mut *self.waiting.lock());
        waiting.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn has_fired(&self) -> bool {
        self.fired.load(Ordering::Acquire)
    }

    pub(crate) fn reset(&mut self) {
        *self.fired.get_mut() = false;
        self.waiting.get_mut().clear();
    }

    pub(crate) fn wait(&self) -> Cancelled<'_> {
        Cancelled { cancellation: self }
    }
}

/// The future of [`Context::cancelled`](crate::Context::cancelled).
#[must_use = "futures do nothing unless they are awaited"]
pub struct Cancelled<'a> {
    cancellation: &'a Cancellation,
}

impl Future for Cancelled<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<()> {
        if self.cancellation.has_fired() {
            return Poll::Ready(());
        }
        let mut waiting = self.cancellation.waiting.lock();
        // Looked at again under the lock, or a signal between the two would be missed.
        if self.cancellation.has_fired() {
            return Poll::Ready(());
        }
        if !waiting.iter().any(|waker| waker.will_wake(task.waker())) {
            waiting.push(task.waker().clone());
        }
        Poll::Pending
    }
}

impl fmt::Debug for Cancelled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled").field("fired", &self.cancellation.has_fired()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    struct Counter(AtomicUsize);
    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn everybody_who_waits_is_woken_once() {
        let mut cancellation = Cancellation::default();
        let counter = Arc::new(Counter(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&counter));
        let mut task = TaskContext::from_waker(&waker);
        let mut first = cancellation.wait();
        let mut second = cancellation.wait();
        assert_eq!(Pin::new(&mut first).poll(&mut task), Poll::Pending);
        assert_eq!(Pin::new(&mut first).poll(&mut task), Poll::Pending);
        assert_eq!(Pin::new(&mut second).poll(&mut task), Poll::Pending);
        cancellation.fire();
        assert_eq!(counter.0.load(Ordering::SeqCst), 1);
        assert_eq!(Pin::new(&mut first).poll(&mut task), Poll::Ready(()));
        cancellation.reset();
        assert_eq!(Pin::new(&mut cancellation.wait()).poll(&mut task), Poll::Pending);
    }
}
