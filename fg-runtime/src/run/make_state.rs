//! Where the state of a handler comes from: its `init`, or the caller.

use std::future::Future;

use fg_core::{Context, Failure, Handler};

/// Makes the state of a handler, once.
pub(crate) trait MakeState<H: Handler>: Send + 'static {
    /// Makes it.
    fn make(self, ctx: &Context) -> impl Future<Output = Result<H::State, Failure>> + Send;
}

/// The handler's own `init`.
#[derive(Debug)]
pub(crate) struct ByInit;

impl<H: Handler> MakeState<H> for ByInit {
    fn make(self, ctx: &Context) -> impl Future<Output = Result<H::State, Failure>> + Send {
        H::init(ctx)
    }
}

/// It is there already.
#[cfg(feature = "http")]
#[derive(Debug)]
pub(crate) struct Made<S>(pub(crate) S);

#[cfg(feature = "http")]
impl<H: Handler> MakeState<H> for Made<H::State>
where
    H::State: Send,
{
    async fn make(self, _: &Context) -> Result<H::State, Failure> {
        Ok(self.0)
    }
}
