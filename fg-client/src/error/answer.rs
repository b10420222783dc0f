//! Answers that are not what the API promises.

use std::fmt;

use crate::printable::printable;

/// An answer with a status of success, and a content that is not understood.
#[derive(Clone, Debug)]
pub struct AnswerError {
    operation: String,
    host: String,
    status: u16,
    why: String,
    request_id: Option<String>,
}

impl AnswerError {
    pub(crate) fn new(
        operation: String,
        host: &str,
        status: u16,
        why: &str,
        request_id: Option<&str>,
    ) -> Self {
        Self {
            operation,
            host: host.to_owned(),
            status,
            why: printable(why),
            request_id: request_id.map(printable),
        }
    }

    /// What was asked for.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The id of the request, if the answer has one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, host, status, why, request_id } = self;
        write!(f, "{operation}: {host} answered {status}, but with something else: {why}")?;
        if let Some(id) = request_id {
            write!(f, " (request id {id})")?;
        }
        f.write_str(". Look at the endpoint, and at proxies in between.")
    }
}

impl std::error::Error for AnswerError {}
