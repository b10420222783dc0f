//! Finds out on which port a function listens: on its own, or on the platform's.

use std::time::Duration;

use super::ports::{PLATFORM_PORT, connect};
use super::{HttpInstance, PortUse, State};
use crate::execution::platform_error::{Cause, PlatformError};
use crate::process::listener::{ListenerOwner, listener_owner};

/// How often a connection is tried, as in the open-source engine.
const PROBE_INTERVAL: Duration = Duration::from_millis(10);

impl HttpInstance {
    /// Waits until the function accepts connections, and returns the port. Kills a process that
    /// does not in time.
    pub(in crate::instances) fn wait_until_listening(&self) -> Result<u16, PlatformError> {
        let limit = self.function.settings().init_timeout;
        loop {
            if let Some(known) = self.state.read(|state| self.start_result(state)) {
                return known;
            }
            let left = limit.saturating_sub(self.started.elapsed());
            if left.is_zero() {
                self.give_up(limit);
            } else if let Some(port) = self.find_port() {
                self.state.update(|state| state.port = Some(port));
            } else {
                self.state
                    .wait(PROBE_INTERVAL.min(left), |state| self.start_result(state).map(drop));
            }
        }
    }

    /// Whether it listens; `None` while that is not known.
    fn start_result(&self, state: &State) -> Option<Result<u16, PlatformError>> {
        if state.stopped {
            Some(Err(PlatformError::new(Cause::Stopped)))
        } else if let Some(port) = state.port {
            Some(Ok(port))
        } else if let Some(error) = &state.start_error {
            Some(Err(error.clone()))
        } else if state.has_ended {
            Some(Err(self.exit_error()))
        } else {
            None
        }
    }

    fn exit_error(&self) -> PlatformError {
        match self.function.exit() {
            Some(exit) => {
                let cause = Cause::ExitedBeforeListening { exit, ports: self.tried };
                self.function.error_with_output(cause)
            }
            None => PlatformError::new(Cause::Stopped),
        }
    }

    /// Kills the process, which does not listen.
    fn give_up(&self, limit: Duration) {
        let cause =
            Cause::NeverListened { limit, busy: self.function.cpu_time(), ports: self.tried };
        // Before it is killed, so that this is what others see, and not the end of the process.
        let error = self.function.error_with_output(cause.clone());
        self.state.update(|state| {
            state.start_error.get_or_insert(error);
        });
        self.function.kill();
        // Now with all that it has written.
        let error = self.function.error_with_output(cause);
        self.state.update(|state| state.start_error = Some(error));
    }

    /// As [`wait_until_listening`](Self::wait_until_listening), and returns what this port means
    /// for other instances; `None` if it does not listen.
    pub(in crate::instances) fn port_use(&self) -> Option<PortUse> {
        let port = self.wait_until_listening().ok()?;
        Some(if port == self.own_port.number() { PortUse::Own } else { PortUse::Platform })
    }

    /// The port on which the function listens now.
    fn find_port(&self) -> Option<u16> {
        let platform = self.tried.default_was_free.then_some(PLATFORM_PORT);
        [Some(self.own_port.number()), platform]
            .into_iter()
            .flatten()
            .find(|port| connect(*port).is_ok() && self.is_listener(*port))
    }

    /// Whether it is the function that listens on this port, as far as the system says. Another
    /// program may have taken the port meanwhile, and must not get the requests.
    fn is_listener(&self, port: u16) -> bool {
        let Some(id) = self.function.id() else { return false };
        listener_owner(id, port) != ListenerOwner::Other
    }
}
