//! Which invocation the code that is running now belongs to, for log lines that come without a
//! [`Context`](fg_core::Context).
//!
//! Without the features `log` and `tracing` it is never asked for, and nothing is kept.

use fg_core::Logger;

#[cfg(any(feature = "log", feature = "tracing"))]
thread_local! {
    static CURRENT: std::cell::RefCell<Option<Logger>> = const { std::cell::RefCell::new(None) };
}

/// Runs this with the logger of an invocation as the current one of this thread.
#[cfg(any(feature = "log", feature = "tracing"))]
pub(crate) fn with_logger<R>(logger: &Logger, run: impl FnOnce() -> R) -> R {
    /// Puts back what was there before, also on a panic.
    struct Restore(Option<Logger>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let _restore = Restore(CURRENT.replace(Some(logger.clone())));
    run()
}

/// Runs this; the logger is never asked for.
#[cfg(not(any(feature = "log", feature = "tracing")))]
pub(crate) fn with_logger<R>(_: &Logger, run: impl FnOnce() -> R) -> R {
    run()
}

/// The logger of the invocation that runs on this thread now.
#[cfg(any(feature = "log", feature = "tracing"))]
pub(crate) fn logger() -> Option<Logger> {
    CURRENT.with_borrow(Clone::clone)
}
