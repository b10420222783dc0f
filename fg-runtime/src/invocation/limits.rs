//! The limits of an invocation.

use fg_core::Failure;

/// The limits of an invocation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The largest response in bytes.
    pub(crate) response_size: usize,
    /// Whether a handler past its deadline is dropped and reported.
    pub(crate) timeouts: bool,
}

impl Limits {
    /// Checks that a buffered response of this many bytes may be sent.
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
