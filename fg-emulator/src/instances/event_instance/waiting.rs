//! Waits for what an instance does next: it polls, takes the event, answers, or ends.

use std::time::{Duration, Instant};

use super::EventInstance;
use crate::execution::platform_error::{Cause, PlatformError};
use crate::process::Group;
use crate::runtime_api::answer::Answer;
use crate::runtime_api::invocation::RelayState;
use crate::runtime_api::pending::Pending;
use crate::runtime_api::state::State;

/// Why a wait has ended.
#[derive(Clone, Copy)]
pub(super) enum Waited {
    /// The function did what was waited for.
    Done,
    ProcessEnded,
    Stopped,
}

/// How a request ended.
pub(super) enum RequestEnd {
    Answered(Answer),
    /// With the size of the answer.
    TooLarge(usize),
    /// The answer was chunked.
    Relayed(RelayState),
    /// The function has closed its connection and polls again.
    Abandoned,
    ProcessEnded,
    Stopped,
}

impl EventInstance {
    /// Waits until the function polls. Its output so far belongs to no request, or to the last one.
    pub(in crate::instances) fn wait_for_poll(&self) -> Result<(), PlatformError> {
        let limit = self.poll_limit();
        self.require_done(self.wait_until_it_polls(limit), limit)
    }

    pub(super) fn wait_until_it_polls(&self, limit: Duration) -> Option<Waited> {
        self.api.shared().wait(limit, |state| {
            if state.function_ended() {
                Some(Waited::ProcessEnded)
            } else if state.has_waiting_poll() {
                Some(Waited::Done)
            } else {
                state.is_stopped().then_some(Waited::Stopped)
            }
        })
    }

    /// Waits until a poll takes the event, and returns when it did.
    pub(super) fn wait_for_hand_out(&self, pending: &Pending) -> Result<Instant, PlatformError> {
        let limit = self.poll_limit();
        let mut handed_out = None;
        let waited = self.api.shared().wait(limit, |state| {
            handed_out = state.times(pending.number()).handed_out;
            if handed_out.is_some() {
                Some(Waited::Done)
            } else if state.function_ended() {
                Some(Waited::ProcessEnded)
            } else {
                state.is_stopped().then_some(Waited::Stopped)
            }
        });
        self.require_done(waited, limit)?;
        handed_out.ok_or_else(|| PlatformError::new(Cause::Stopped))
    }

    /// A process that is started elsewhere may poll at any time.
    fn poll_limit(&self) -> Duration {
        if self.function.is_started_here() {
            self.function.settings().init_timeout
        } else {
            Duration::MAX
        }
    }

    /// Kills a process that has not polled in time.
    fn require_done(&self, waited: Option<Waited>, limit: Duration) -> Result<(), PlatformError> {
        match waited {
            Some(Waited::Done) => Ok(()),
            Some(Waited::Stopped) => Err(PlatformError::new(Cause::Stopped)),
            Some(Waited::ProcessEnded) => match self.function.exit() {
                Some(exit) => Err(self.error_with_output(Cause::ExitedBeforeEvent { exit })),
                None => Err(PlatformError::new(Cause::Stopped)),
            },
            None => {
                let busy = self.function.cpu_time();
                let has_connected = self.api.connections() > 0;
                self.function.kill();
                Err(self.error_with_output(if has_connected {
                    Cause::NeverPolled { limit, busy }
                } else {
                    Cause::NeverConnected { limit, busy }
                }))
            }
        }
    }

    /// Waits for the end of a request; `None` at the timeout. A process that was started elsewhere
    /// has no timeout, since a debugger may stop it.
    pub(super) fn wait_for_end(
        &self,
        pending: &Pending,
        handed_out: Instant,
    ) -> Option<RequestEnd> {
        let is_started_here = self.function.is_started_here();
        let timeout = self.function.settings().timeout;
        let left = || {
            if is_started_here {
                timeout.saturating_sub(handed_out.elapsed())
            } else {
                Duration::MAX
            }
        };
        let end = self.api.shared().wait(left(), |state| {
            if let Some(relay) = state.relay_state(pending.number()) {
                // If the process ends meanwhile, its connection closes after the last byte.
                (relay != RelayState::InProgress).then_some(RequestEnd::Relayed(relay))
            } else if let Ok(answer) = state.outcome(pending.number()) {
                Some(RequestEnd::Answered(answer))
            } else if let Some(size) = state.too_large(pending.number()) {
                Some(RequestEnd::TooLarge(size))
            } else if state.function_ended() && self.is_read_to_the_end(state) {
                Some(RequestEnd::ProcessEnded)
            } else if !is_started_here && state.is_abandoned(pending.number()) {
                // A process elsewhere has been ended and started again. The end of a process that
                // was started here is seen.
                Some(RequestEnd::Abandoned)
            } else {
                state.is_stopped().then_some(RequestEnd::Stopped)
            }
        })?;
        if !matches!(end, RequestEnd::Relayed(RelayState::CutShort | RelayState::ReaderGone)) {
            return Some(end);
        }
        // The connection has closed. Whether the process lives on shows in what comes next: another
        // poll, or its end.
        match self.wait_until_it_polls(left())? {
            Waited::Done => Some(end),
            Waited::ProcessEnded => Some(RequestEnd::ProcessEnded),
            Waited::Stopped => Some(RequestEnd::Stopped),
        }
    }

    /// Whether no answer of a process that has ended can still be in a socket. In an inherited
    /// group it may have left behind another process that holds its connections.
    fn is_read_to_the_end(&self, state: &State) -> bool {
        self.function.settings().group == Group::Inherited || state.counts().open_connections == 0
    }
}
