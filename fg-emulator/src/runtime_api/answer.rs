//! What the function answered: the answer to one invocation, the record of every POST, and what is
//! known where no answer came.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Instant;

use crate::http::response::header_of;

/// Which of the two endpoints an answer was posted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// `/v1/runtime/invocation/response/{request id}`: the result of the handler.
    Response,
    /// `/v1/runtime/invocation/error/{request id}`: the invocation failed.
    Error,
}

/// The answer to an invocation: the first POST that the API accepted for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// A result, or an error.
    pub kind: AnswerKind,
    /// The body, with a chunked encoding undone.
    pub body: Vec<u8>,
    /// The headers of the POST, in their order.
    pub headers: Vec<(String, String)>,
}

impl Answer {
    /// The body as text, with U+FFFD for what is not UTF-8.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The first value of a header, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header_of(&self.headers, name)
    }

    /// The media type that the function gave.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.header("Content-Type")
    }
}

/// A POST to one of the two endpoints that was read to its end, whether it was accepted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Post {
    /// The request target.
    pub path: String,
    /// The last segment of the path.
    pub request_id: String,
    /// A result, or an error.
    pub kind: AnswerKind,
    /// The body, with a chunked encoding undone; empty where it was passed on to an
    /// [`AnswerStream`](crate::AnswerStream).
    pub body: Vec<u8>,
    /// The headers, in their order.
    pub headers: Vec<(String, String)>,
    /// The number of the connection it came on; the first one is 1.
    pub connection: u64,
    /// When it had been read.
    pub at: Instant,
    /// What became of it.
    pub verdict: Verdict,
}

impl Post {
    /// The first value of a header, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header_of(&self.headers, name)
    }
}

/// What the API made of a POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is the answer to its invocation.
    Accepted,
    /// The invocation had been answered: status 400.
    Duplicate,
    /// No invocation with this request id was handed out: status 404.
    Unknown,
    /// It is larger than the platform's limit for a response: status 413.
    TooLarge,
    /// A fault answered in the API's place; the invocation still waits for its answer.
    Refused,
}

/// How far an invocation without an answer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvocationState {
    /// No poll has taken it.
    NeverPolled,
    /// A poll took it, but not all of it could be written; it waits for the next poll.
    CutShort {
        /// The connection of that poll.
        connection: u64,
    },
    /// A poll took it, and the connection is open.
    HandedOut {
        /// The connection of that poll.
        connection: u64,
    },
    /// A poll took it, and the connection is closed. It can still be answered, on another
    /// connection.
    ConnectionClosed {
        /// The connection of that poll.
        connection: u64,
    },
}

/// No answer came in time, or the API is stopped and no answer can come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoAnswer {
    /// The invocation.
    pub request_id: String,
    /// How far it had come.
    pub state: InvocationState,
    /// Whether the API was stopped.
    pub stopped: bool,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invocation {} has no answer: ", self.request_id)?;
        match self.state {
            InvocationState::NeverPolled => write!(f, "no poll has taken it"),
            InvocationState::CutShort { connection } => {
                write!(
                    f,
                    "its event was cut short on connection {connection}, and it waits for the next poll"
                )
            }
            InvocationState::HandedOut { connection } => {
                write!(
                    f,
                    "it was handed out to connection {connection}, which is open, and was not answered"
                )
            }
            InvocationState::ConnectionClosed { connection } => {
                write!(
                    f,
                    "it was handed out to connection {connection}, which closed before an answer"
                )
            }
        }?;
        if self.stopped { write!(f, "; the API is stopped") } else { Ok(()) }
    }
}

impl Error for NoAnswer {}
