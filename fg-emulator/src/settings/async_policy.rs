//! What is done with asynchronous invocations that fail or wait.

use std::time::Duration;

/// What is done with asynchronous invocations that fail or wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct AsyncPolicy {
    pub(crate) retries: u32,
    pub(crate) validity: Duration,
}

impl Default for AsyncPolicy {
    /// No retries, as on the platform for a function's own errors, and events that are valid for a
    /// day.
    fn default() -> Self {
        Self { retries: 0, validity: Duration::from_secs(86_400) }
    }
}

impl AsyncPolicy {
    /// How often a failed invocation is retried, with the same request id. The platform allows 0 to
    /// 3.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// How long an event may wait. The platform allows 1 to 86,400 s.
    pub fn validity(mut self, validity: Duration) -> Self {
        self.validity = validity;
        self
    }
}
