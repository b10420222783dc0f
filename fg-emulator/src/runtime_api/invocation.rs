//! One invocation as the API keeps it: its event, how far it has come, and its answer.

use std::sync::Arc;
use std::time::Instant;

use crate::runtime_api::answer::Answer;
use crate::runtime_api::chunk_queue::Stream;
use crate::runtime_api::event::Event;
use crate::runtime_api::fault::Misbehaviour;

/// An invocation that was queued.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) event: Event,
    pub(crate) progress: Progress,
    pub(crate) answer: Option<Answer>,
    pub(crate) times: Times,
    /// The size of an answer that was refused for it.
    pub(crate) too_large: Option<usize>,
    /// Where an answer in chunks is passed on to.
    pub(crate) stream: Option<Arc<Stream>>,
    /// What became of it there.
    pub(crate) streamed: Option<Streamed>,
}

/// How far an answer has come that is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Streamed {
    UnderWay,
    Complete,
    /// The function ended it without its last chunk.
    CutShort,
    TooLarge,
    /// The caller has gone.
    NotRead,
}

/// When an invocation came forward.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    pub(crate) handed_out: Option<Instant>,
    pub(crate) answered: Option<Instant>,
}

/// Where its event is.
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
            stream: None,
            streamed: None,
        }
    }

    /// Whether an answer has been accepted for it, or has begun.
    pub(crate) fn is_answered(&self) -> bool {
        self.answer.is_some() || self.streamed.is_some()
    }

    /// Whether a POST would be its answer, or the end of the one that has begun.
    pub(crate) fn awaits_answer_or_its_end(&self) -> bool {
        self.awaits_answer() || self.streamed == Some(Streamed::UnderWay)
    }

    /// Whether a POST would be its answer.
    pub(crate) fn awaits_answer(&self) -> bool {
        !self.is_answered() && matches!(self.progress, Progress::HandedOut(_))
    }
}

/// What a poll is answered with.
#[derive(Debug)]
pub(crate) enum Turn {
    /// The invocation is the one that was taken from the queue for it.
    Event {
        event: Event,
        fault: Option<Misbehaviour>,
        taken: Option<usize>,
    },
    Instead(Misbehaviour),
    Closed,
}
