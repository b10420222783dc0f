//! The tokio runtime that is already there when the user calls: one in which `fg::run` cannot start
//! its own, none where there has to be one, or one on a single thread, where no handler may block.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::{consume_budget, spawn_blocking};

use crate::log::runtime_log::say;
use crate::run::tokio_runtime::{Running, block_on};

/// Checks that a runtime can be started here; tokio would panic. `instead` is what to await in the
/// runtime that is there.
pub(crate) fn check_there_is_none(instead: &str) -> Result<(), ExitCode> {
    if Handle::try_current().is_err() || !is_polled_by_tokio() {
        return Ok(());
    }
    say(format_args!(
        "fg: `run` starts a tokio runtime of its own, and this `main` already runs in one, such as that of `#[tokio::main]`. Write `fn main()`, \
         without `async` and without `#[tokio::main]`; or `{instead}.await` instead of `run`, to stay in the runtime that is there"
    ));
    Err(ExitCode::from(2))
}

/// Checks that there is a runtime, for what runs on that of the caller; tokio would panic.
pub(crate) fn check_there_is_one() -> Result<(), ExitCode> {
    if Handle::try_current().is_ok() {
        return Ok(());
    }
    say(
        "fg: `run_async` runs on the tokio runtime of its caller, and there is none: put `#[tokio::main]` on `main`; or call `run`, which starts one",
    );
    Err(ExitCode::from(2))
}

/// Whether the caller is being polled by tokio, where no runtime can be started.
///
/// There may be a current runtime without that: in `spawn_blocking`, or by `Handle::enter`. Tokio
/// counts what a future that it polls does, so there, and only there, the count comes to an end.
fn is_polled_by_tokio() -> bool {
    /// Tokio's is 128.
    const MORE_THAN_ANY_BUDGET: usize = 1024;
    let mut task = Context::from_waker(Waker::noop());
    (0..MORE_THAN_ANY_BUDGET).any(|_| pin!(consume_budget()).poll(&mut task).is_pending())
}

/// Whether the runtime that is there has one thread only: a handler that blocked it would hold up
/// what it waits for.
pub(crate) fn is_on_one_thread() -> bool {
    Handle::try_current()
        .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::CurrentThread)
}

/// Runs on a runtime of its own, beside the one that is there, which goes on meanwhile.
pub(crate) async fn beside(runtime: tokio::runtime::Runtime, running: Running) -> ExitCode {
    spawn_blocking(move || block_on(runtime, running, true))
        .await
        .unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

/// Polls a future on a thread where blocking is allowed. Timers, sockets and `tokio::spawn` are
/// those of the runtime that is there.
pub(crate) async fn where_blocking_is_allowed<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> T {
    spawn_blocking(move || poll_to_the_end(future))
        .await
        .unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

/// What `Handle::block_on` does, but for entering the runtime, in which nothing may block.
fn poll_to_the_end<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let (mut future, mut task) = (pin!(future), Context::from_waker(&waker));
    loop {
        match future.as_mut().poll(&mut task) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::runtime::Builder;

    fn runtime() -> tokio::runtime::Runtime {
        Builder::new_current_thread().enable_all().build().expect("a runtime")
    }

    #[test]
    fn a_runtime_can_be_started_wherever_tokio_does_not_poll() {
        assert!(!is_polled_by_tokio());
        let (one, several) =
            (runtime(), Builder::new_multi_thread().worker_threads(1).build().expect("a runtime"));
        let _guard = one.enter();
        assert!(!is_polled_by_tokio(), "a runtime is only entered");
        for runtime in [&one, &several] {
            assert!(runtime.block_on(async { is_polled_by_tokio() }));
            assert!(runtime.block_on(async {
                tokio::spawn(async { is_polled_by_tokio() }).await.expect("no panic")
            }));
            assert!(
                !runtime.block_on(async {
                    spawn_blocking(is_polled_by_tokio).await.expect("no panic")
                })
            );
        }
        assert!(!several.block_on(async { tokio::task::block_in_place(is_polled_by_tokio) }));
    }

    #[test]
    fn a_future_that_blocks_may_start_a_runtime_and_use_the_one_that_is_there() {
        let blocks = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Handle::current().block_on(tokio::time::sleep(Duration::from_millis(1)));
            runtime().block_on(async { 7 })
        };
        assert_eq!(runtime().block_on(where_blocking_is_allowed(blocks)), 7);
    }
}
