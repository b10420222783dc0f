//! An invocation whose answer can be waited for.

use std::sync::Arc;
use std::time::Duration;

use super::answer::{Answer, NoAnswer};
use super::state::Shared;

/// An invocation whose answer can be waited for. Made by
/// [`RuntimeApi::invoke`](crate::RuntimeApi::invoke).
#[derive(Debug)]
pub struct Pending {
    shared: Arc<Shared>,
    invocation: usize,
}

impl Pending {
    pub(super) fn new(shared: &Arc<Shared>, invocation: usize) -> Self {
        Self { shared: Arc::clone(shared), invocation }
    }

    pub(crate) fn number(&self) -> usize {
        self.invocation
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The request id of the event.
    #[must_use]
    pub fn request_id(&self) -> String {
        self.shared.read(|state| state.request_id(self.invocation).to_owned())
    }

    /// Waits for the answer. It can be waited for again, and is the same then.
    ///
    /// # Errors
    ///
    /// If no answer came within the time limit, or the API is stopped: how far the invocation has
    /// come.
    pub fn wait(&self, limit: Duration) -> Result<Answer, NoAnswer> {
        let ended = self.shared.wait(limit, |state| match state.outcome(self.invocation) {
            Err(no_answer) if !no_answer.stopped => None,
            outcome => Some(outcome),
        });
        ended.unwrap_or_else(|| self.shared.read(|state| state.outcome(self.invocation)))
    }
}
