//! The watchdog thread, which ends the process if the user's code blocks the event loop.
//!
//! The user's code runs on the thread of the event loop: a handler, its streamed response, work
//! left by `spawn_after`, `init` and `pre_stop`. Code that blocks the thread or never yields cannot
//! be cancelled, and the loop cannot run. Therefore each of these phases has a limit here, a little
//! longer than its own. Past it the watchdog answers the invocation if it has not been answered,
//! writes one line to standard error, and ends the process, since the thread cannot be recovered.
//! The watchdog also receives the signals, so that a second one ends the process even if the loop
//! is blocked.
//!
//! The answer is sent first. The line after it takes no lock and waits for no reader, and may be
//! lost.
//!
//! The thread is not woken when an invocation begins, so an invocation costs no system call here.
//! Its sleep is short enough to wake before the deadline of an invocation that begins meanwhile.

mod process_end;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, Weak};
use std::task::{Context as TaskContext, Poll, Waker as TaskWaker};
use std::time::{Duration, Instant};

use fg_core::__private::{Mutex, lifecycle};
use fg_core::{Context, Failure};

pub(crate) use self::process_end::release_at_exit;
use crate::invocation::blocking_answer::AnswerRoute;
use crate::invocation::call::Outcome;
use crate::invocation::error_audience::ErrorAudience;
use crate::invocation::overdue::OverdueDetector;
use crate::invocation::time_budget::Margins;
use crate::log::runtime_log::report;
use crate::shutdown::Shutdown;
use crate::system::{self, WakeReason, WakeReceiver, Waker};

/// The time limit of `pre_stop`. The platform's own setting ranges from 1 to 90 seconds.
pub(crate) const PRE_STOP_LIMIT: Duration = Duration::from_secs(10);

/// How long a phase may exceed its limit before it counts as blocked.
pub(crate) const OVERRUN_LIMIT: Duration = Duration::from_millis(250);

/// The wait while nothing can become overdue.
const IDLE_WAIT: Duration = Duration::from_secs(3600);

/// Watches the user's code until it is dropped.
#[derive(Debug)]
pub(crate) struct Watchdog {
    route: AnswerRoute,
    audience: ErrorAudience,
    /// The time limit of an invocation; `None` if there is none.
    timeout: Option<Duration>,
    current: Mutex<Current>,
    waker: Option<Waker>,
    /// Whether the thread has been started.
    is_running: AtomicBool,
    /// Another task of the thread.
    #[cfg(feature = "server")]
    task: std::sync::OnceLock<Arc<dyn WatchdogTask>>,
}

/// Another task of the watchdog's thread.
#[cfg(feature = "server")]
pub(crate) trait WatchdogTask: std::fmt::Debug + Send + Sync {
    /// Checks, and returns when to check next. `None` means when the watchdog is woken. `late` is
    /// how much later than planned this is called.
    fn check(&self, now: Instant, late: Duration) -> Option<Instant>;
}

#[derive(Debug, Default)]
struct Current {
    request_id: String,
    /// `None` while no user code runs.
    watched: Option<WatchedPhase>,
    /// The handler's panic, while it is being printed.
    panic: Option<Failure>,
    /// A task to wake at a time.
    alarm: Option<(Instant, TaskWaker)>,
    /// When the thread checks next; `None` before its first check.
    next_check: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct WatchedPhase {
    phase: Phase,
    begun: Instant,
    /// `None` if the phase has no limit.
    overdue: Option<OverdueDetector>,
}

impl WatchedPhase {
    /// A phase that begins now, with this time limit; `None` for no limit.
    fn begin(phase: Phase, limit: Option<Duration>) -> Self {
        let begun = Instant::now();
        let at = limit.and_then(|limit| begun.checked_add(limit)?.checked_add(OVERRUN_LIMIT));
        Self { phase, begun, overdue: at.map(|at| OverdueDetector::new(at, OVERRUN_LIMIT)) }
    }
}

/// The phase of the user's code that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Init {
        limit: Duration,
    },
    /// The invocation has not been answered.
    Handler {
        timeout: Duration,
    },
    /// A streamed answer is being sent. It can only be truncated, not replaced by an error
    /// response.
    Stream {
        timeout: Duration,
    },
    AfterWork,
    /// The server waits for open requests to finish.
    #[cfg(feature = "server")]
    Draining {
        grace: Duration,
    },
    PreStop,
    /// The loop has ended, and the process is to exit with this code.
    End {
        code: i32,
    },
    /// A panic that ends the process is being printed.
    Abort,
}

