//! The logger of the invocation that runs on this thread, for log lines that are written without a
//! [`Context`](fg_core::Context).
//!
//! Without the features `log` and `tracing` nothing is stored.

use fg_core::Logger;

#[cfg(any(feature = "log", feature = "tracing"))]
thread_local! {
    static CURRENT: std::cell::RefCell<Option<Logger>> = const { std::cell::RefCell::new(None) };
}

/// Runs `run` with `logger` as the current logger of this thread.
#[cfg(any(feature = "log", feature = "tracing"))]
pub(crate) fn with_logger<R>(logger: &Logger, run: impl FnOnce() -> R) -> R {
    /// Restores the previous logger, also on a panic.
    struct Restore(Option<Logger>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let _restore = Restore(CURRENT.replace(Some(logger.clone())));
    run()
}

/// Runs `run`. Without the features nothing reads the current logger.
#[cfg(not(any(feature = "log", feature = "tracing")))]
pub(crate) fn with_logger<R>(_: &Logger, run: impl FnOnce() -> R) -> R {
    run()
}

/// The logger of the invocation that runs on this thread.
#[cfg(any(feature = "log", feature = "tracing"))]
pub(crate) fn logger() -> Option<Logger> {
    CURRENT.with_borrow(Clone::clone)
}
