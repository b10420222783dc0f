//! A handler, or a tuple of handlers of which the runtime runs one.

use std::future::Future;

use crate::context::Context;
use crate::failure::Failure;
use crate::handler::Handler;
use crate::ready_function::{ReadyFunction, ReadyHandler};
use crate::response::ResponseBuffer;

/// The type parameter of `fg::run`: a handler, or a tuple of two to eight handlers.
///
/// A single handler runs whatever the value of `RUNTIME_HANDLER` is. A handler of a tuple is
/// selected if `RUNTIME_HANDLER` is its name, or has its name as a part between dots. (The
/// platform's API requires a dot in a handler string: `bootstrap.greet`.)
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a FunctionGraph handler",
    label = "not a handler, nor a tuple of two to eight of them",
    note = "put `#[fg::handler]` on the function and name the function here",
    note = "split more than eight handlers into two programs: a function of the platform runs one handler of one program"
)]
pub trait Handlers: 'static {
    /// The names of the handlers, in order.
    #[doc(hidden)]
    const NAMES: &'static [&'static str];

    /// Whether one of them blocks its thread.
    #[doc(hidden)]
    const BLOCKING: bool;

    /// The handler that was chosen, with its state.
    #[doc(hidden)]
    type Ready: ReadyFunction;

    /// Whether the handler of this index takes HTTP requests.
    #[doc(hidden)]
    fn takes_http(index: usize) -> bool;

    /// Runs the `init` of the handler of this index.
    #[doc(hidden)]
    fn init(
        index: usize,
        ctx: &Context,
    ) -> impl Future<Output = Result<Self::Ready, Failure>> + Send;
}

#[diagnostic::do_not_recommend]
impl<H: Handler> Handlers for H {
    const NAMES: &'static [&'static str] = &[H::NAME];
    const BLOCKING: bool = H::BLOCKING;
    type Ready = ReadyHandler<H>;

    fn takes_http(_: usize) -> bool {
        H::HTTP
    }

    fn init(_: usize, ctx: &Context) -> impl Future<Output = Result<Self::Ready, Failure>> + Send {
        ReadyHandler::init(ctx)
    }
}

/// Implements `Handlers` for tuples of one length, with an enum of the initialized handlers.
macro_rules! handlers_for_tuples {
    ($chosen:ident: $($handler:ident $index:literal),+) => {
        /// The handler that was chosen from a tuple.
        #[derive(Debug)]
        pub enum $chosen<$($handler: Handler),+> {
            $(
                #[doc = concat!("The handler at index ", $index, ".")]
                $handler(ReadyHandler<$handler>),
            )+
        }

        impl<$($handler: Handler),+> ReadyFunction for $chosen<$($handler),+> {
            async fn call(&self, payload: &[u8], ctx: &Context, output: &mut ResponseBuffer) -> Result<(), Failure> {
                match self {
                    $(Self::$handler(ready) => ready.call(payload, ctx, output).await,)+
                }
            }

            async fn pre_stop(&self) {
                match self {
                    $(Self::$handler(ready) => ready.pre_stop().await,)+
                }
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($handler: Handler),+> Handlers for ($($handler,)+) {
            const NAMES: &'static [&'static str] = {
                let names: &'static [&'static str] = &[$($handler::NAME),+];
                assert!(all_differ(names), "two handlers have the same name; give one of them another: #[fg::handler(name = \"..\")]");
                names
            };
            const BLOCKING: bool = $($handler::BLOCKING)||+;
            type Ready = $chosen<$($handler),+>;

            fn takes_http(index: usize) -> bool {
                [$($handler::HTTP),+][index]
            }

            async fn init(index: usize, ctx: &Context) -> Result<Self::Ready, Failure> {
                match index {
                    $($index => ReadyHandler::init(ctx).await.map($chosen::$handler),)+
                    _ => unreachable!("the index is that of a name"),
                }
            }
        }
    };
}

handlers_for_tuples!(OneOf2: A 0, B 1);
handlers_for_tuples!(OneOf3: A 0, B 1, C 2);
handlers_for_tuples!(OneOf4: A 0, B 1, C 2, D 3);
handlers_for_tuples!(OneOf5: A 0, B 1, C 2, D 3, E 4);
handlers_for_tuples!(OneOf6: A 0, B 1, C 2, D 3, E 4, F 5);
handlers_for_tuples!(OneOf7: A 0, B 1, C 2, D 3, E 4, F 5, G 6);
handlers_for_tuples!(OneOf8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// Whether all names differ.
const fn all_differ(names: &[&str]) -> bool {
    let mut one = 0;
    while one < names.len() {
        let mut other = one + 1;
        while other < names.len() {
            if is_same(names[one].as_bytes(), names[other].as_bytes()) {
                return false;
            }
            other += 1;
        }
        one += 1;
    }
    true
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_found() {
        assert!(all_differ(&["a", "b", "ab"]));
        assert!(!all_differ(&["a", "b", "a"]));
    }
}
