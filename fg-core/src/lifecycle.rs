//! What a runtime does with a [`Context`]: functions, so that a handler, which has only methods,
//! cannot call them.

use crate::after::AfterWork;
use crate::context::Context;

/// Takes the work registered by [`Context::before_stop`], in the order in which it is to run.
///
/// To be taken from the context that `init` was given, or from a clone of it, before that context
/// begins an invocation: `begin` and `rest` drop what has not been taken.
#[must_use]
pub fn take_before_stop(ctx: &Context) -> Vec<AfterWork> {
    ctx.take_before_stop()
}
