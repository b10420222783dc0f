//! The thread that sees to it that the process ends, whatever blocks the loop.
//!
//! What is the user's runs on the loop's own thread: a handler, its streamed response, work left by
//! `spawn_after`, `init` and `pre_stop`. One that blocks its thread, or never yields, cannot be
//! cancelled, and under it the loop cannot run. So each of them has a limit here, a little after
//! its own. Past it the watchdog answers the invocation if it is owed an answer, says in one line
//! what has happened, and ends the process, since the thread cannot be taken back. Signals come
//! here as well, so that a second one ends the process whatever it does.
//!
//! The answer comes first: what is said after it may be lost, and takes no lock and waits for no
//! reader.
//!
//! The thread needs no signal when an invocation begins, and so costs it no system call: it never
//! sleeps beyond the deadline of an invocation that begins while it sleeps.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use fg_core::{Context, Failure};

use crate::invocation::blocking_answer::{AbortResponder, AnswerRoute};
use crate::invocation::call::Outcome;
use crate::invocation::error_audience::ErrorAudience;
use crate::invocation::overdue::Overdue;
use crate::invocation::time_budget::Margins;
use crate::log::runtime_log::{self, say};
use crate::shutdown::Shutdown;
use crate::system::{self, Waker, Wakes, Woken, end_now};

/// `pre_stop` gets this long; the platform's own setting for it goes from 1 to 90 seconds.
pub(crate) const PRE_STOP_LIMIT: Duration = Duration::from_secs(10);

/// What is left of the user's when the loop is over, such as tasks that are dropped, gets this
/// long.
const END_LIMIT: Duration = Duration::from_secs(3);

/// How long a panic that ends the process may take to be printed.
const ABORT_LIMIT: Duration = Duration::from_secs(1);

/// How long something may go on after its end was due, before it is taken for blocked.
pub(crate) const NOTICE: Duration = Duration::from_millis(250);

/// While nothing can become overdue.
const LONG: Duration = Duration::from_secs(3600);

/// Watches what runs, as long as it is held.
#[derive(Debug)]
pub(crate) struct Watchdog {
    route: AnswerRoute,
    audience: ErrorAudience,
    /// How long an invocation may take; `None` for any time.
    timeout: Option<Duration>,
    current: Mutex<Current>,
    waker: Option<Waker>,
}

#[derive(Debug, Default)]
struct Current {
    request_id: String,
    /// None while nothing of the user's runs.
    watched: Option<Watched>,
    /// What the handler's thread is about to die of, while it is still being printed.
    panic: Option<Failure>,
}

#[derive(Clone, Copy, Debug)]
struct Watched {
    phase: Phase,
    begun: Instant,
    /// None where it may take any time.
    overdue: Option<Overdue>,
}

/// What is the user's, and runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Init {
        limit: Duration,
    },
    /// The invocation has not been answered.
    Handler {
        timeout: Duration,
    },
    /// A streamed answer is on its way: all that can still be told is that it ends too early.
    Stream {
        timeout: Duration,
    },
    AfterWork,
    /// The server waits for what runs.
    #[cfg(feature = "server")]
    Draining {
        grace: Duration,
    },
    PreStop,
    /// The loop is over, and the process goes on to its end with this code.
    End {
        code: i32,
    },
    /// A panic that ends the process is being printed.
    Abort,
}

