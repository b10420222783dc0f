//! Notices that the async runtime no longer runs anything: handlers block all of its threads.
//!
//! Their threads cannot be taken back, and nobody is served any more, the probes of the engine included. So the process ends, with a one-line
//! reason, and the engine starts another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::stderr::say;

/// Starts the thread that watches: a task that does not even begin within the timeout of an invocation, and not within a second, never will.
pub(crate) fn watch(timeout: Duration) {
    let patience = timeout.max(Duration::from_secs(1));
    let runtime = Handle::current();
    let watch = move || {
        loop {
            let ran = Arc::new(AtomicBool::new(false));
            let mark = Arc::clone(&ran);
            let task = runtime.spawn(async move { mark.store(true, Ordering::Relaxed) });
            std::thread::sleep(patience);
            if !ran.load(Ordering::Relaxed) && !task.is_finished() {
                say(format_args!(
                    "fg: ending the process: handlers have blocked all threads for {patience:?}; use `.await`, or more threads"
                ));
                std::process::exit(1);
            }
        }
    };
    if let Err(error) = std::thread::Builder::new().name("fg-stall".to_owned()).spawn(watch) {
        say(format_args!("fg: handlers that block all threads will not be noticed: {error}"));
    }
}
