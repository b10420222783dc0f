//! Watches over the one invocation that is in flight: who may answer it, and when it is too late for the loop to do so.
//!
//! A handler that blocks its thread, or never yields, cannot be cancelled, and under it the loop cannot run. Shortly before the
//! deadline the watchdog thread then posts `FunctionTimeout` itself, and ends the process, since the thread cannot be taken back.
//!
//! The thread needs no signal when an invocation begins, and so costs it no system call: it never sleeps beyond the deadline of an
//! invocation that begins while it sleeps.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use fg_core::Failure;

use crate::caller::Caller;
use crate::invocation::Outcome;
use crate::last_words::Listener;
use crate::stderr::say;

/// The invocation in flight.
#[derive(Debug)]
pub(crate) struct Flight {
    listener: Listener,
    caller: Caller,
    current: Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    request_id: String,
    /// None while nothing runs, and once somebody has taken it upon himself to answer.
    unanswered: Option<Times>,
    /// Whether a streamed answer is on its way: all that can still be told is that it ends too early.
    is_streaming: bool,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    begun: Instant,
    /// When the watchdog speaks; none where timeouts are not reported.
    too_late: Option<Instant>,
}

impl Flight {
    pub(crate) fn new(listener: Listener, caller: Caller) -> Arc<Self> {
        Arc::new(Self { listener, caller, current: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An invocation begins; from now on somebody owes it an answer.
    pub(crate) fn begin(&self, request_id: &str, begun: Instant, too_late: Option<Instant>) {
        let mut current = self.lock();
        current.request_id.clear();
        current.request_id.push_str(request_id);
        current.unanswered = Some(Times { begun, too_late });
        current.is_streaming = false;
    }

    /// As [`claim`](Self::claim), for this answer. Over one that leaves in pieces the watchdog goes on watching until it is claimed: a stream
    /// that blocks its thread past the deadline cannot be cancelled either.
    pub(crate) fn claim_for(&self, outcome: &Result<Outcome, Failure>) -> bool {
        if !matches!(outcome, Ok(Outcome::Streamed(_))) {
            return self.claim();
        }
        let mut current = self.lock();
        current.is_streaming = current.unanswered.is_some();
        current.is_streaming
    }

    /// Takes it upon the caller to answer; false if somebody else already has.
    pub(crate) fn claim(&self) -> bool {
        self.lock().unanswered.take().is_some()
    }

    /// Answers the invocation in flight with this failure, if nobody has answered it, before the process ends.
    pub(crate) fn speak_last_words(&self, failure: &Failure) {
        let mut current = self.lock();
        if current.unanswered.take().is_some() {
            self.tell(&current, failure);
        }
    }

    fn tell(&self, current: &Current, failure: &Failure) {
        let request_id = &current.request_id;
        say(format_args!("fg: ending the process: request {request_id}: {failure}"));
        if current.is_streaming {
            return;
        }
        if let Err(error) = self.listener.tell(request_id, &self.caller.told(failure, request_id)) {
            say(format_args!("fg: request {request_id} could not be answered: {error}"));
        }
    }

    /// Starts the thread that watches for invocations past their time, each of which lasts at most `timeout`. It ends with the loop.
    pub(crate) fn watch(self: &Arc<Self>, timeout: Duration) -> std::io::Result<()> {
        let flight = Arc::downgrade(self);
        let watch = move || {
            while let Some(wait) = Weak::upgrade(&flight).map(|flight| flight.look(timeout)) {
                std::thread::sleep(wait);
            }
        };
        std::thread::Builder::new().name("fg-watchdog".to_owned()).spawn(watch).map(drop)
    }

    /// Ends the process if the invocation in flight is past its time; else tells when to look again.
    fn look(&self, timeout: Duration) -> Duration {
        let now = Instant::now();
        let mut current = self.lock();
        match current.unanswered {
            Some(Times { begun, too_late: Some(too_late) }) if too_late <= now => {
                current.unanswered = None;
                let failure = timed_out_while_blocking(timeout, now.duration_since(begun));
                self.tell(&current, &failure);
                std::process::exit(1);
            }
            Some(Times { too_late: Some(too_late), .. }) => too_late.duration_since(now),
            // The clock of an invocation runs from the first byte of its event, and it is only known here when the last one has come.
            // If that takes no longer than the other half, this is in time.
            _ => (timeout - margins(timeout).answer) / 2,
        }
    }
}

fn timed_out_while_blocking(timeout: Duration, elapsed: Duration) -> Failure {
    let message = format!(
        "the handler blocked its thread for {elapsed:.1?} of its {timeout:?} and could not be cancelled; the instance ends. Use `.await`, or a larger timeout"
    );
    Failure::new(Failure::TIMEOUT, message)
}

/// How long before the deadline each thing happens, after the handler has been told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Margins {
    /// The handler is dropped, and `FunctionTimeout` is posted.
    pub(crate) drop: Duration,
    /// The watchdog speaks, because that has not happened.
    pub(crate) answer: Duration,
}

/// A twentieth of the timeout before its end, and a fortieth; never more than 250 and 125 ms. `ctx.cancelled()` has fired before.
pub(crate) fn margins(timeout: Duration) -> Margins {
    let part = |divisor: u32, most: u64| (timeout / divisor).min(Duration::from_millis(most));
    Margins { drop: part(20, 250), answer: part(40, 125) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invocation_is_answered_by_one_only() {
        let flight = Flight::new(Listener::Stdout, Caller::Platform);
        assert!(!flight.claim(), "nothing is in flight");
        flight.begin("one", Instant::now(), None);
        assert!(flight.claim());
        assert!(!flight.claim());
    }

    #[test]
    fn the_watchdog_looks_twice_within_the_time_of_an_invocation() {
        let flight = Flight::new(Listener::Stdout, Caller::Platform);
        assert!(flight.look(Duration::from_secs(4)) < Duration::from_secs(2));
    }

    #[test]
    fn cancelling_dropping_and_answering_come_in_this_order() {
        for seconds in [1, 3, 30, 259_200] {
            let ctx = fg_core::Context::builder().timeout(Duration::from_secs(seconds)).build();
            let margins = margins(ctx.timeout());
            assert!(ctx.deadline() - margins.drop > ctx.cancelled_at());
            assert!(margins.drop > margins.answer && margins.answer > Duration::ZERO);
        }
    }
}