impl Watchdog {
    /// Starts the thread. Without one, what blocks is not noticed, and the process goes on.
    ///
    /// Invocations take so long at the most; `None` for any time.
    pub(crate) fn start(
        route: AnswerRoute,
        audience: ErrorAudience,
        timeout: Option<Duration>,
        shutdown: Option<&Arc<Shutdown>>,
    ) -> Arc<Self> {
        let (wakes, waker) = match Wakes::new(shutdown.is_some()) {
            Ok((wakes, waker)) => (Some(wakes), Some(waker)),
            // Where the system does not let us, signals do what they would have done without us.
            Err(_) => (None, None),
        };
        let watchdog =
            Arc::new(Self { route, audience, timeout, current: Mutex::default(), waker });
        let Some(wakes) = wakes else { return watchdog };
        let of_thread = Arc::downgrade(&watchdog);
        let for_signals = shutdown.cloned();
        // Kept here until the thread runs, for the case that it cannot be started.
        let wakes = Arc::new(Mutex::new(Some(wakes)));
        let for_thread = Arc::clone(&wakes);
        let watch = move || {
            let wakes = for_thread.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(wakes) = wakes {
                watch(&of_thread, wakes, for_signals.as_deref());
            }
        };
        if let Err(error) = system::spawn("fg-watchdog", Box::new(watch)) {
            say(format_args!(
                "fg: what blocks its thread will not be noticed, for want of a thread that watches: {error}"
            ));
            if let (Some(shutdown), Some(wakes)) =
                (shutdown, wakes.lock().unwrap_or_else(PoisonError::into_inner).take())
            {
                shutdown.listen_itself(wakes);
            }
        }
        watchdog
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An invocation begins; from now on it is owed an answer.
    pub(crate) fn begin(&self, ctx: &Context) {
        let timeout = ctx.timeout();
        let overdue = self.timeout.is_some().then(|| {
            let margins = Margins::of(timeout);
            Overdue::at(ctx.deadline() - margins.answer, margins.drop - margins.answer)
        });
        let mut current = self.lock();
        current.request_id.clear();
        current.request_id.push_str(ctx.request_id());
        current.watched =
            Some(Watched { phase: Phase::Handler { timeout }, begun: Instant::now(), overdue });
    }

    /// As [`claim`](Self::claim), for this answer. Over one that leaves in pieces the watchdog goes
    /// on watching until it is claimed: a stream that blocks its thread past the deadline cannot be
    /// cancelled either.
    pub(crate) fn claim_for(&self, outcome: &Result<Outcome, Failure>) -> bool {
        if !matches!(outcome, Ok(Outcome::Streamed(_))) {
            return self.claim();
        }
        match &mut self.lock().watched {
            Some(Watched { phase, .. }) => {
                if let Phase::Handler { timeout } = *phase {
                    *phase = Phase::Stream { timeout };
                }
                true
            }
            None => false,
        }
    }

    /// Claims the answer for the caller; false if it has been claimed.
    pub(crate) fn claim(&self) -> bool {
        self.lock().watched.take().is_some()
    }

    /// Work left by `spawn_after` begins, which has the rest of the invocation's time.
    pub(crate) fn begin_after_work(&self, ctx: &Context) {
        self.watch_phase(Phase::AfterWork, Some(ctx.deadline().max(Instant::now()) + NOTICE));
    }

    /// Something begins that is not an invocation, and has so much time; none is any time.
    pub(crate) fn begin_phase(&self, phase: Phase, limit: Option<Duration>) {
        self.watch_phase(
            phase,
            limit.and_then(|limit| Instant::now().checked_add(limit)?.checked_add(NOTICE)),
        );
    }

    fn watch_phase(&self, phase: Phase, at: Option<Instant>) {
        let overdue = at.map(|at| Overdue::at(at, NOTICE));
        self.lock().watched = Some(Watched { phase, begun: Instant::now(), overdue });
        // The watchdog may sleep for longer than that.
        if let Some(waker) = &self.waker {
            waker.wake();
        }
    }

    /// What is watched is over, unless it is something else by now.
    pub(crate) fn end_phase(&self, is_over: impl Fn(Phase) -> bool) {
        let mut current = self.lock();
        if current.watched.is_some_and(|watched| is_over(watched.phase)) {
            current.watched = None;
        }
    }

    /// Looks after what runs; how long to wait before the next look. `late` is by how much this
    /// comes later than planned.
    fn look(&self, late: Duration) -> Duration {
        let now = Instant::now();
        // The clock of an invocation runs from the first byte of its event, and it is only known
        // here when the last one has come. If that takes no longer than the other half, this is in
        // time, whenever it begins.
        let longest = self
            .timeout
            .map_or(LONG, |timeout| ((timeout - Margins::of(timeout).drop) / 2).min(LONG));
        let mut current = self.lock();
        let Some(watched) = &mut current.watched else { return longest };
        let Some(overdue) = &mut watched.overdue else { return longest };
        if let Some(next) = overdue.look(now, late) {
            return next.saturating_duration_since(now).min(longest);
        }
        let watched = *watched;
        current.watched = None;
        let request_id = std::mem::take(&mut current.request_id);
        let panic = current.panic.take();
        // The loop may go on from here, and finds that it has nothing to answer any more.
        drop(current);
        self.end_process(watched, &request_id, panic)
    }

    fn end_process(&self, watched: Watched, request_id: &str, panic: Option<Failure>) -> ! {
        let elapsed = watched.begun.elapsed();
        let stood_still = watched.overdue.is_some_and(|overdue| overdue.has_stood_still());
        let standstill =
            if stood_still { ", in which the instance has also stood still," } else { "" };
        match watched.phase {
            Phase::Handler { timeout } => {
                let failure =
                    panic.unwrap_or_else(|| timed_out_while_blocking(timeout, elapsed, standstill));
                self.send_error(request_id, &failure);
            }
            Phase::Stream { timeout } => {
                let failure = timed_out_while_blocking(timeout, elapsed, standstill);
                say(format_args!("fg: ending the process: request {request_id}: {failure}"));
            }
            Phase::AfterWork => {
                let what = format!(
                    "work left by spawn_after has blocked its thread for {elapsed:.1?}{standstill}"
                );
                say(format_args!(
                    "fg: ending the process: request {request_id}: {what}, past the time of its invocation"
                ));
            }
            Phase::Init { limit } => {
                let limit = format!("of the {limit:?} that it has (RUNTIME_INITIALIZER_TIMEOUT)");
                say(format_args!(
                    "fg: ending the process: init has blocked its thread for {elapsed:.1?}{standstill} {limit}"
                ));
            }
            #[cfg(feature = "server")]
            Phase::Draining { grace } => {
                let what =
                    format!("what runs was not finished within {grace:?}, and blocks its threads");
                say(format_args!("fg: ending the process: {what}{standstill}"));
            }
            Phase::PreStop => {
                let limit = format!("of the {PRE_STOP_LIMIT:?} that it has");
                say(format_args!(
                    "fg: ending the process: pre_stop has blocked its thread for {elapsed:.1?}{standstill} {limit}"
                ));
            }
            // With the code that a shell gives a process that has been aborted.
            Phase::Abort => end_now(128 + 6),
            Phase::End { code } => {
                let what = "what the function has left behind cannot be dropped";
                say(format_args!(
                    "fg: ending the process: {what}, after {elapsed:.1?}{standstill}"
                ));
                end_now(code);
            }
        }
        runtime_log::flush_stdout();
        end_now(1);
    }

    /// A panic ends the process, once it has been printed. If standard error is not read, it would
    /// never end.
    pub(crate) fn expect_abort(&self) {
        self.watch_phase(Phase::Abort, Some(Instant::now() + ABORT_LIMIT));
    }

    /// Sends the error response, and only then reports it on standard error.
    fn send_error(&self, request_id: &str, failure: &Failure) {
        let sent = self.route.send(request_id, &self.audience.shown(failure, request_id));
        say(format_args!("fg: ending the process: request {request_id}: {failure}"));
        if let Err(error) = sent {
            say(format_args!("fg: request {request_id} could not be answered: {error}"));
        }
    }

    /// The loop is over, and the process is to end with this code: until [`let_go`] the watchdog
    /// watches over that.
    pub(crate) fn watch_over_the_end(self: &Arc<Self>, code: ExitCode) {
        self.begin_phase(Phase::End { code: number_of(code) }, Some(END_LIMIT));
        *AT_THE_END.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(self));
    }
}

