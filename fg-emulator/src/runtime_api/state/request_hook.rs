//! What is told at once, before the function goes on.

use super::{Shared, State};

/// A moment in the life of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It asks for an event.
    Poll,
    /// It has answered, and does not know yet that the answer was received.
    Answer,
}

impl Shared {
    /// `act` is called at each of these moments. Only the first call of this counts.
    pub(crate) fn watch(&self, act: impl Fn(Moment) + Send + Sync + 'static) {
        let _ = self.watch.set(Box::new(act));
    }

    pub(super) fn tell(&self, moment: Moment) {
        if let Some(watch) = self.watch.get() {
            watch(moment);
        }
    }

    /// If this is the answer to an event that was handed out, it is told.
    pub(crate) fn tell_of_answer(&self, id: &str) {
        let is_awaited = |state: &State| {
            let candidates = state.by_request_id.get(id).into_iter().flatten();
            candidates
                .into_iter()
                .any(|candidate| state.invocations[*candidate].awaits_answer_or_its_end())
        };
        if self.watch.get().is_some() && self.read(is_awaited) {
            self.tell(Moment::Answer);
        }
    }
}
