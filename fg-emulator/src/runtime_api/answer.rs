//! What the function answered: the answer to one invocation, the record of every POST, and how far
//! an invocation without an answer has come.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Instant;

use crate::http::response::find_header;

/// Which of the two endpoints an answer was posted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// `/v1/runtime/invocation/response/{request id}`: the handler's response.
    Response,
    /// `/v1/runtime/invocation/error/{request id}`: the invocation failed.
    Error,
}

/// The answer to an invocation: the first POST that the API accepted for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// A response or an error.
    pub kind: AnswerKind,
    /// The body, with a chunked encoding removed.
    pub body: Vec<u8>,
    /// The headers of the POST, in their order.
    pub headers: Vec<(String, String)>,
}

impl Answer {
    /// The body as a string, with U+FFFD for invalid UTF-8.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The first value of a header; the name is compared without regard to case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// The value of `Content-Type`.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.header("Content-Type")
    }
}

/// A POST to one of the two endpoints that was read to its end, accepted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Post {
    /// The request target.
    pub path: String,
    /// The last segment of the path.
    pub request_id: String,
    /// A response or an error.
    pub kind: AnswerKind,
    /// The body, with a chunked encoding removed; empty if it was relayed to an
    /// [`AnswerStream`](crate::AnswerStream).
    pub body: Vec<u8>,
    /// The headers, in their order.
    pub headers: Vec<(String, String)>,
    /// The number of its connection, counted from 1.
    pub connection: u64,
    /// When it had been read to its end.
    pub at: Instant,
    /// Whether it was accepted, or why not.
    pub verdict: Verdict,
}

impl Post {
    /// The first value of a header; the name is compared without regard to case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }
}

/// Whether a POST was accepted, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is the answer to its invocation.
    Accepted,
    /// The invocation had been answered: status 400.
    Duplicate,
    /// No invocation with this request id was handed out: status 404.
    Unknown,
    /// It exceeds the platform's limit for a response: status 413.
    TooLarge,
    /// A fault refused it; the invocation still waits for its answer.
    Refused,
}

/// How far an invocation without an answer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvocationState {
    /// No poll has taken it.
    NeverPolled,
    /// A poll took it, but it could not be written completely; it waits for the next poll, or for
    /// an answer of a function that has received as much as its request id.
    CutShort {
        /// The connection of that poll.
        connection: u64,
    },
    /// A poll took it, and the connection is open.
    HandedOut {
        /// The connection of that poll.
        connection: u64,
    },
    /// A poll took it, and the connection is closed. The answer can still come, on another
    /// connection.
    ConnectionClosed {
        /// The connection of that poll.
        connection: u64,
    },
}

/// No answer came in time, or none can come because the API is stopped.
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
