//! Distinguishes the context from the state among the arguments of a handler with `init = ..`, by
//! their types.
//!
//! The macro only sees how a type is spelled, and an application may have its own `Context`, or an
//! alias of ours. So the generated code decides by the type:
//! [`ArgumentKind::<T>::FG_IS_CONTEXT`](ArgumentKind) is the inherent constant if `T` is our
//! [`Context`], and that of [`NotContext`] otherwise. It is a const parameter of [`Argument`],
//! which implements [`LentArgument`] once for each value.

use std::fmt;
use std::marker::PhantomData;

use crate::context::Context;

/// Decides whether `T`, the referent of an argument, is the context.
pub struct ArgumentKind<T: ?Sized>(PhantomData<fn(&T)>);

impl<T: ?Sized> fmt::Debug for ArgumentKind<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ArgumentKind")
    }
}

impl ArgumentKind<Context> {
    /// `T` is the context.
    pub const FG_IS_CONTEXT: bool = true;
}

/// Implemented for every type: its constant is used unless there is an inherent one.
pub trait NotContext {
    /// `T` is not the context.
    const FG_IS_CONTEXT: bool = false;
}

impl<T: ?Sized> NotContext for ArgumentKind<T> {}

/// An argument `&T`. `Before` is the state found among the arguments before it, `()` if none.
pub struct Argument<T: ?Sized, const IS_CONTEXT: bool, Before: ?Sized>(
    PhantomData<fn(&T, &Before)>,
);

impl<T: ?Sized, const IS_CONTEXT: bool, Before: ?Sized> fmt::Debug
    for Argument<T, IS_CONTEXT, Before>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Argument")
    }
}

/// What an argument borrows, and the type of the state as far as this argument and those before it
/// tell.
pub trait LentArgument {
    /// The referent.
    type Lent: ?Sized;
    /// The type of the state.
    type State: ?Sized;

    /// The argument for this invocation.
    fn lend<'a>(ctx: &'a Context, state: &'a Self::State) -> &'a Self::Lent;
}

#[diagnostic::do_not_recommend]
impl<Before: ?Sized> LentArgument for Argument<Context, true, Before> {
    type Lent = Context;
    type State = Before;

    fn lend<'a>(ctx: &'a Context, _: &'a Before) -> &'a Context {
        ctx
    }
}

#[diagnostic::do_not_recommend]
impl<T: ?Sized, Before: ?Sized> LentArgument for Argument<T, false, Before> {
    type Lent = T;
    type State = T;

    fn lend<'a>(_: &'a Context, state: &'a T) -> &'a T {
        state
    }
}

/// What an argument before the last one borrows in a handler with `init = ..`: only the
/// [`Context`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot come before the last argument: only the context can, and the state is the last one",
    label = "neither the context nor the last argument",
    note = "the order is: the event, then `&fg::Context`, then the state that `init` makes; several states are one struct"
)]
pub trait BeforeState {
    /// The argument for this invocation.
    fn borrow(ctx: &Context) -> &Self;
}

#[diagnostic::do_not_recommend]
impl BeforeState for Context {
    fn borrow(ctx: &Context) -> &Self {
        ctx
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Renamed = Context;
    type Last<T, const IS_CONTEXT: bool, Before = ()> = Argument<T, IS_CONTEXT, Before>;

    #[test]
    fn the_context_is_recognised_by_its_type_and_not_by_its_name() {
        const { assert!(ArgumentKind::<Context>::FG_IS_CONTEXT) };
        const { assert!(ArgumentKind::<Renamed>::FG_IS_CONTEXT) };
        const { assert!(!ArgumentKind::<std::task::Context<'static>>::FG_IS_CONTEXT) };
        const { assert!(!ArgumentKind::<[u8]>::FG_IS_CONTEXT) };
    }

    #[test]
    fn the_state_is_the_argument_that_is_not_the_context() {
        let ctx = Context::default();
        assert_eq!(<Last<u8, false>>::lend(&ctx, &7), &7);
        assert_eq!(
            <Last<Renamed, { ArgumentKind::<Renamed>::FG_IS_CONTEXT }>>::lend(&ctx, &())
                .request_id(),
            "test-request"
        );
        let state: <Last<Context, true, <Last<u8, false> as LentArgument>::State> as LentArgument>::State = 7;
        assert_eq!(state, 7_u8);
    }
}
