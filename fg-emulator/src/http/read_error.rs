//! Why a request could not be read.

use super::response::Response;

/// Why there is no request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// The connection ended in the middle of the request, or as much was read as was asked for.
    Incomplete,
    /// The request did not arrive in time.
    TooSlow,
    InvalidRequest(InvalidRequest),
    /// Refused by its head, with this response.
    Refused(Response),
}

/// A request that is not HTTP, or exceeds a limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InvalidRequest {
    /// The status of the response.
    pub(crate) status: u16,
    /// The cause, as part of a sentence.
    pub(crate) reason: String,
}

impl InvalidRequest {
    pub(super) fn new(status: u16, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }
}

impl From<String> for InvalidRequest {
    fn from(reason: String) -> Self {
        Self { status: 400, reason }
    }
}

impl From<&str> for InvalidRequest {
    fn from(reason: &str) -> Self {
        Self::from(reason.to_owned())
    }
}