impl Watchdog {
    /// Starts the thread. If it cannot be started, blocked code is not noticed, an idle connection
    /// is kept until its slot is wanted for another one, and the process continues.
    ///
    /// `timeout` is the time limit of an invocation; `None` if there is none. `first` is the phase
    /// that begins now, with its limit as for [`begin_phase`](Self::begin_phase).
    pub(crate) fn start(
        route: AnswerRoute,
        audience: ErrorAudience,
        timeout: Option<Duration>,
        first: Option<(Phase, Option<Duration>)>,
        shutdown: Option<&Arc<Shutdown>>,
    ) -> Arc<Self> {
        let (receiver, waker) = match WakeReceiver::new(shutdown.is_some()) {
            Ok((receiver, waker)) => (Some(receiver), Some(waker)),
            // If the system does not allow it, signals keep their default effect.
            Err(_) => (None, None),
        };
        let watchdog = Arc::new(Self {
            route,
            audience,
            timeout,
            current: Mutex::new(Current {
                watched: first.map(|(phase, limit)| WatchedPhase::begin(phase, limit)),
                ..Current::default()
            }),
            waker,
            is_running: AtomicBool::new(true),
            #[cfg(feature = "server")]
            task: std::sync::OnceLock::new(),
        });
        let Some(receiver) = receiver else {
            watchdog.is_running.store(false, Ordering::Relaxed);
            return watchdog;
        };
        let (of_thread, for_signals) = (Arc::downgrade(&watchdog), shutdown.cloned());
        let watch = move || watch(&of_thread, receiver, for_signals.as_deref());
        if let Err(error) = system::spawn("fg-watchdog", Box::new(watch)) {
            watchdog.is_running.store(false, Ordering::Relaxed);
            report(format_args!(
                "fg: a blocked thread will not be noticed, since the watchdog thread cannot be started: {error}"
            ));
            // The thread's own receiver has been dropped.
            if let (Some(shutdown), Ok((receiver, _))) = (shutdown, WakeReceiver::new(true)) {
                shutdown.set_signals(receiver);
            }
        }
        watchdog
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock()
    }

    /// Begins an invocation, which has to be answered.
    pub(crate) fn begin(&self, ctx: &Context) {
        let timeout = ctx.timeout();
        let overdue = self.timeout.is_some().then(|| {
            let margins = Margins::of(timeout);
            OverdueDetector::new(ctx.deadline() - margins.answer, margins.drop - margins.answer)
        });
        let mut current = self.lock();
        current.request_id.clear();
        current.request_id.push_str(ctx.request_id());
        current.watched = Some(WatchedPhase {
            phase: Phase::Handler { timeout },
            begun: lifecycle::received(ctx),
            overdue,
        });
    }

    /// Like [`claim`](Self::claim), for this outcome. A streamed answer stays watched until it is
    /// claimed, since a stream that blocks its thread past the deadline cannot be cancelled either.
    pub(crate) fn claim_for(&self, outcome: &Result<Outcome, Failure>) -> bool {
        if !matches!(outcome, Ok(Outcome::Streamed(_))) {
            return self.claim();
        }
        match &mut self.lock().watched {
            Some(WatchedPhase { phase, .. }) => {
                if let Phase::Handler { timeout } = *phase {
                    *phase = Phase::Stream { timeout };
                }
                true
            }
            None => false,
        }
    }

    /// Claims the answer for the caller. False if it has already been claimed.
    pub(crate) fn claim(&self) -> bool {
        self.lock().watched.take().is_some()
    }

    /// Begins work left by `spawn_after`, which has the rest of the invocation's time.
    pub(crate) fn begin_after_work(&self, ctx: &Context) {
        self.begin_phase(Phase::AfterWork, Some(ctx.remaining_time()));
    }

    /// Begins a phase that is not an invocation, with this time limit; `None` for no limit.
    pub(crate) fn begin_phase(&self, phase: Phase, limit: Option<Duration>) {
        self.lock().watched = Some(WatchedPhase::begin(phase, limit));
        // The thread may be asleep beyond this limit.
        self.wake();
    }

