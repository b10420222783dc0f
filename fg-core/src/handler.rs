//! The contract between the code that `#[fg::handler]` generates and the runtime that calls it.

use std::future::{self, Future, Ready};

use crate::context::Context;
use crate::error_details::ErrorDetails;
use crate::failure::Failure;
use crate::response::ResponseBuffer;

/// A function that the runtime can run. `#[fg::handler]` implements it for a hidden type with the
/// name of the function.
///
/// ```text
/// init  ->  call  ->  call  ->  ..  ->  pre_stop
/// ```
///
/// [`call`](Handler::call) is the raw entry point: payload bytes in, response bytes out, as in the
/// platform's own runtimes (Go: `func Handler(payload []byte, ctx context.RuntimeContext)
/// (interface{}, error)`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a FunctionGraph handler",
    label = "not a handler",
    note = "put `#[fg::handler]` on the function and name the function here",
    note = "several handlers, as a tuple, are for `fg::run` and `fg::Function::of`"
)]
pub trait Handler: 'static {
    /// The name by which `RUNTIME_HANDLER` selects the handler.
    const NAME: &'static str;

    /// Whether the handler is a `fn` that may block its thread.
    const BLOCKING: bool = false;

    /// Whether the event is an HTTP request ([`HttpEvent`](crate::HttpEvent)).
    const HTTP: bool = false;

    /// The state that `init` creates once and every call borrows.
    type State: Send + Sync + 'static;

    /// Creates the state, once, before the first invocation. The context has no request id.
    fn init(ctx: &Context) -> impl Future<Output = Result<Self::State, Failure>> + Send;

    /// Runs one invocation and writes its response.
    fn call<'a>(
        payload: &'a [u8],
        ctx: &'a Context,
        state: &'a Self::State,
        response: &'a mut ResponseBuffer,
    ) -> impl Future<Output = Result<(), Failure>> + Send + 'a;

    /// Runs once, after the last invocation, before the process ends.
    fn pre_stop(_state: &Self::State) -> impl Future<Output = ()> + Send {
        future::ready(())
    }
}

/// The return type of a handler: a `Result` or an alias of it.
#[diagnostic::on_unimplemented(
    message = "a FunctionGraph handler must return `Result<T, E>`, not `{Self}`",
    label = "expected a `Result`",
    note = "write `-> Result<{Self}, fg::Error>` and end the function with `Ok(..)`"
)]
pub trait HandlerResult<T, E> {
    /// Converts it to a `Result`.
    ///
    /// # Errors
    ///
    /// The error that the handler returned.
    fn into_result(self) -> Result<T, E>;
}

#[diagnostic::do_not_recommend]
impl<T, E> HandlerResult<T, E> for Result<T, E> {
    fn into_result(self) -> Result<T, E> {
        self
    }
}

/// An argument of a handler after the event: `&Context`.
///
/// The state, `&S`, comes after it if the attribute has `init = ..`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a FunctionGraph handler",
    label = "not an argument the runtime can supply",
    note = "after the event a handler may take `&fg::Context`, and its state, `&S`, if the attribute has `init = ..`",
    note = "take `&fg::Context`, and clone what you need out of it"
)]
pub trait FromInvocation<'a>: Sized {
    /// The argument for this invocation.
    fn from_invocation(ctx: &'a Context) -> Self;
}

#[diagnostic::do_not_recommend]
impl<'a> FromInvocation<'a> for &'a Context {
    fn from_invocation(ctx: &'a Context) -> Self {
        ctx
    }
}

/// A type that a handler can borrow after the event, besides its state. Only the [`Context`] is
/// one.
#[diagnostic::on_unimplemented(
    message = "nothing creates the state `{Self}`",
    label = "neither the context nor what `init` makes",
    note = "add `init = path::to::function` to the attribute; the state is the last argument"
)]
pub trait Supplied {
    /// The argument for this invocation.
    fn borrow(ctx: &Context) -> &Self;
}

#[diagnostic::do_not_recommend]
impl Supplied for Context {
    fn borrow(ctx: &Context) -> &Self {
        ctx
    }
}

