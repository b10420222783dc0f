//! Tells the context from the state among the arguments of a handler with `init = ..`, by their
//! types.
//!
//! The macro sees how a type is spelled, and an application may have a `Context` of its own, or
//! another name for ours. So the code that it writes asks the type:
//! [`ArgumentKind::<T>::FG_IS_CONTEXT`](ArgumentKind) is the inherent constant where `T` is our
//! [`Context`], else that of [`NotContext`]. Being a constant it can stand in a type, [`Argument`],
//! and that has one implementation of [`LentArgument`] for each answer.

use std::fmt;
use std::marker::PhantomData;

use crate::context::Context;

/// The type of an argument, without its `&`, that is being asked what it is.
pub struct ArgumentKind<T: ?Sized>(PhantomData<fn(&T)>);

impl<T: ?Sized> fmt::Debug for ArgumentKind<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ArgumentKind")
    }
}

impl ArgumentKind<Context> {
    /// It is.
    pub const FG_IS_CONTEXT: bool = true;
}

/// The answer for every other type.
pub trait NotContext {
    /// It is not.
    const FG_IS_CONTEXT: bool = false;
}

impl<T: ?Sized> NotContext for ArgumentKind<T> {}

/// An argument `&T`. `Before` is the state by the arguments before it: `()` if there is none.
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

/// What is lent for an argument, and what the state of the handler is by this argument and those
/// before it.
pub trait LentArgument {
    /// What is behind the `&`.
    type Lent: ?Sized;
    /// The state.
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

/// What stands before the last argument of a handler with `init = ..`: the [`Context`], and nothing
/// else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` stands where only the context can: the state is the last argument",
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
    fn every_type_can_be_asked_whatever_its_name() {
        const { assert!(ArgumentKind::<Context>::FG_IS_CONTEXT) };
        const { assert!(ArgumentKind::<Renamed>::FG_IS_CONTEXT) };
        const { assert!(!ArgumentKind::<std::task::Context<'static>>::FG_IS_CONTEXT) };
        const { assert!(!ArgumentKind::<[u8]>::FG_IS_CONTEXT) };
    }

    #[test]
    fn the_state_is_what_is_not_the_context() {
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
