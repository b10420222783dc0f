//! Hands queued events out to the polls that wait.

use std::time::{Duration, Instant};

use super::request_hook::FunctionRequest;
use super::{Shared, State};
use crate::runtime_api::event::Event;
use crate::runtime_api::fault::Misbehaviour;
use crate::runtime_api::invocation::{Invocation, PollOutcome, Progress};

impl Shared {
    /// Waits for what the poll on this connection is answered with.
    pub(in crate::runtime_api) fn wait_for_poll_outcome(&self, connection: u64) -> PollOutcome {
        self.run_request_hook(FunctionRequest::Poll);
        self.update(|state| state.waiting.insert(connection));
        let outcome = self.wait(Duration::MAX, |state| {
            let outcome = state.poll_outcome(connection)?;
            state.waiting.remove(&connection);
            Some(outcome)
        });
        outcome.unwrap_or(PollOutcome::Closed)
    }
}

impl State {
    pub(in crate::runtime_api) fn enqueue(&mut self, event: Event) -> usize {
        let invocation = self.invocations.len();
        self.by_request_id.entry(event.id().to_owned()).or_default().push(invocation);
        self.invocations.push(Invocation::new(event));
        self.queue.push_back(invocation);
        invocation
    }

    /// What a waiting poll is answered with; `None` if it has to wait.
    pub(super) fn poll_outcome(&mut self, connection: u64) -> Option<PollOutcome> {
        if self.is_closed(connection) {
            return Some(PollOutcome::Closed);
        }
        let next = self.poll_faults.front();
        if next.is_some_and(Misbehaviour::is_instead_of_response) {
            return self.poll_faults.pop_front().map(PollOutcome::Instead);
        }
        // A fault while reading is for the next poll that arrives.
        let happens_now = next.is_some_and(|fault| !fault.is_while_reading());
        let again = self.handed_out_last.filter(|_| next == Some(&Misbehaviour::Duplicate));
        let taken = if again.is_none() { Some(self.take_queued()?) } else { None };
        let invocation = again.or(taken)?;
        let fault = if happens_now { self.poll_faults.pop_front() } else { None };
        let record = &mut self.invocations[invocation];
        record.progress = Progress::HandedOut(connection);
        record.times.handed_out = Some(Instant::now());
        self.handed_out_last = Some(invocation);
        Some(PollOutcome::Event { event: record.event.clone(), fault, taken })
    }

    fn take_queued(&mut self) -> Option<usize> {
        loop {
            let invocation = self.queue.pop_front()?;
            // One whose event was cut short may have been answered meanwhile.
            if !self.invocations[invocation].is_answered() {
                return Some(invocation);
            }
        }
    }

    /// Returns an event that was not delivered to the front of the queue.
    pub(in crate::runtime_api) fn requeue(&mut self, invocation: usize, connection: u64) {
        let record = &mut self.invocations[invocation];
        // The function may have answered it although a part of it is missing.
        if !record.is_answered() {
            record.progress = Progress::CutShort(connection);
            self.queue.push_front(invocation);
            self.handed_out_last = self.handed_out_last.filter(|last| *last != invocation);
        }
    }

    /// Whether a poll waits for an event.
    pub(crate) fn has_waiting_poll(&self) -> bool {
        self.waiting.iter().any(|connection| !self.is_closed(*connection))
    }

    /// Whether the function has closed the connection on which it got the event, and polls again.
    pub(crate) fn is_abandoned(&self, invocation: usize) -> bool {
        match self.invocations[invocation].progress {
            Progress::HandedOut(connection) => {
                self.is_closed(connection) && self.has_waiting_poll()
            }
            Progress::NeverPolled | Progress::CutShort(_) => false,
        }
    }

    /// The request id of the event that was handed out last, if it has not been answered.
    pub(crate) fn unanswered_request_id(&self) -> Option<String> {
        let invocation = &self.invocations[self.handed_out_last?];
        invocation.awaits_answer().then(|| invocation.event.id().to_owned())
    }
}