/// The function named by `init = ..`: `async fn() -> Result<S, E>` or `async fn(&Context) ->
/// Result<S, E>`.
///
/// `Arguments` distinguishes the two: `()` or `(&Context,)`.
#[diagnostic::on_unimplemented(
    message = "`init` takes an `async fn` without arguments, or with `&fg::Context` alone",
    label = "cannot be called to make the state"
)]
pub trait InitFunction<'a, Arguments, F> {
    /// Calls the function.
    fn start(self, ctx: &'a Context) -> F;
}

#[diagnostic::do_not_recommend]
impl<'a, I: FnOnce() -> F, F: Future> InitFunction<'a, (), F> for I {
    fn start(self, _: &'a Context) -> F {
        self()
    }
}

#[diagnostic::do_not_recommend]
impl<'a, I: FnOnce(&'a Context) -> F, F: Future> InitFunction<'a, (&'a Context,), F> for I {
    fn start(self, ctx: &'a Context) -> F {
        self(ctx)
    }
}

/// The return type of an `init` function: a `Result` with the state of the handler.
#[diagnostic::on_unimplemented(
    message = "`init` must return `Result<{S}, E>`, because `{S}` is the state of the handler",
    label = "does not make a `{S}`",
    note = "the state is what the last argument of the handler borrows; a handler without such an argument has the state `()`"
)]
pub trait InitState<S, E> {
    /// Converts it to a `Result`.
    ///
    /// # Errors
    ///
    /// The error that the `init` function returned.
    fn into_state(self) -> Result<S, E>;
}

#[diagnostic::do_not_recommend]
impl<S, E> InitState<S, E> for Result<S, E> {
    fn into_state(self) -> Result<S, E> {
        self
    }
}

/// The function named by `pre_stop = ..`: `async fn()` or `async fn(&S)`.
///
/// `Arguments` distinguishes the two: `()` or `(&S,)`.
#[diagnostic::on_unimplemented(
    message = "`pre_stop` takes an `async fn` without arguments, or with the state, `&{S}`, alone, that returns nothing",
    label = "cannot be called before the function stops"
)]
pub trait PreStopFunction<'a, S, Arguments, F> {
    /// Calls the function.
    fn start(self, state: &'a S) -> F;
}

#[diagnostic::do_not_recommend]
impl<'a, S, P: FnOnce() -> F, F: Future<Output = ()>> PreStopFunction<'a, S, (), F> for P {
    fn start(self, _: &'a S) -> F {
        self()
    }
}

#[diagnostic::do_not_recommend]
impl<'a, S, P: FnOnce(&'a S) -> F, F: Future<Output = ()>> PreStopFunction<'a, S, (&'a S,), F>
    for P
{
    fn start(self, state: &'a S) -> F {
        self(state)
    }
}

/// Converts the handler's return value to the response or the failure.
///
/// The conversions are passed as paths, so that the compiler can underline the user's own types if
/// one of them does not apply. They are `fn` pointers, because the compiler would check a path that
/// is passed as `impl FnOnce` twice, and report each mistake twice.
#[doc(hidden)]
pub fn respond<R, T, E>(
    returned: R,
    response: &mut ResponseBuffer,
    into_result: fn(R) -> Result<T, E>,
    write_payload: fn(T, &mut ResponseBuffer) -> Result<(), Failure>,
    into_failure: fn(E) -> Failure,
    details_of: impl FnOnce(&E) -> ErrorDetails,
) -> Result<(), Failure> {
    match into_result(returned) {
        Ok(value) => write_payload(value, response),
        Err(error) => Err(details_of(&error).complete(into_failure(error))),
    }
}

/// The init phase of a handler without `init = ..`: it makes the state `()`.
///
/// One type for all of those handlers, where an `async` block in each would be one more coroutine
/// to check for each.
#[doc(hidden)]
pub fn no_init() -> Ready<Result<(), Failure>> {
    future::ready(Ok(()))
}

/// Converts the return value of the `init` function to the state or the failure.
#[doc(hidden)]
pub fn initialised<R, S, E>(
    returned: R,
    into_state: fn(R) -> Result<S, E>,
    into_failure: fn(E) -> Failure,
    details_of: impl FnOnce(&E) -> ErrorDetails,
) -> Result<S, Failure> {
    into_state(returned).map_err(|error| details_of(&error).complete(into_failure(error)))
}
