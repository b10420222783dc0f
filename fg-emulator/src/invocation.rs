//! One invocation as the API keeps it: its event, how far it has come, and its answer.

use std::time::Instant;

use crate::answer::Answer;
use crate::event::Event;
use crate::fault::Misbehaviour;

/// An invocation that was queued.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) event: Event,
    pub(crate) progress: Progress,
    pub(crate) answer: Option<Answer>,
    pub(crate) times: Times,
    /// The size of an answer that was refused for it.
    pub(crate) too_large: Option<usize>,
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
        Self { event, progress: Progress::NeverPolled, answer: None, times: Times::default(), too_large: None }
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