static AT_THE_END: Mutex<Option<Arc<Watchdog>>> = Mutex::new(None);

/// Everything is over, and `main` goes on. What it may still have to write is written here: if that
/// is not read, the process would never end.
pub(crate) fn let_go(code: ExitCode) {
    let watchdog = AT_THE_END.lock().unwrap_or_else(PoisonError::into_inner).take();
    if watchdog.is_some() && !runtime_log::flush_stdout() {
        end_now(number_of(code));
    }
}

fn number_of(code: ExitCode) -> i32 {
    if code == ExitCode::SUCCESS { 0 } else { 1 }
}

impl AbortResponder for Watchdog {
    fn answer_before_abort(&self, failure: &Failure, _: u64) {
        let mut current = self.lock();
        let is_answered = !matches!(
            current.watched,
            Some(Watched { phase: Phase::Handler { .. } | Phase::Stream { .. }, .. })
        );
        let is_streaming =
            matches!(current.watched, Some(Watched { phase: Phase::Stream { .. }, .. }));
        current.watched = None;
        let request_id = std::mem::take(&mut current.request_id);
        drop(current);
        if is_streaming {
            say(format_args!("fg: ending the process: request {request_id}: {failure}"));
        } else if !is_answered {
            self.send_error(&request_id, failure);
        }
        self.expect_abort();
    }

