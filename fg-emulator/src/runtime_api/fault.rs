//! The faults that a test can ask for, as data.

use std::time::Duration;

/// A misbehaviour of the API at the next request of one kind. It happens once.
///
/// Faults of one kind happen in the order in which they were scripted. Those of polls and those of
/// POSTs are independent of each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// At the next poll.
    OnPoll(Misbehaviour),
    /// At the next POST of an answer.
    OnPost(Misbehaviour),
}

/// What the API does wrong.
///
/// There are three groups. For each it is defined what becomes of the event of a poll, and of the
/// answer in a POST.
///
/// **While reading** ([`CloseBeforeReading`](Self::CloseBeforeReading),
/// [`CloseAfterReading`](Self::CloseAfterReading), [`Reset`](Self::Reset),
/// [`RespondEarly`](Self::RespondEarly)): the API closes the connection before it responds, or
/// responds before it has read the request. The fault meets the next request that arrives, not a
/// poll that already waits. No event is taken from the queue. A POST counts only if the variant
/// says so.
///
/// **Instead of the response** ([`Status`](Self::Status), [`Raw`](Self::Raw),
/// [`HalfClose`](Self::HalfClose)): the API sends something else at once, also to a poll that
/// already waits. No event is taken from the queue. A POST is recorded as
/// [`Refused`](crate::Verdict::Refused) and its invocation still waits, unless the variant says
/// otherwise.
///
/// **With the response** (all others): the API delivers the right response in an unusual way. A
/// poll gets its event, once there is one. A POST is read to its end and counts, even if the
/// response does not arrive. An event that could not be written completely returns to the front of
/// the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// While reading: an orderly close (FIN) without reading the request.
    CloseBeforeReading,
    /// While reading: a close after this number of bytes, or at the end of a shorter request.
    ///
    /// The system turns this into a reset if bytes have arrived that were not read. A POST does not
    /// count, even if it was read to its end. For a POST that counts and gets no response, use
    /// [`CutAt`](Self::CutAt)`(0)`.
    CloseAfterReading(usize),
    /// While reading: the connection is reset (RST). A POST counts: all of it has arrived.
    ///
    /// The last byte of the request is left unread when the socket is closed. Linux then sends a
    /// RST; other systems may close in an orderly way.
    Reset,
    /// While reading: a response after a part of the body, such as 413 in the middle of a streamed
    /// answer; to a poll, after its head. The bytes are not relayed to an
    /// [`AnswerStream`](crate::AnswerStream), and a POST does not count.
    ///
    /// If the connection is closed, the response has `Connection: close`, and up to 1 MB of the
    /// rest is discarded first, so that the response can be read. If it is kept open, the rest is
    /// read, and the POST is recorded as [`Refused`](crate::Verdict::Refused).
    RespondEarly {
        /// The bytes of the body, with a chunked encoding removed. A body that is not chunked is
        /// read completely.
        after: usize,
        /// Three digits.
        status: u16,
        /// Plain text.
        body: Vec<u8>,
        /// What happens to the connection.
        then: Afterwards,
    },
    /// Instead of the response: this status. `Content-Length` is added unless the headers frame the
    /// body. The connection stays open unless they have `Connection: close`. A POST counts if the
    /// status is 2xx.
    Status {
        /// Three digits.
        code: u16,
        /// Written as given.
        headers: Vec<(String, String)>,
        /// Written as given.
        body: Vec<u8>,
    },
    /// Instead of the response: these bytes, which need not be HTTP and may be empty.
    Raw {
        /// Written as given.
        bytes: Vec<u8>,
        /// What happens to the connection.
        then: Afterwards,
    },
    /// Instead of the response: the sending side is closed. The receiving side stays open until the
    /// client closes or sends something. A POST counts.
    HalfClose,
    /// With the response: only its first bytes, then a close. An event whose response fits is
    /// delivered; any other returns to the queue.
    CutAt(usize),
    /// With the response: several writes, with a pause between them.
    Drip {
        /// At least 1.
        bytes_per_write: usize,
        /// Ends early if the connection closes.
        pause: Duration,
    },
    /// With the response: chunked transfer encoding.
    Chunked {
        /// The sizes of the chunks. The rest of the body is one more chunk. Zeros are skipped,
        /// since an empty chunk would end the body.
        sizes: Vec<usize>,
        /// Written after each size, such as `name=value`.
        extension: Option<String>,
        /// Written after the last chunk.
        trailers: Vec<(String, String)>,
    },
    /// With the response: no length, but `Connection: close`; the body ends with the connection.
    CloseDelimited,
    /// With the response: first an interim response with each of these 1xx codes.
    InterimFirst(Vec<u16>),
    /// With the response: a delay, which begins when the response could have been sent.
    Delay(Duration),
    /// With the response: `Connection: close`, and a close.
    ConnectionClose,
    /// With the response: a close after it, which is not announced.
    CloseAfterResponse,
    /// With the response: the event that was handed out last, once more, answered or not. If there
    /// was none, or the request is a POST, nothing is unusual.
    Duplicate,
}

/// What happens to a connection after a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// It stays open for the next request.
    KeepOpen,
    /// It is closed.
    Close,
}

impl Misbehaviour {
    pub(crate) fn is_while_reading(&self) -> bool {
        matches!(
            self,
            Self::CloseBeforeReading
                | Self::CloseAfterReading(_)
                | Self::Reset
                | Self::RespondEarly { .. }
        )
    }

    pub(crate) fn is_instead_of_response(&self) -> bool {
        matches!(self, Self::Status { .. } | Self::Raw { .. } | Self::HalfClose)
    }

    /// Whether a POST that meets this fault is the answer to its invocation.
    pub(crate) fn accepts_post(&self) -> bool {
        match self {
            Self::CloseBeforeReading
            | Self::CloseAfterReading(_)
            | Self::RespondEarly { .. }
            | Self::Raw { .. } => false,
            Self::Status { code, .. } => (200..300).contains(code),
            _ => true,
        }
    }
}
