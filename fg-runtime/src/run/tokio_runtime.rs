//! The tokio runtime that a function runs on.

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;

use fg_core::Environment;
use tokio::runtime::RuntimeFlavor;

use crate::invocation::{panics, watchdog};
use crate::log::runtime_log::say;

/// A function that runs. Boxed once, so that tokio's part is not compiled for each function.
pub(crate) type Running = Pin<Box<dyn Future<Output = ExitCode> + Send>>;

/// Runs the future to its end. With several threads it runs on those that wait for the network, so
/// that an event does not wake two threads after one another; a blocking handler has the main
/// thread to itself instead.
pub(crate) fn block_on(
    runtime: tokio::runtime::Runtime,
    mut running: Running,
    blocking: bool,
) -> ExitCode {
    if !blocking && runtime.handle().runtime_flavor() == RuntimeFlavor::MultiThread {
        let task = runtime.spawn(running);
        running = Box::pin(async {
            task.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
        });
    }
    let code = runtime.block_on(running);
    // Without waiting for threads that the handler has left behind: all that is owed has been
    // answered.
    runtime.shutdown_background();
    watchdog::let_go(code);
    code
}

/// One thread is the fastest where there is less than two cores; a blocking handler needs others
/// beside its own.
pub(crate) fn tokio_runtime(
    environment: &Environment,
    threads: Option<usize>,
    blocking: bool,
) -> Result<tokio::runtime::Runtime, ExitCode> {
    const TWO_CORES: u32 = 2000;
    let by_cpu =
        usize::try_from(environment.cpu_number().max(TWO_CORES / 2) / (TWO_CORES / 2)).unwrap_or(1);
    let threads = threads.unwrap_or(by_cpu).max(1);
    let mut builder = if threads == 1 && !blocking {
        tokio::runtime::Builder::new_current_thread()
    } else {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(threads);
        builder
    };
    let cannot = |error: &dyn std::fmt::Display| {
        say(format_args!("fg: the async runtime cannot be started: {error}"));
        ExitCode::FAILURE
    };
    // tokio panics where it cannot make its threads.
    panics::install_hook();
    match panics::catch_quietly(|| builder.enable_all().build()) {
        Ok(built) => built.map_err(|error| cannot(&error)),
        Err(failure) => {
            say(format_args!(
                "fg: running on one thread, since there are no others to be had: {}",
                failure.message()
            ));
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| cannot(&error))
        }
    }
}
