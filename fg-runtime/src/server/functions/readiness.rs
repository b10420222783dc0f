//! Whether the function has been initialized. Any number of requests can wait for that, and it
//! happens once.

use std::sync::OnceLock;

use fg_core::Failure;
use tokio::sync::watch;

/// How far the init phase is.
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
pub(crate) struct Ready<S> {
    receiver: watch::Receiver<Readiness<S>>,
    /// The state, once it has been asked for: the channel has a lock.
    state: OnceLock<S>,
}

impl<S> Clone for Ready<S> {
    fn clone(&self) -> Self {
        Self { receiver: self.receiver.clone(), state: OnceLock::new() }
    }
}

pub(crate) fn readiness<S>() -> (Announcer<S>, Ready<S>) {
    let (sender, receiver) = watch::channel(Readiness::Starting);
    (Announcer(sender), Ready { receiver, state: OnceLock::new() })
}

impl<S> Announcer<S> {
    /// The init phase is over.
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
        match &*self.receiver.borrow() {
            Readiness::Starting => Err(None),
            Readiness::Ready(state) => Ok(state.clone()),
            Readiness::Failed(failure) => Err(Some(failure.clone())),
        }
    }

    /// Waits for the end of the init phase.
    pub(crate) async fn wait(&self) -> Result<S, Failure> {
        if let Some(state) = self.state.get() {
            return Ok(state.clone());
        }
        match self.now() {
            Ok(state) => return Ok(self.state.get_or_init(|| state).clone()),
            Err(Some(failure)) => return Err(failure),
            Err(None) => {}
        }
        let mut receiver = self.receiver.clone();
        match receiver
            .wait_for(|readiness| !matches!(readiness, Readiness::Starting))
            .await
            .as_deref()
        {
            Ok(Readiness::Ready(state)) => Ok(state.clone()),
            Ok(Readiness::Failed(failure)) => Err(failure.clone()),
            Ok(Readiness::Starting) | Err(_) => Err(Failure::new(
                Failure::INIT_ERROR,
                "the instance ends, and the function has not been initialised",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_that_wait_learn_of_the_end_and_so_do_those_that_come_later() {
        let (announcer, ready) = readiness::<u8>();
        assert_eq!(ready.now(), Err(None));
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                tokio::spawn({
                    let ready = ready.clone();
                    async move { ready.wait().await }
                })
            })
            .collect();
        tokio::task::yield_now().await;
        announcer.announce(Ok(7));
        for waiting in waiting {
            assert_eq!(waiting.await.expect("it does not panic"), Ok(7));
        }
        assert_eq!((ready.now(), ready.wait().await), (Ok(7), Ok(7)));
    }

    #[tokio::test]
    async fn a_failure_is_the_same_for_all() {
        let (announcer, ready) = readiness::<u8>();
        let failure = Failure::new(Failure::INIT_ERROR, "no configuration");
        announcer.announce(Err(failure.clone()));
        drop(announcer);
        assert_eq!((ready.now(), ready.wait().await), (Err(Some(failure.clone())), Err(failure)));
    }

    #[tokio::test]
    async fn an_init_phase_that_is_given_up_is_a_failure_of_those_that_wait() {
        let (announcer, ready) = readiness::<u8>();
        drop(announcer);
        assert_eq!(ready.now(), Err(None));
        assert_eq!(
            ready.wait().await.expect_err("there is no state").error_type(),
            Failure::INIT_ERROR
        );
    }
}