    fn set_panic(&self, panic: Option<Failure>, _: u64) {
        self.lock().panic = panic;
    }
}

/// Wakes the thread, which then finds that there is nothing to watch.
impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some(waker) = &self.waker {
            waker.wake();
        }
    }
}

/// The thread: looks and waits, until the watchdog is dropped.
fn watch(watchdog: &Weak<Watchdog>, mut wakes: Wakes, shutdown: Option<&Shutdown>) {
    let mut late = Duration::ZERO;
    while let Some(wait) = watchdog.upgrade().map(|watchdog| watchdog.look(late)) {
        let planned = Instant::now() + wait;
        if let Woken::BySignal(code) = wakes.wait(wait) {
            if let Some(shutdown) = shutdown {
                shutdown.take(code);
            }
        }
        late = Instant::now().saturating_duration_since(planned);
    }
}

fn timed_out_while_blocking(timeout: Duration, elapsed: Duration, standstill: &str) -> Failure {
    let message = format!(
        "the handler blocked its thread for {elapsed:.1?} of its {timeout:?}{standstill} and could not be cancelled; the instance ends. Use `.await`, or a larger timeout"
    );
    Failure::new(Failure::TIMEOUT, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watchdog(timeouts: bool) -> Watchdog {
        let timeout = timeouts.then_some(Duration::from_secs(4));
        Watchdog {
            route: AnswerRoute::Stdout,
            audience: ErrorAudience::Owner,
            timeout,
            current: Mutex::default(),
            waker: None,
        }
    }

    #[test]
    fn an_invocation_is_answered_by_one_only() {
        let watchdog = watchdog(false);
        assert!(!watchdog.claim(), "nothing is in flight");
        watchdog.begin(&Context::default());
        assert!(watchdog.claim());
        assert!(!watchdog.claim());
    }

    #[test]
    fn the_watchdog_looks_twice_within_the_time_of_an_invocation() {
        let watchdog = watchdog(true);
        assert!(watchdog.look(Duration::ZERO) < Duration::from_secs(2));
        watchdog.begin_phase(Phase::PreStop, Some(PRE_STOP_LIMIT));
        assert!(watchdog.look(Duration::ZERO) < Duration::from_secs(2), "one may begin after that");
    }

    #[test]
    fn what_is_over_late_does_not_end_the_watch_over_what_comes_after_it() {
        let watchdog = watchdog(true);
        watchdog.begin_phase(Phase::PreStop, Some(PRE_STOP_LIMIT));
        watchdog.end_phase(|phase| matches!(phase, Phase::Init { .. }));
        assert!(watchdog.lock().watched.is_some());
        watchdog.end_phase(|phase| phase == Phase::PreStop);
        assert!(watchdog.lock().watched.is_none());
    }
}
