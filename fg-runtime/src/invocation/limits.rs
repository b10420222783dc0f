//! What an invocation is held to.

use fg_core::Failure;

/// What an invocation is held to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The largest reply in bytes.
    pub(crate) response_size: usize,
    /// Whether a handler past its deadline is dropped and reported.
    pub(crate) timeouts: bool,
}

impl Limits {
    /// Whether a reply of this many bytes may be sent as a whole.
    pub(crate) fn check_size(&self, size: usize) -> Result<(), Failure> {
        let limit = self.response_size;
        if size > limit {
            let message = format!(
                "the response has {size} bytes, and the platform takes {limit} (RUNTIME_MAX_RESP_BODY_SIZE)"
            );
            return Err(Failure::new(Failure::RESPONSE_TOO_LARGE, message));
        }
        Ok(())
    }
}
