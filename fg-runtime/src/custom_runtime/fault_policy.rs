//! What can go wrong between this process and the Runtime API, and what is done about it.
//!
//! This table is the policy, and the code beside each row of it is all there is:
//!
//! | fault | while polling | while answering |
//! | --- | --- | --- |
//! | the server closed a kept-alive connection before our request reached it | new connection, at once | new connection, at once |
//! | cannot connect, cut, reset, silent for 10 s, garbled | new connection after a pause | new connection after a pause, while time remains |
//! | no response at all | waited for, as long as it takes | waited for, while time remains |
//! | status 204 | ask again after a pause; no fault, not logged | delivered |
//! | any other 2xx | 200 is the event; others like a bad status | delivered |
//! | status 3xx, 4xx | ask again after a pause | given up, logged |
//! | status 413 | like other 4xx | the caller gets `FunctionResponseTooLarge` instead; in place of an error too, once |
//! | status 4xx, and an earlier attempt may have arrived | | taken for delivered; a warning in the log |
//! | status 5xx | ask again after a pause | sent again after a pause, while time remains |
//! | no request id | ask again after a pause | |
//! | the event is larger than 64 MiB | answered with `InvalidPayload` | |
//!
//! With `pipeline` the request for the next event is on its way behind the answer. An answer that
//! has to be sent again then takes a connection of its own, since the next event may come on the
//! first one; a connection that closes after the answer turns pipelining off.
//!
//! Once the process has been told to end, an answer is given up after three seconds.
//!
//! A pause is 10 ms at first and doubles to 2 s, with jitter; after a success it is 10 ms again.
//! Polling goes on for ever. One line is logged when polling begins to fail, one when the kind of
//! the fault changes, one when it works again; not one per attempt.

use std::fmt;
use std::io;

use fg_core::__private::is_unprintable;

use crate::runtime_api::{BODY_LIMIT, EXCERPT, HEAD_LIMIT};

/// What went wrong in one exchange with the Runtime API.
#[derive(Debug)]
pub(crate) enum Fault {
    /// No connection could be made.
    Connect(io::Error),
    /// The connection broke while a request was being sent or a response was awaited.
    Broken(io::Error),
    /// The connection was closed before the response was complete.
    Cut {
        /// Nothing of the response had come, on a connection that had served before.
        stale: bool,
    },
    /// A response began, and then nothing more came.
    Silent,
    /// No response began in the time that there was.
    Unacknowledged,
    /// The response is not HTTP/1.1 as it should be.
    Garbled(&'static str),
    /// The head of the response is larger than we take.
    HeadTooLarge,
    /// The body of the response is larger than we take.
    BodyTooLarge,
    /// The Runtime API answered, but not with success.
    Status {
        /// The HTTP status.
        status: u16,
        /// The beginning of the body.
        text: String,
    },
    /// There is no event now.
    NoEvent,
    /// The response has no `X-CFF-Request-Id`, so it cannot be answered.
    NoRequestId,
}

impl Fault {
    /// The fault that is told by a status, with the beginning of the body.
    pub(crate) fn status(status: u16, body: &[u8]) -> Self {
        // One line, whatever comes.
        let text = String::from_utf8_lossy(&body[..body.len().min(EXCERPT)])
            .trim()
            .replace(is_unprintable, " ");
        Self::Status { status, text }
    }

    /// Whether the request surely never reached the server, so that it can be sent again at once.
    pub(crate) fn is_stale_connection(&self) -> bool {
        matches!(self, Self::Cut { stale: true })
    }

    /// Whether an answer that met this fault may have been read all the same.
    pub(crate) fn leaves_arrival_open(&self) -> bool {
        !matches!(self, Self::Connect(_) | Self::Status { .. })
    }

    /// Whether the Runtime API does not want this answer, for example because it has it.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Status { status: 400..=499, .. })
    }

    /// Whether an answer that met this fault may be taken if it is sent once more.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Status { status, .. } => *status >= 500,
            _ => true,
        }
    }

    /// Whether this is the same trouble as before, so that it needs no new line in the log.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
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
            Self::Cut { .. } => {
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