    /// Whether [`poll_at`](Self::poll_at) takes no system call, usually: the thread checks twice in
    /// the timeout of an invocation.
    pub(crate) fn has_alarm(&self) -> bool {
        self.timeout.is_some() && self.is_running.load(Ordering::Relaxed)
    }

    /// Ready at `time`; the thread wakes the task then, and no other that has polled before.
    ///
    /// With a timer of tokio's each wait for the network would have a timeout, which the system
    /// takes longer for.
    pub(crate) fn poll_at(&self, time: Instant, task: &TaskContext<'_>) -> Poll<()> {
        if Instant::now() >= time {
            return Poll::Ready(());
        }
        let mut current = self.lock();
        current.alarm = Some((time, task.waker().clone()));
        if current.next_check.is_none_or(|next| next > time) {
            self.wake();
        }
        Poll::Pending
    }

    /// Makes the thread check now.
    pub(crate) fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake();
        }
    }

    /// Adds a task to the thread.
    #[cfg(feature = "server")]
    pub(crate) fn add_task(&self, watched: Arc<dyn WatchdogTask>) {
        self.task.get_or_init(|| watched);
        self.wake();
    }

    /// Ends the current phase if `is_over` is true for it.
    pub(crate) fn end_phase(&self, is_over: impl Fn(Phase) -> bool) {
        let mut current = self.lock();
        if current.watched.is_some_and(|watched| is_over(watched.phase)) {
            current.watched = None;
        }
    }

    /// Checks what runs, and returns how long to wait before the next check. `late` is how much
    /// later than planned this is called.
    fn check(&self, late: Duration) -> Duration {
        let now = Instant::now();
        let wait = self.check_current(now, late);
        #[cfg(feature = "server")]
        let wait = match self.task.get().and_then(|task| task.check(now, late)) {
            Some(next) => wait.min(next.saturating_duration_since(now)),
            None => wait,
        };
        self.check_alarm(now, wait)
    }

    /// Wakes the task whose time has come. Returns how long to wait, at most `longest`.
    fn check_alarm(&self, now: Instant, longest: Duration) -> Duration {
        let mut current = self.lock();
        let due = current.alarm.as_ref().map(|(time, _)| time.saturating_duration_since(now));
        let wait = match due {
            Some(Duration::ZERO) => {
                if let Some((_, task)) = current.alarm.take() {
                    task.wake();
                }
                longest
            }
            Some(due) => longest.min(due),
            None => longest,
        };
        current.next_check = now.checked_add(wait);
        wait
    }

    fn check_current(&self, now: Instant, late: Duration) -> Duration {
        // The time of an invocation starts with the first byte of its event, but `begin` is called
        // only after the last one. With half of the timeout as the longest wait, a check comes in
        // time as long as receiving the event takes less than the other half.
        let longest = self.timeout.map_or(IDLE_WAIT, |timeout| {
            ((timeout - Margins::of(timeout).drop) / 2).min(IDLE_WAIT)
        });
        let mut current = self.lock();
        let Some(watched) = &mut current.watched else { return longest };
        let Some(overdue) = &mut watched.overdue else { return longest };
        if let Some(next) = overdue.check(now, late) {
            return next.saturating_duration_since(now).min(longest);
        }
        let watched = *watched;
        current.watched = None;
        let request_id = std::mem::take(&mut current.request_id);
        let panic = current.panic.take();
        // From here on the loop may run, and finds that the answer has been claimed.
        drop(current);
        self.end_process(watched, &request_id, panic)
    }
}

/// Wakes the thread, which then ends.
impl Drop for Watchdog {
    fn drop(&mut self) {
        self.wake();
    }
}

/// The body of the thread: checks and waits until the watchdog is dropped.
fn watch(watchdog: &Weak<Watchdog>, mut receiver: WakeReceiver, shutdown: Option<&Shutdown>) {
    let mut late = Duration::ZERO;
    while let Some(wait) = watchdog.upgrade().map(|watchdog| watchdog.check(late)) {
        let planned = Instant::now() + wait;
        if let WakeReason::Signal(code) = receiver.wait(wait) {
            if let Some(shutdown) = shutdown {
                shutdown.request(code);
            }
        }
        late = Instant::now().saturating_duration_since(planned);
    }
}

#[cfg(test)]
#[path = "watchdog_tests.rs"]
mod tests;
