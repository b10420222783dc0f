//! Whether the function has been initialized.

use std::sync::Arc;

use fg_core::Failure;
use tokio::sync::SetOnce;

/// The initialized function, or the reason why there is none, once the init phase is over.
pub(crate) type Readiness<F> = Arc<SetOnce<Result<Arc<F>, Failure>>>;

/// Waits for the end of the init phase.
pub(crate) async fn initialized<F>(readiness: &Readiness<F>) -> Result<&Arc<F>, &Failure> {
    let initialized = match readiness.get() {
        Some(initialized) => initialized,
        // In a box, so that later requests do not carry the space for it.
        None => Box::pin(readiness.wait()).await,
    };
    initialized.as_ref()
}

/// Tells those that wait for the function when the init phase is over. If this is dropped before,
/// they get an error.
#[derive(Debug)]
pub(crate) struct Announcer<F>(pub(crate) Readiness<F>);

impl<F> Announcer<F> {
    /// The init phase is over.
    pub(crate) fn announce(self, initialized: Result<F, Failure>) {
        self.set(initialized);
    }

    /// Sets the outcome, unless it is set.
    fn set(&self, initialized: Result<F, Failure>) {
        let _ = self.0.set(initialized.map(Arc::new));
    }
}

impl<F> Drop for Announcer<F> {
    fn drop(&mut self) {
        let message = "the instance ends, and the function has not been initialised";
        self.set(Err(Failure::new(Failure::INIT_ERROR, message)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readiness() -> (Announcer<u8>, Readiness<u8>) {
        let readiness = Readiness::default();
        (Announcer(Arc::clone(&readiness)), readiness)
    }

    #[tokio::test]
    async fn all_that_wait_learn_of_the_end_and_so_do_those_that_come_later() {
        let (announcer, readiness) = readiness();
        assert!(readiness.get().is_none());
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let readiness = Arc::clone(&readiness);
                tokio::spawn(async move {
                    initialized(&readiness).await.cloned().map_err(Failure::clone)
                })
            })
            .collect();
        tokio::task::yield_now().await;
        announcer.announce(Ok(7));
        for waiting in waiting {
            assert_eq!(waiting.await.expect("it does not panic"), Ok(Arc::new(7)));
        }
        assert_eq!(readiness.get(), Some(&Ok(Arc::new(7))));
        assert_eq!(initialized(&readiness).await, Ok(&Arc::new(7)));
    }

    #[tokio::test]
    async fn a_failure_is_the_same_for_all() {
        let (announcer, readiness) = readiness();
        let failure = Failure::new(Failure::INIT_ERROR, "no configuration");
        announcer.announce(Err(failure.clone()));
        assert_eq!(readiness.get(), Some(&Err(failure.clone())));
        assert_eq!(initialized(&readiness).await, Err(&failure));
    }

    #[tokio::test]
    async fn an_init_phase_that_is_given_up_is_a_failure_of_those_that_wait() {
        let (announcer, readiness) = readiness();
        let waiting = tokio::spawn({
            let readiness = Arc::clone(&readiness);
            async move { initialized(&readiness).await.cloned().map_err(Failure::clone) }
        });
        tokio::task::yield_now().await;
        assert!(readiness.get().is_none());
        drop(announcer);
        let failure = waiting.await.expect("it does not panic").expect_err("there is no function");
        assert_eq!(failure.error_type(), Failure::INIT_ERROR);
    }
}
