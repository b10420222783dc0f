//! One invocation as the API records it: its event, its progress, and its answer.

use std::sync::Arc;
use std::time::Instant;

use super::answer::Answer;
use super::chunk_queue::ChunkQueue;
use super::event::Event;
use super::fault::Misbehaviour;

/// An invocation that was queued.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) event: Event,
    pub(crate) progress: Progress,
    pub(crate) answer: Option<Answer>,
    pub(crate) times: Times,
    /// The size of an answer that was refused as too large.
    pub(crate) too_large: Option<usize>,
    /// Where a chunked answer is relayed to.
    pub(crate) chunks: Option<Arc<ChunkQueue>>,
    /// How far it has been relayed.
    pub(crate) relay: Option<RelayState>,
}

/// How far a chunked answer has been relayed to its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RelayState {
    InProgress,
    Complete,
    /// The function ended it without its last chunk.
    CutShort,
    TooLarge,
    /// The reader has gone.
    ReaderGone,
}

/// When an invocation progressed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    pub(crate) handed_out: Option<Instant>,
    pub(crate) answered: Option<Instant>,
}

/// Where the event is; the numbers are those of connections.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Progress {
    NeverPolled,
    CutShort(u64),
    HandedOut(u64),
}

impl Invocation {
    pub(crate) fn new(event: Event) -> Self {
        Self {
            event,
            progress: Progress::NeverPolled,
            answer: None,
            times: Times::default(),
            too_large: None,
            chunks: None,
            relay: None,
        }
    }

    /// Whether an answer has been accepted, or has begun to be relayed.
    pub(crate) fn is_answered(&self) -> bool {
        self.answer.is_some() || self.relay.is_some()
    }

    /// Whether a POST would be its answer, or one that is its answer is being relayed.
    pub(crate) fn awaits_end_of_answer(&self) -> bool {
        self.awaits_answer() || self.relay == Some(RelayState::InProgress)
    }

    /// Whether a POST would be its answer.
    // A function that knows the request id can answer an event that was cut short, for instance
    // one that it refuses as too large and does not read to its end.
    pub(crate) fn awaits_answer(&self) -> bool {
        !self.is_answered() && !matches!(self.progress, Progress::NeverPolled)
    }
}

/// What a poll is answered with.
#[derive(Debug)]
pub(crate) enum PollOutcome {
    Event {
        event: Event,
        /// How the event is delivered, if in an unusual way.
        fault: Option<Misbehaviour>,
        /// The invocation that was taken from the queue.
        taken: Option<usize>,
    },
    /// No event, but what this fault asks for.
    Instead(Misbehaviour),
    Closed,
}
