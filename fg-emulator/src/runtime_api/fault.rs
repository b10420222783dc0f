//! The faults that a test can ask for, as data.

use std::time::Duration;

/// One misbehaviour of the API, at the next request of one sort. It happens once.
///
/// Faults of one sort happen in the order in which they were scripted; polls and POSTs do not wait
/// for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// At the next poll.
    OnPoll(Misbehaviour),
    /// At the next POST of an answer.
    OnPost(Misbehaviour),
}

/// What the API does instead of what it should do.
///
/// There are three sorts, and for each it is defined what becomes of the event of a poll and of the
/// answer in a POST.
///
/// **While reading** ([`CloseBeforeReading`](Self::CloseBeforeReading),
/// [`CloseAfterReading`](Self::CloseAfterReading), [`Reset`](Self::Reset),
/// [`AnswerEarly`](Self::AnswerEarly)) the API closes the connection before it answers, or answers
/// before it has read to the end. It happens to the next request that arrives: a poll that already
/// waits is not touched. No event is taken. A POST counts only where this is said.
///
/// **Instead of the answer** ([`Status`](Self::Status), [`Raw`](Self::Raw),
/// [`HalfClose`](Self::HalfClose)) something else is sent, at once, to a poll that waits as well as
/// to one that arrives. No event is taken. A POST is recorded as
/// [`Refused`](crate::Verdict::Refused), and its invocation still waits, except where this is said.
///
/// **With the answer** (all the others) the right answer is delivered in an unusual way. A poll
/// gets its event, when there is one. A POST is read to its end and counts, even where its answer
/// does not arrive. An event that was not written to its last byte goes back to the front of the
/// queue.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// While reading: an orderly close (FIN) without a look at the request.
    CloseBeforeReading,
    /// While reading: the connection closes after so many bytes of the request, or at its end where
    /// it is shorter.
    ///
    /// The system turns this into a reset where bytes have arrived that were not read. A POST does
    /// not count, even when it was read to its end: [`CutAt`](Self::CutAt)`(0)` is the one that
    /// counts and gets no answer.
    CloseAfterReading(usize),
    /// While reading: the connection is reset (RST). A POST counts: all of it was seen.
    ///
    /// The last byte of the request is left in the socket when it is closed, which Linux answers
    /// with RST; other systems may close in an orderly way.
    Reset,
    /// While reading: this answer is sent after so many bytes of the body, such as 413 in the
    /// middle of a streamed one; to a poll, right after it. The bytes are not passed on to a
    /// reader, and a POST does not count.
    ///
    /// Where it closes, `Connection: close` announces it, and up to 1 MB of what still comes is
    /// thrown away first, so that the answer can be read. Where it stays open, the rest is read,
    /// and the POST is recorded as [`Refused`](crate::Verdict::Refused).
    AnswerEarly {
        /// Of the body, with a chunked encoding undone. A body that is not chunked is read whole.
        after: usize,
        /// Of three digits.
        status: u16,
        /// Text.
        body: Vec<u8>,
        /// What happens to the connection.
        then: Afterwards,
    },
    /// Instead of the answer: this status. `Content-Length` is added unless the headers say how
    /// long the body is; the connection stays open unless they have `Connection: close`. A POST
    /// counts when the status is 2xx.
    Status {
        /// Of three digits.
        code: u16,
        /// Written as given.
        headers: Vec<(String, String)>,
        /// Written as given.
        body: Vec<u8>,
    },
    /// Instead of the answer: these bytes, which may be anything, or nothing.
    Raw {
        /// Written as given.
        bytes: Vec<u8>,
        /// What happens to the connection.
        then: Afterwards,
    },
    /// Instead of the answer: the sending side is closed, the other stays open until the client
    /// closes or sends something. A POST counts.
    HalfClose,
    /// With the answer: only its first bytes, then a close. An event that fits is delivered, the
    /// others go back to the queue.
    CutAt(usize),
    /// With the answer: in pieces, with a pause before each but the first.
    Drip {
        /// At least 1.
        bytes_per_write: usize,
        /// Ends early when the connection closes.
        pause: Duration,
    },
    /// With the answer: in chunked transfer encoding.
    Chunked {
        /// Of the chunks, in their order; what is left is one more chunk. A zero is passed over,
        /// since it would end the body.
        sizes: Vec<usize>,
        /// Written after each size, such as `name=value`.
        extension: Option<String>,
        /// Written after the last chunk.
        trailers: Vec<(String, String)>,
    },
    /// With the answer: no length, `Connection: close`, and the body ends where the connection
    /// does.
    CloseDelimited,
    /// With the answer: first an interim head for each of these 1xx codes.
    InterimFirst(Vec<u16>),
    /// With the answer: so much later, counted from when it could have been sent.
    Delay(Duration),
    /// With the answer: announces `Connection: close`, and closes.
    ConnectionClose,
    /// With the answer: a close right after it, unannounced.
    CloseAfterReply,
    /// With the answer: the event that was handed out last, once more, whether it has been answered
    /// or not. Where none was, and to a POST: as usual.
    Duplicate,
}

/// What happens to a connection after raw bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// The next request is read from it.
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
                | Self::AnswerEarly { .. }
        )
    }

    pub(crate) fn is_instead_of_answer(&self) -> bool {
        matches!(self, Self::Status { .. } | Self::Raw { .. } | Self::HalfClose)
    }

    /// Whether a POST that meets it is the answer to its invocation.
    pub(crate) fn accepts_post(&self) -> bool {
        match self {
            Self::CloseBeforeReading
            | Self::CloseAfterReading(_)
            | Self::AnswerEarly { .. }
            | Self::Raw { .. } => false,
            Self::Status { code, .. } => (200..300).contains(code),
            _ => true,
        }
    }
}
