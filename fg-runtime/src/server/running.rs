//! What is still running: requests, and the work they have left. The server ends when nothing is.

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use std::sync::Arc;

/// The most invocations at a time. Source: the platform's manual, "concurrency per instance": 1 to 1000.
pub(crate) const MOST_INVOCATIONS: usize = 1000;

/// Counts what is running.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    places: Arc<Semaphore>,
    sender: Sender<()>,
}

/// Something that is running, until this is dropped.
#[derive(Debug)]
pub(crate) struct Run {
    place: Option<OwnedSemaphorePermit>,
    _sender: Sender<()>,
}

/// Waits until nothing is running.
#[derive(Debug)]
pub(crate) struct Drained(Receiver<()>);

impl Running {
    pub(crate) fn new() -> (Self, Drained) {
        let (sender, receiver) = channel(1);
        (Self { places: Arc::new(Semaphore::new(MOST_INVOCATIONS)), sender }, Drained(receiver))
    }

    /// Something runs that is no invocation.
    pub(crate) fn begin(&self) -> Run {
        Run { place: None, _sender: self.sender.clone() }
    }

    /// An invocation runs, if there is a place for it.
    pub(crate) fn begin_invocation(&self) -> Option<Run> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(Run { place: Some(place), _sender: self.sender.clone() })
    }
}

impl Run {
    /// The invocation has been answered, and what it has left goes on: its place is free.
    pub(crate) fn leave_place(&mut self) {
        self.place = None;
    }
}

impl Drained {
    /// Waits until every [`Running`] and every [`Run`] has been dropped.
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
        let (running, drained) = Running::new();
        let mut all: Vec<_> = (0..MOST_INVOCATIONS).map(|_| running.begin_invocation().expect("there is a place")).collect();
        assert!(running.begin_invocation().is_none());
        all[0].leave_place();
        assert!(running.begin_invocation().is_some());
        drop(running);
        let mut drained = tokio_test_pin(drained.wait());
        assert!(!is_ready(&mut drained));
        drop(all);
        assert!(is_ready(&mut drained));
    }

    fn tokio_test_pin<F: Future>(future: F) -> std::pin::Pin<Box<F>> {
        Box::pin(future)
    }

    fn is_ready<F: Future>(future: &mut std::pin::Pin<Box<F>>) -> bool {
        future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready()
    }
}
