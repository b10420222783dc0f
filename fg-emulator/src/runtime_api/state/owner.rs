//! Whose requests the API of an instance takes, and what it has refused.

use std::time::Duration;

use super::{AnswerLimit, Shared, State};
use crate::process::output::LineSink;
use crate::runtime_api::peer::Owner;

/// How often it is looked which process a stranger is: that takes a look at all files of all
/// processes.
const MOST_LOOKED_AT: usize = 64;

/// How many refusals are kept.
const MOST_REFUSALS: usize = 8;

impl Shared {
    /// Waits until it is known whose requests are taken; nothing where the API is stopped before.
    pub(crate) fn wait_for_owner(&self) -> Option<Owner> {
        self.wait(Duration::MAX, |state| match state.owner {
            _ if state.stopped => Some(None),
            Owner::Starting => None,
            owner => Some(Some(owner)),
        })?
    }

    /// Tells of each stranger once.
    pub(crate) fn tell_of_stranger(&self, process: Option<u32>, reason: &str) {
        let sink = self.update(|state| {
            let is_new = state.told_of.insert(process);
            state.strangers.clone().filter(|_| is_new)
        });
        if let Some(sink) = sink {
            sink(reason);
        }
    }
}

impl State {
    /// From now on nothing is recorded, answers are limited, and events go to the owner alone, who
    /// is to be [known](Self::belong_to) soon: what an instance wants, and a test does not.
    pub(crate) fn serve_an_instance(
        &mut self,
        answer_limit: AnswerLimit,
        strangers: Option<LineSink>,
    ) {
        self.forgets = true;
        self.answer_limit = Some(answer_limit);
        self.owner = Owner::Starting;
        self.strangers = strangers;
    }

    /// From now on it is known whose requests are taken.
    pub(crate) fn belong_to(&mut self, owner: Owner) {
        self.owner = owner;
    }

    pub(crate) fn mark_unknown(&mut self, connection: u64) {
        if let Some(open) = self.connections.get_mut(&connection) {
            open.is_unknown = true;
        }
    }

    /// Whether the next stranger is to be looked at closely: which process it is.
    pub(crate) fn look_at_stranger(&mut self) -> bool {
        self.looked_at += 1;
        self.looked_at <= MOST_LOOKED_AT
    }

    /// Keeps the newest ones.
    pub(crate) fn note_refusal(&mut self, refusal: String) {
        if self.refusals.back() == Some(&refusal) {
            return;
        }
        if self.refusals.len() == MOST_REFUSALS {
            self.refusals.pop_front();
        }
        self.refusals.push_back(refusal);
    }

    pub(crate) fn note_foreign(&mut self) {
        self.speaks_foreign = true;
    }

    /// Whether the function speaks the protocol of another cloud, and will never ask for an event.
    pub(crate) fn speaks_foreign(&self) -> bool {
        self.speaks_foreign
    }

    /// What the API has refused, the newest last.
    pub(crate) fn refusals(&self) -> Vec<String> {
        self.refusals.iter().cloned().collect()
    }
}
