//! A function that is called before a request of the function is answered, while the function
//! waits.

use super::{Shared, State};

/// A request of the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FunctionRequest {
    Poll,
    /// The function does not know yet that its answer has arrived.
    Answer,
}

impl Shared {
    /// Sets the hook. Only the first call has an effect.
    pub(crate) fn on_request(&self, hook: impl Fn(FunctionRequest) + Send + Sync + 'static) {
        let _ = self.request_hook.set(Box::new(hook));
    }

    pub(super) fn run_request_hook(&self, request: FunctionRequest) {
        if let Some(hook) = self.request_hook.get() {
            hook(request);
        }
    }

    /// Runs the hook if an invocation with this request id waits for its answer.
    pub(in crate::runtime_api) fn run_answer_hook(&self, id: &str) {
        let is_awaited = |state: &State| {
            state
                .with_request_id(id)
                .any(|invocation| state.invocations[invocation].awaits_end_of_answer())
        };
        if self.request_hook.get().is_some() && self.read(is_awaited) {
            self.run_request_hook(FunctionRequest::Answer);
        }
    }
}
