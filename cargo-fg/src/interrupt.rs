//! Handles Ctrl-C, SIGTERM and SIGHUP: functions are stopped before the process exits. They run in
//! process groups of their own, so that they do not get the signals of the terminal.

use crate::failure::Failure;

/// Calls `stop` on a separate thread at the first of these signals.
pub(crate) fn on_interrupt(stop: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let mut stop = Some(stop);
    let handler = move || {
        if let Some(stop) = stop.take() {
            stop();
        }
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Failure::machine("the signal handler could not be installed", &error))
}
