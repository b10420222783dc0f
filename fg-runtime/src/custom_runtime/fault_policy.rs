//! The faults between this process and the Runtime API, and how each is handled.
//!
//! This table is the policy. The methods of [`Fault`] implement it.
//!
//! | fault | while polling | while answering |
//! | --- | --- | --- |
//! | the server closed a kept-alive connection before our request reached it | new connection, at once | new connection, at once |
//! | cannot connect, cut, reset, silent for 10 s, garbled | new connection after a pause | new connection after a pause, while time remains |
//! | no response at all | wait without limit | wait while time remains |
//! | status 204 | poll again after a pause; not logged | accepted |
//! | any other 2xx | 200 is the event; others like a bad status | accepted |
//! | status 3xx, 4xx | poll again after a pause | given up, logged |
//! | status 413 | like other 4xx | the caller gets `FunctionResponseTooLarge` instead; also in place of an error response, once |
//! | status 4xx, and an earlier attempt may have arrived | | treated as accepted; a warning in the log |
//! | status 5xx | poll again after a pause | sent again after a pause, while time remains |
//! | no request id | poll again after a pause | |
//! | the event is larger than 64 MiB | answered with `InvalidPayload` | |
//!
//! With `pipeline` the request for the next event follows the answer. An answer that has to be sent
//! again then uses another connection, since the next event may arrive on the first one. A
//! connection that closes after the answer turns pipelining off.
//!
//! Once shutdown has been requested, an answer is given up after three seconds.
//!
//! A pause is 10 ms at first and doubles up to 2 s, with jitter. After a success it is 10 ms again.
//! Polling never gives up. One line is logged when polling begins to fail, when the kind of the
//! fault changes, and when polling succeeds again.

use std::fmt;
use std::io;

use fg_core::__private::is_unprintable;

use crate::runtime_api::{BODY_LIMIT, EXCERPT, HEAD_LIMIT};

/// A fault in one exchange with the Runtime API.
#[derive(Debug)]
pub(crate) enum Fault {
    /// No connection could be made.
    Connect(io::Error),
    /// The connection broke while a request was sent or a response was awaited.
    Broken(io::Error),
    /// The connection was closed before the response was complete.
    Closed {
        /// Whether the connection had been used before and nothing of this response was received.
        stale: bool,
    },
    /// A response began, and no further bytes were received.
    Silent,
    /// No response began in time.
    Unacknowledged,
    /// The response is not valid HTTP/1.1.
    Garbled(&'static str),
    /// The head of the response exceeds our limit.
    HeadTooLarge,
    /// The body of the response exceeds our limit.
    BodyTooLarge,
    /// The Runtime API responded with a status that is not a success.
    Status {
        /// The HTTP status.
        status: u16,
        /// The beginning of the body.
        text: String,
    },
    /// There is no event (204).
    NoEvent,
    /// The response has no `X-CFF-Request-Id`, so the event cannot be answered.
    NoRequestId,
}

impl Fault {
    /// Creates the fault of a status, with the beginning of the body.
    pub(crate) fn status(status: u16, body: &[u8]) -> Self {
        // The body is reduced to one line.
        let text = String::from_utf8_lossy(&body[..body.len().min(EXCERPT)])
            .trim()
            .chars()
            .map(|character| if is_unprintable(character) { ' ' } else { character })
            .collect();
        Self::Status { status, text }
    }

    /// Whether the request cannot have reached the server, so that it can be sent again at once.
    pub(crate) fn is_stale_connection(&self) -> bool {
        matches!(self, Self::Closed { stale: true })
    }

    /// Whether the server may have read the answer despite this fault.
    pub(crate) fn may_have_arrived(&self) -> bool {
        !matches!(self, Self::Connect(_) | Self::Status { .. })
    }

    /// Whether the Runtime API refused the answer, for example because it already has it.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Status { status: 400..=499, .. })
    }

    /// Whether the answer may be accepted if it is sent again.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Status { status, .. } => *status >= 500,
            _ => true,
        }
    }

    /// Whether this is the same kind of fault, so that it needs no new line in the log.
    pub(crate) fn is_same_kind(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Status { status: one, .. }, Self::Status { status: other, .. }) => one == other,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => write!(f, "cannot connect: {error}"),
            Self::Broken(error) => write!(f, "the connection broke: {error}"),
            Self::Closed { .. } => {
                f.write_str("the connection was closed before the response was complete")
            }
            Self::Silent => f.write_str("the response began and then stayed silent for 10 s"),
            Self::Unacknowledged => f.write_str("it was not acknowledged in time"),
            Self::Garbled(what) => write!(f, "the response is not valid HTTP/1.1: {what}"),
            Self::HeadTooLarge => {
                write!(f, "the head of the response is larger than {HEAD_LIMIT} bytes")
            }
            Self::BodyTooLarge => {
                write!(f, "the body of the response is larger than {BODY_LIMIT} bytes")
            }
            Self::Status { status, text } if text.is_empty() => write!(f, "status {status}"),
            Self::Status { status, text } => write!(f, "status {status}: {text}"),
            Self::NoEvent => f.write_str("there is no event now"),
            Self::NoRequestId => f.write_str("the response has no X-CFF-Request-Id"),
        }
    }
}
