//! A function after its init phase, which invocations call.

use std::fmt;
use std::future::Future;

use crate::context::Context;
use crate::failure::Failure;
use crate::handler::Handler;
use crate::response::ResponseBuffer;

/// A function that has been initialized: a handler with its state, a service, or either with layers
/// around it.
pub trait ReadyFunction: Send + Sync + 'static {
    /// Runs one invocation and writes its response.
    fn call<'a>(
        &'a self,
        payload: &'a [u8],
        ctx: &'a Context,
        output: &'a mut ResponseBuffer,
    ) -> impl Future<Output = Result<(), Failure>> + Send + 'a;

    /// Runs once, after the last invocation, before the process ends.
    fn pre_stop(&self) -> impl Future<Output = ()> + Send;
}

/// A handler with the state that its `init` returned.
pub struct ReadyHandler<H: Handler>(H::State);

impl<H: Handler> ReadyHandler<H> {
    /// Runs the handler's `init`.
    pub(crate) async fn init(ctx: &Context) -> Result<Self, Failure> {
        H::init(ctx).await.map(Self)
    }
}

impl<H: Handler> ReadyFunction for ReadyHandler<H> {
    fn call<'a>(
        &'a self,
        payload: &'a [u8],
        ctx: &'a Context,
        output: &'a mut ResponseBuffer,
    ) -> impl Future<Output = Result<(), Failure>> + Send + 'a {
        H::call(payload, ctx, &self.0, output)
    }

    fn pre_stop(&self) -> impl Future<Output = ()> + Send {
        H::pre_stop(&self.0)
    }
}

impl<H: Handler> fmt::Debug for ReadyHandler<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReadyHandler({})", H::NAME)
    }
}
