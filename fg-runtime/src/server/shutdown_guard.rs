//! What is still running: requests, and the work they have left. The server ends when nothing is.

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most invocations at a time. Source: the platform's manual, "concurrency per instance": 1 to
/// 1000.
pub(crate) const MOST_INVOCATIONS: usize = 1000;

/// Something that is running, until this is dropped.
#[derive(Debug)]
pub(crate) struct Run {
    place: Option<OwnedSemaphorePermit>,
    sender: Sender<()>,
}

/// Waits until nothing is running.
#[derive(Debug)]
pub(crate) struct Drained(Receiver<()>);

/// The places for invocations.
#[derive(Debug)]
pub(crate) struct Places(Arc<Semaphore>);

impl Run {
    /// The first thing that runs, of which all others come.
    pub(crate) fn first() -> (Self, Drained) {
        let (sender, receiver) = channel(1);
        (Self { place: None, sender }, Drained(receiver))
    }

    /// Something else runs that is no invocation.
    pub(crate) fn another(&self) -> Self {
        Self { place: None, sender: self.sender.clone() }
    }

    /// The invocation has been answered, and what it has left goes on: its place is free.
    pub(crate) fn leave_place(&mut self) {
        self.place = None;
    }
}

impl Places {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(MOST_INVOCATIONS)))
    }

    /// An invocation runs, as a part of something else that does, if there is a place for it.
    pub(crate) fn begin(&self, within: &Run) -> Option<Run> {
        let place = Arc::clone(&self.0).try_acquire_owned().ok()?;
        Some(Run { place: Some(place), ..within.another() })
    }
}

impl Drained {
    /// Waits until every [`Run`] has been dropped.
    pub(crate) async fn wait(mut self) {
        // Nothing is ever sent: this ends when the last sender is gone.
        let _ = self.0.recv().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_over_when_the_last_one_is_and_there_are_a_thousand_places() {
        let ((first, drained), places) = (Run::first(), Places::new());
        let mut all: Vec<_> = (0..MOST_INVOCATIONS)
            .map(|_| places.begin(&first).expect("there is a place"))
            .collect();
        assert!(places.begin(&first).is_none());
        all[0].leave_place();
        assert!(places.begin(&first).is_some());
        drop(first);
        let mut drained = Box::pin(drained.wait());
        assert!(!is_ready(&mut drained));
        drop(all);
        assert!(is_ready(&mut drained));
    }

    fn is_ready<F: Future>(future: &mut std::pin::Pin<Box<F>>) -> bool {
        future
            .as_mut()
            .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
            .is_ready()
    }
}
