//! The tokio runtime that a function runs on.

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;

use fg_core::Environment;
use tokio::runtime::RuntimeFlavor;

use crate::invocation::{panics, watchdog};
use crate::log::runtime_log::report;

/// The future of a running function. Boxed, so that tokio's code is not compiled for each function.
pub(crate) type Running = Pin<Box<dyn Future<Output = ExitCode> + Send>>;

/// Runs the future to completion. On a multi-threaded runtime it is spawned on the workers, which
/// also poll the sockets, so that an event does not wake two threads one after the other. A
/// blocking handler runs on the main thread instead.
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
    // Does not wait for threads that the handler has left behind: every invocation has been
    // answered.
    runtime.shutdown_background();
    watchdog::release_at_exit(code);
    code
}

/// Builds the runtime. One thread is the fastest with fewer than two cores. A blocking handler
/// needs worker threads besides its own.
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
        report(format_args!("fg: the async runtime cannot be started: {error}"));
        ExitCode::FAILURE
    };
    // tokio panics if it cannot start its threads.
    panics::install_hook();
    match panics::catch_quietly(|| builder.enable_all().build()) {
        Ok(built) => built.map_err(|error| cannot(&error)),
        Err(failure) => {
            report(format_args!(
                "fg: running on one thread, since no others can be started: {}",
                failure.message()
            ));
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| cannot(&error))
        }
    }
}
