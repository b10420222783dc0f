//! The answer to one invocation, read while the function writes it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::runtime_api::answer::{Answer, AnswerKind, NoAnswer};
use crate::runtime_api::chunk_queue::{End, Next, Stream};
use crate::runtime_api::handle::Pending;

/// An answer that can be read while it comes. Made by
/// [`RuntimeApi::invoke_streaming`](crate::RuntimeApi::invoke_streaming).
///
/// A POST to `/response/` in chunked transfer encoding is passed on as its bytes arrive. At most
/// 256 KB, or one piece, are read from the function before they are taken here; then the API reads
/// no further. A POST of another sort, or one that meets a [`Fault`](crate::Fault), is read whole,
/// and is one piece.
///
/// Dropping it while the answer comes closes the function's connection, as a caller that goes away
/// does.
#[derive(Debug)]
pub struct AnswerStream {
    pending: Pending,
    stream: Arc<Stream>,
    /// The whole of an answer that was not in chunks has been given.
    is_taken: bool,
}

/// Why there is no piece.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError {
    /// The answer has not begun.
    NoAnswer(NoAnswer),
    /// The answer has begun, and no further piece came within the time limit.
    NoPiece,
    /// The function ended its answer without the last chunk, or the API was stopped.
    CutShort {
        /// How many bytes of the body came before.
        bytes: u64,
    },
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(no_answer) => no_answer.fmt(f),
            Self::NoPiece => {
                f.write_str("the answer has begun, but no further piece of it came in time")
            }
            Self::CutShort { bytes } => {
                write!(f, "the answer was ended after {bytes} bytes, without its last chunk")
            }
        }
    }
}

impl Error for StreamError {}

impl From<NoAnswer> for StreamError {
    fn from(no_answer: NoAnswer) -> Self {
        Self::NoAnswer(no_answer)
    }
}

impl AnswerStream {
    pub(crate) fn new(pending: Pending, stream: Arc<Stream>) -> Self {
        Self { pending, stream, is_taken: false }
    }

    /// The request id of the event.
    #[must_use]
    pub fn request_id(&self) -> String {
        self.pending.request_id()
    }

    /// Waits for the head of the answer: its kind and its headers, with an empty body.
    ///
    /// # Errors
    ///
    /// Where none came within the time limit, or the API is stopped: how far the invocation has
    /// come.
    pub fn head(&mut self, limit: Duration) -> Result<Answer, NoAnswer> {
        if let Some(headers) = self.wait_for_head(limit)? {
            return Ok(Answer { kind: AnswerKind::Response, headers, body: Vec::new() });
        }
        let whole = self.pending.wait(Duration::ZERO)?;
        Ok(Answer { body: Vec::new(), ..whole })
    }

    /// Waits for the next piece: what has arrived of a chunk, at most 64 KB. Nothing at the end of
    /// a complete answer.
    ///
    /// # Errors
    ///
    /// Where no piece comes within the time limit, or none will come.
    pub fn next_piece(&mut self, limit: Duration) -> Result<Option<Vec<u8>>, StreamError> {
        let begun = Instant::now();
        if self.wait_for_head(limit)?.is_none() {
            let whole =
                if self.is_taken { None } else { Some(self.pending.wait(Duration::ZERO)?.body) };
            self.is_taken = true;
            return Ok(whole.filter(|body| !body.is_empty()));
        }
        match self.stream.next(limit.saturating_sub(begun.elapsed())) {
            Next::Piece(piece) => Ok(Some(piece)),
            Next::End(End::Complete) => Ok(None),
            Next::End(End::Broken | End::NotStreamed) => {
                Err(StreamError::CutShort { bytes: self.stream.bytes() })
            }
            Next::Nothing => Err(StreamError::NoPiece),
        }
    }

    /// How many bytes have been read from the function, and not been taken here.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.stream.in_flight()
    }

    /// The headers of an answer in chunks; nothing where it came whole.
    fn wait_for_head(&self, limit: Duration) -> Result<Option<Vec<(String, String)>>, NoAnswer> {
        if let Some(headers) = self.stream.headers() {
            return Ok(Some(headers));
        }
        let number = self.pending.number();
        let has_come = self.pending.shared().wait(limit, |state| match state.outcome(number) {
            Ok(_) => Some(Ok(())),
            Err(_) if state.streamed(number).is_some() => Some(Ok(())),
            Err(no_answer) if no_answer.stopped => Some(Err(no_answer)),
            Err(_) => None,
        });
        match has_come {
            Some(come) => come.map(|()| self.stream.headers()),
            None => self.pending.shared().read(|state| state.outcome(number)).map(|_| None),
        }
    }
}

impl Drop for AnswerStream {
    fn drop(&mut self) {
        self.stream.abandon();
    }
}
