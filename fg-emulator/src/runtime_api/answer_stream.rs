//! The answer to one invocation, read while the function writes it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::answer::{Answer, AnswerKind, NoAnswer};
use super::chunk_queue::{ChunkQueue, NextChunk, StreamEnd};
use super::pending::Pending;

/// An answer that can be read while the function writes it. Made by
/// [`RuntimeApi::invoke_streaming`](crate::RuntimeApi::invoke_streaming).
///
/// A POST to `/response/` in chunked transfer encoding is relayed as its bytes arrive. At most 256
/// KB (or one chunk) are read from the function before they are taken here. Any other POST, or one
/// that meets a [`Fault`](crate::Fault), is read to its end first, and is one chunk.
///
/// Dropping the stream while the answer is sent closes the function's connection, as if the caller
/// had gone away.
#[derive(Debug)]
pub struct AnswerStream {
    pending: Pending,
    chunks: Arc<ChunkQueue>,
    /// An answer that was not chunked has been returned.
    is_taken: bool,
}

/// Why there is no further chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError {
    /// The answer has not begun.
    NoAnswer(NoAnswer),
    /// The answer has begun, and no further chunk came within the time limit.
    NoChunk,
    /// The function ended its answer without the last chunk, or the API was stopped.
    CutShort {
        /// How many bytes of the body had arrived.
        bytes: u64,
    },
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(no_answer) => no_answer.fmt(f),
            Self::NoChunk => {
                f.write_str("the answer has begun, but no further chunk of it came in time")
            }
            Self::CutShort { bytes } => {
                write!(f, "the answer ended after {bytes} bytes, without its last chunk")
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
    pub(crate) fn new(pending: Pending, chunks: Arc<ChunkQueue>) -> Self {
        Self { pending, chunks, is_taken: false }
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
    /// If it did not come within the time limit, or the API is stopped: how far the invocation has
    /// come.
    pub fn head(&mut self, limit: Duration) -> Result<Answer, NoAnswer> {
        if let Some(headers) = self.wait_for_head(limit)? {
            return Ok(Answer { kind: AnswerKind::Response, headers, body: Vec::new() });
        }
        let whole = self.pending.wait(Duration::ZERO)?;
        Ok(Answer { body: Vec::new(), ..whole })
    }

    /// Waits for data, and returns what has arrived of a chunk, at most 64 KB; `None` at the end of
    /// a complete answer.
    ///
    /// # Errors
    ///
    /// If none comes within the time limit, or none will come.
    pub fn next_chunk(&mut self, limit: Duration) -> Result<Option<Vec<u8>>, StreamError> {
        let started = Instant::now();
        if self.wait_for_head(limit)?.is_none() {
            let whole =
                if self.is_taken { None } else { Some(self.pending.wait(Duration::ZERO)?.body) };
            self.is_taken = true;
            return Ok(whole.filter(|body| !body.is_empty()));
        }
        match self.chunks.next(limit.saturating_sub(started.elapsed())) {
            NextChunk::Chunk(chunk) => Ok(Some(chunk)),
            NextChunk::End(StreamEnd::Complete) => Ok(None),
            NextChunk::End(StreamEnd::Broken | StreamEnd::NotStreamed) => {
                Err(StreamError::CutShort { bytes: self.chunks.bytes() })
            }
            NextChunk::TimedOut => Err(StreamError::NoChunk),
        }
    }

    /// How many bytes have been read from the function and not been taken here.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.chunks.in_flight()
    }

    /// The headers of a chunked answer; `None` if the answer is not chunked.
    fn wait_for_head(&self, limit: Duration) -> Result<Option<Vec<(String, String)>>, NoAnswer> {
        if let Some(headers) = self.chunks.headers() {
            return Ok(Some(headers));
        }
        let number = self.pending.number();
        let arrived = self.pending.shared().wait(limit, |state| match state.outcome(number) {
            Ok(_) => Some(Ok(())),
            Err(_) if state.relay_state(number).is_some() => Some(Ok(())),
            Err(no_answer) if no_answer.stopped => Some(Err(no_answer)),
            Err(_) => None,
        });
        match arrived {
            Some(arrived) => arrived.map(|()| self.chunks.headers()),
            None => self.pending.shared().read(|state| state.outcome(number)).map(|_| None),
        }
    }
}

impl Drop for AnswerStream {
    fn drop(&mut self) {
        self.chunks.abandon();
    }
}
