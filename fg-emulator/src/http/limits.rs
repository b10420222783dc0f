//! How large a request may be, and how long it may take to arrive.

use std::time::Duration;

/// The limits of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimits {
    /// In bytes.
    pub(crate) head: usize,
    /// In bytes, with a chunked encoding removed.
    pub(crate) body: usize,
    /// From the first byte to the end of the head.
    pub(crate) head_time: Option<Duration>,
    /// From the end of the head to the end of the body.
    pub(crate) body_time: Option<Duration>,
}

impl RequestLimits {
    /// For a program that the test itself has started.
    pub(crate) const GENEROUS: Self =
        Self { head: 1 << 20, body: usize::MAX, head_time: None, body_time: None };
}
