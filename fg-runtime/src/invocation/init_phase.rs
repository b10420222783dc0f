//! The init phase of a function: a handler is chosen and initialized.

use std::future::Future;

use fg_core::{Context, Failure, ReadyFunction};

/// A function before its init phase.
pub trait InitPhase: Send + Sized + 'static {
    /// The function after the init phase.
    type Ready: ReadyFunction;

    /// Whether a call may block its thread.
    const BLOCKING: bool = false;

    /// Chooses the handler that `RUNTIME_HANDLER` names, if there are several.
    ///
    /// # Errors
    ///
    /// `RUNTIME_HANDLER` names no handler of the function.
    fn choose(&mut self, _handler: Option<&str>) -> Result<(), Failure> {
        Ok(())
    }

    /// Whether the events are HTTP requests. Known once a handler has been chosen.
    fn takes_http(&self) -> bool {
        true
    }

    /// Initializes the function, once, before the first invocation.
    fn init(self, ctx: &Context) -> impl Future<Output = Result<Self::Ready, Failure>> + Send;
}
