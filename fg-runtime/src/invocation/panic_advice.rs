//! Advice for the panics of tokio that a handler causes by blocking where that is not allowed.
//! Their messages do not mention handlers.

/// The advice for a panic with this message.
pub(crate) fn advice(message: &str) -> Option<&'static str> {
    const ADVICE: [(&str, &str); 4] = [
        (
            "can call blocking only when running on the multi-threaded runtime",
            "`block_in_place` needs several threads, and an instance with less than two cores has one: make the handler a `fn` with \
             `#[fg::handler(blocking)]`, or use `tokio::task::spawn_blocking`, or set `.threads(2)` of `fg::Function`",
        ),
        ("Cannot start a runtime from within a runtime", BLOCKING),
        ("Cannot drop a runtime in a context where blocking is not allowed", BLOCKING),
        ("Cannot block the current thread from within a runtime", BLOCKING),
    ];
    ADVICE.iter().find(|(panic, _)| message.starts_with(panic)).map(|(_, advice)| *advice)
}

const BLOCKING: &str = "an `async` handler cannot block: make it a `fn` with `#[fg::handler(blocking)]`, or block in `tokio::task::spawn_blocking`";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invocation::panics::{catch, install_hook};
    use tokio::runtime::{Builder, Handle};

    fn message_of(panics: impl FnOnce()) -> String {
        install_hook();
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let caught = runtime.block_on(async { catch(panics) });
        caught.expect_err("it panics").message().to_owned()
    }

    #[test]
    fn a_handler_that_blocks_in_async_code_gets_advice() {
        let told = [
            message_of(|| tokio::task::block_in_place(|| ())),
            message_of(|| drop(Builder::new_current_thread().build().expect("a runtime"))),
            message_of(|| Handle::current().block_on(async {})),
            message_of(|| drop(tokio::sync::oneshot::channel::<()>().1.blocking_recv())),
        ];
        for message in told {
            assert!(
                message.contains("panic_advice.rs") || message.contains("tokio-"),
                "the place: {message}"
            );
            assert!(message.contains("#[fg::handler(blocking)]"), "{message}");
        }
        assert_eq!(advice("no stock"), None);
    }
}
