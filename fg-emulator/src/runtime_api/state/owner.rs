//! Whose requests an instance's API accepts, and what it has refused.

use std::time::Duration;

use super::{AnswerLimit, Shared, State};
use crate::process::output::LineSink;
use crate::runtime_api::peer::Owner;

/// How many strangers are looked up, which takes reading the open files of all processes.
const MAX_LOOKUPS: usize = 64;

/// How many refusals are kept.
const MAX_REFUSALS: usize = 8;

impl Shared {
    /// Waits until the owner is known; `None` if the API is stopped before.
    pub(in crate::runtime_api) fn wait_for_owner(&self) -> Option<Owner> {
        self.wait(Duration::MAX, |state| match state.owner {
            _ if state.stopped => Some(None),
            Owner::Starting => None,
            owner => Some(Some(owner)),
        })?
    }

    /// Reports each stranger once.
    pub(in crate::runtime_api) fn report_stranger(&self, process: Option<u32>, reason: &str) {
        let sink = self.update(|state| {
            let is_new = state.reported_strangers.insert(process);
            state.stranger_sink.clone().filter(|_| is_new)
        });
        if let Some(sink) = sink {
            sink(reason);
        }
    }
}

impl State {
    /// Makes this the API of an instance: it keeps no records, limits answers, and gives events to
    /// its owner alone, which has to be [set](Self::set_owner) soon.
    pub(crate) fn restrict_to_instance(
        &mut self,
        answer_limit: AnswerLimit,
        stranger_sink: Option<LineSink>,
    ) {
        self.discards_records = true;
        self.answer_limit = Some(answer_limit);
        self.owner = Owner::Starting;
        self.stranger_sink = stranger_sink;
    }

    pub(crate) fn set_owner(&mut self, owner: Owner) {
        self.owner = owner;
    }

    /// Whether one more stranger may be looked up.
    pub(in crate::runtime_api) fn may_look_up_stranger(&mut self) -> bool {
        self.stranger_lookups += 1;
        self.stranger_lookups <= MAX_LOOKUPS
    }

    /// Records a refused request. The newest are kept.
    pub(in crate::runtime_api) fn record_refusal(&mut self, refusal: String) {
        if self.refusals.back() == Some(&refusal) {
            return;
        }
        if self.refusals.len() == MAX_REFUSALS {
            self.refusals.pop_front();
        }
        self.refusals.push_back(refusal);
    }

    pub(in crate::runtime_api) fn mark_foreign_protocol(&mut self) {
        self.uses_foreign_protocol = true;
    }

    /// Whether the function speaks the protocol of another cloud, and so will never get an event.
    pub(crate) fn uses_foreign_protocol(&self) -> bool {
        self.uses_foreign_protocol
    }

    /// The refused requests, each with the reason, the newest last.
    pub(crate) fn refusals(&self) -> Vec<String> {
        self.refusals.iter().cloned().collect()
    }
}
