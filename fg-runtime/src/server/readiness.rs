//! Whether the function has been initialised: everybody can wait for it, and it happens once.

use fg_core::Failure;
use tokio::sync::watch;

/// How far the initialisation is.
#[derive(Debug)]
pub(crate) enum Readiness<S> {
    Starting,
    Ready(S),
    Failed(Failure),
}

/// Tells how far it is.
#[derive(Debug)]
pub(crate) struct Announcer<S>(watch::Sender<Readiness<S>>);

/// Learns how far it is.
#[derive(Debug)]
pub(crate) struct Ready<S>(watch::Receiver<Readiness<S>>);

impl<S> Clone for Ready<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

pub(crate) fn readiness<S>() -> (Announcer<S>, Ready<S>) {
    let (sender, receiver) = watch::channel(Readiness::Starting);
    (Announcer(sender), Ready(receiver))
}

impl<S> Announcer<S> {
    /// The initialisation is over.
    pub(crate) fn announce(&self, made: Result<S, Failure>) {
        self.0.send_replace(match made {
            Ok(state) => Readiness::Ready(state),
            Err(failure) => Readiness::Failed(failure),
        });
    }
}

impl<S: Clone> Ready<S> {
    /// The state if it is there by now; else the reason, if there is one already.
    pub(crate) fn now(&self) -> Result<S, Option<Failure>> {
        match &*self.0.borrow() {
            Readiness::Starting => Err(None),
            Readiness::Ready(state) => Ok(state.clone()),
            Readiness::Failed(failure) => Err(Some(failure.clone())),
        }
    }

    /// Waits for the end of the initialisation.
    pub(crate) async fn wait(&self) -> Result<S, Failure> {
        match self.now() {
            Ok(state) => return Ok(state),
            Err(Some(failure)) => return Err(failure),
            Err(None) => {}
        }
        let mut receiver = self.0.clone();
        match receiver.wait_for(|readiness| !matches!(readiness, Readiness::Starting)).await.as_deref() {
            Ok(Readiness::Ready(state)) => Ok(state.clone()),
            Ok(Readiness::Failed(failure)) => Err(failure.clone()),
            Ok(Readiness::Starting) | Err(_) => {
                Err(Failure::new(Failure::INIT_ERROR, "the instance ends, and the function has not been initialised"))
            }
        }
    }
}
