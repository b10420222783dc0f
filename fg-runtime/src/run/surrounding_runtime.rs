//! Checks for the tokio runtime of the caller: `fg::run` cannot start its own within one,
//! `run_async` needs one, and a handler must not block a single-threaded one.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::{consume_budget, spawn_blocking};

use crate::log::runtime_log::report;
use crate::run::tokio_runtime::{Running, block_on};

/// Checks that a runtime can be started here, where tokio would panic. `instead` is the call to
/// await in the existing runtime.
pub(crate) fn check_no_runtime(instead: &str) -> Result<(), ExitCode> {
    if Handle::try_current().is_err() || !is_polled_by_tokio() {
        return Ok(());
    }
    report(format_args!(
        "fg: `run` starts a tokio runtime of its own, and this `main` already runs in one, such as that of `#[tokio::main]`. Write `fn main()`, \
         without `async` and without `#[tokio::main]`; or `{instead}.await` instead of `run`, to stay in the runtime that is there"
    ));
    Err(ExitCode::from(2))
}

/// Checks that the caller has a runtime, since tokio would panic without one.
pub(crate) fn check_runtime() -> Result<(), ExitCode> {
    if Handle::try_current().is_ok() {
        return Ok(());
    }
    report(
        "fg: `run_async` runs on the tokio runtime of its caller, and there is none: put `#[tokio::main]` on `main`; or call `run`, which starts one",
    );
    Err(ExitCode::from(2))
}

/// Whether the caller is polled by tokio, so that no runtime can be started.
///
/// A current runtime is not enough to know: there is one in `spawn_blocking` and after
/// `Handle::enter` as well. But only a future that tokio polls has a cooperative budget that can be
/// used up.
fn is_polled_by_tokio() -> bool {
    /// Tokio's budget is 128.
    const MORE_THAN_ANY_BUDGET: usize = 1024;
    let mut task = Context::from_waker(Waker::noop());
    (0..MORE_THAN_ANY_BUDGET).any(|_| pin!(consume_budget()).poll(&mut task).is_pending())
}

/// Whether the current runtime is single-threaded, so that a blocking handler would block the tasks
/// it waits for.
pub(crate) fn is_single_threaded() -> bool {
    Handle::try_current()
        .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::CurrentThread)
}

/// Runs the function on an additional runtime, while the current one continues.
pub(crate) async fn run_beside(runtime: tokio::runtime::Runtime, running: Running) -> ExitCode {
    spawn_blocking(move || block_on(runtime, running, true))
        .await
        .unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

/// Polls a future on a thread where blocking is allowed. Timers, sockets and `tokio::spawn` use the
/// current runtime.
pub(crate) async fn run_where_blocking_is_allowed<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> T {
    spawn_blocking(move || poll_until_ready(future))
        .await
        .unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

/// Like `Handle::block_on`, but without entering the runtime's context, in which blocking panics.
fn poll_until_ready<T>(future: impl Future<Output = T>) -> T {
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
    fn a_runtime_can_be_started_unless_tokio_polls_the_caller() {
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
    fn a_future_that_blocks_can_start_a_runtime_and_use_the_current_one() {
        let blocks = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Handle::current().block_on(tokio::time::sleep(Duration::from_millis(1)));
            runtime().block_on(async { 7 })
        };
        assert_eq!(runtime().block_on(run_where_blocking_is_allowed(blocks)), 7);
    }
}
