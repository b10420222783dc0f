//! Ctrl-C, SIGTERM and a closed terminal: what has been started is ended first. The functions have
//! process groups of their own, so that the terminal does not reach them.

use crate::failure::Failure;

/// Calls this on a thread of its own at the first such signal, once.
pub(crate) fn on_interrupt(end: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let mut end = Some(end);
    let handler = move || {
        if let Some(end) = end.take() {
            end();
        }
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Failure::machine("signals cannot be waited for", &error))
}
