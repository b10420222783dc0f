//! How a function comes to be: a handler is chosen, and then initialised.

use std::future::Future;

use fg_core::{Context, Failure, ReadyFunction};

/// What the runtime needs of a function before it can call it.
pub trait InitPhase: Send + Sized + 'static {
    /// The function after the init phase.
    type Ready: ReadyFunction;

    /// Whether a call may block its thread.
    const BLOCKING: bool = false;

    /// Chooses the handler that `RUNTIME_HANDLER` names, if there are several.
    ///
    /// # Errors
    ///
    /// None of them has this name.
    fn choose(&mut self, _handler: Option<&str>) -> Result<(), Failure> {
        Ok(())
    }

    /// Whether the events are HTTP requests; known once a handler has been chosen.
    fn takes_http(&self) -> bool {
        true
    }

    /// Initialises the function, once, before the first invocation.
    fn init(self, ctx: &Context) -> impl Future<Output = Result<Self::Ready, Failure>> + Send;
}
