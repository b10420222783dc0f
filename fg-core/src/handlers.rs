//! One handler, or several of which the runtime runs one.

use std::future::Future;

use crate::handler::Handler;

/// What `fg::run` takes: a handler, or a tuple of two to eight of them.
///
/// A single handler runs whatever `RUNTIME_HANDLER` says. Of several, the one runs whose name
/// `RUNTIME_HANDLER` is, or has as one of its parts between dots (the platform's API wants a dot in
/// a handler string: `bootstrap.greet`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a FunctionGraph handler",
    label = "not a handler, nor a tuple of two to eight of them",
    note = "put `#[fg::handler]` on the function and name the function here",
    note = "of more than eight handlers make two programs: a function of the platform runs one handler of one program"
)]
pub trait Handlers: 'static {
    /// The names of the handlers, in order.
    #[doc(hidden)]
    const NAMES: &'static [&'static str];

    /// Whether one of them blocks its thread.
    #[doc(hidden)]
    const BLOCKING: bool;

    /// Hands the handler of this index to the runner.
    #[doc(hidden)]
    fn run_with<R: HandlerRunner>(
        index: usize,
        runner: R,
    ) -> impl Future<Output = R::Output> + Send;
}

/// What a runtime does with the handler that was chosen; without `dyn`, since each call is compiled
/// for its handler.
#[doc(hidden)]
pub trait HandlerRunner: Send {
    /// How it ended.
    type Output: Send;

    /// Runs the handler.
    fn run<H: Handler>(self) -> impl Future<Output = Self::Output> + Send;
}

#[diagnostic::do_not_recommend]
impl<H: Handler> Handlers for H {
    const NAMES: &'static [&'static str] = &[H::NAME];
    const BLOCKING: bool = H::BLOCKING;

    fn run_with<R: HandlerRunner>(_: usize, runner: R) -> impl Future<Output = R::Output> + Send {
        runner.run::<H>()
    }
}

macro_rules! handlers_for_tuples {
    ($($handler:ident $index:literal),+) => {
        #[diagnostic::do_not_recommend]
        impl<$($handler: Handler),+> Handlers for ($($handler,)+) {
            const NAMES: &'static [&'static str] = {
                let names: &'static [&'static str] = &[$($handler::NAME),+];
                assert!(all_differ(names), "two handlers have the same name; give one of them another: #[fg::handler(name = \"..\")]");
                names
            };
            const BLOCKING: bool = $($handler::BLOCKING)||+;

            async fn run_with<R: HandlerRunner>(index: usize, runner: R) -> R::Output {
                match index {
                    $($index => runner.run::<$handler>().await,)+
                    _ => unreachable!("the index is that of a name"),
                }
            }
        }
    };
}

handlers_for_tuples!(A 0, B 1);
handlers_for_tuples!(A 0, B 1, C 2);
handlers_for_tuples!(A 0, B 1, C 2, D 3);
handlers_for_tuples!(A 0, B 1, C 2, D 3, E 4);
handlers_for_tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
handlers_for_tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
handlers_for_tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// Whether no name is there twice.
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
