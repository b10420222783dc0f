//! Watches over the handlers that run: one that blocks its thread past its deadline cannot be
//! cancelled, and the task that serves its connection waits under it. Its caller is then answered
//! from here.
//!
//! Nor does tokio move the waiting for the network to another of its threads when the one that did
//! it is blocked (<https://github.com/tokio-rs/tokio/issues/4730>), unless another one is woken, as
//! it is from here.
//!
//! Under load this thread costs an invocation no system call: it is woken only for a deadline that
//! comes before the one it sleeps for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::Thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeFlavor};

use fg_core::Failure;

use super::connection_state::{Link, Looked};
use crate::log::runtime_log::{self, say};

/// The connections, and when they are looked at.
#[derive(Clone, Debug)]
pub(crate) struct Lookout(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    links: Mutex<Vec<Weak<Link>>>,
    begun: Instant,
    /// In milliseconds from `begun`; `NEVER` while it sleeps until it is woken.
    next_look: AtomicU64,
    thread: OnceLock<Thread>,
}

const NEVER: u64 = u64::MAX;

/// How long a handler that blocks one of several threads may hold up the others.
const HOLD_UP: Duration = Duration::from_millis(100);

impl Lookout {
    pub(crate) fn new() -> Self {
        let (links, next_look, thread) = (Mutex::default(), AtomicU64::new(NEVER), OnceLock::new());
        Self(Arc::new(Shared { links, begun: Instant::now(), next_look, thread }))
    }

    /// Starts the thread, for handlers on this runtime.
    pub(crate) fn start(&self) {
        let shared = Arc::clone(&self.0);
        let runtime = Handle::current();
        let has_several_threads = runtime.runtime_flavor() == RuntimeFlavor::MultiThread;
        let longest_wait = if has_several_threads { HOLD_UP } else { Duration::MAX };
        let look_out = move || {
            let mut late = Duration::ZERO;
            loop {
                let Some(wait) = shared.look(longest_wait, late) else {
                    std::thread::park();
                    late = Duration::ZERO;
                    continue;
                };
                let planned = Instant::now() + wait;
                std::thread::park_timeout(wait);
                late = Instant::now().saturating_duration_since(planned);
                if has_several_threads {
                    // Wakes one that sleeps, which then waits for the network if no other does.
                    runtime.spawn(async {});
                }
            }
        };
        match std::thread::Builder::new().name("fg-lookout".to_owned()).spawn(look_out) {
            Ok(handle) => {
                self.0.thread.get_or_init(|| handle.thread().clone());
            }
            Err(error) => say(format_args!(
                "fg: the callers of handlers that block will not be answered: {error}"
            )),
        }
    }

    /// Looks at this connection too, until it is dropped.
    pub(crate) fn add(&self, link: &Arc<Link>) {
        let mut links = self.0.lock();
        if links.len() == links.capacity() {
            links.retain(|link| link.strong_count() > 0);
        }
        links.push(Arc::downgrade(link));
    }

    /// The process is about to abort by a panic in what works for this caller: who waits for an
    /// answer is told.
    pub(crate) fn answer_all(&self, failure: &Failure, caller: u64) {
        let links: Vec<_> = self.0.lock().iter().filter_map(Weak::upgrade).collect();
        let of_another = Failure::new(
            Failure::PANIC,
            "another invocation has ended the process by a panic that cannot be caught",
        );
        // The caller comes first.
        let (own, others): (Vec<_>, Vec<_>) = links.iter().partition(|link| link.id() == caller);
        own.iter().for_each(|link| link.answer_last(failure));
        others.iter().for_each(|link| link.answer_last(&of_another));
    }

    /// What works for this caller has panicked, and that is being printed; none once it has been.
    pub(crate) fn note_panic(&self, panic: Option<Failure>, caller: u64) {
        let link = self.0.lock().iter().filter_map(Weak::upgrade).find(|link| link.id() == caller);
        if let Some(link) = link {
            link.note_panic(panic);
        }
    }

    /// Asks the connection to give way that has been waiting for a request for the longest, if
    /// there is one.
    pub(crate) fn ask_to_give_way(&self) -> bool {
        let links: Vec<_> = self.0.lock().iter().filter_map(Weak::upgrade).collect();
        let waiting = links.iter().filter_map(|link| Some((link.waits_since()?, link)));
        let longest = waiting.min_by_key(|(since, _)| *since);
        if let Some((_, link)) = longest {
            link.ask_to_give_way();
        }
        longest.is_some()
    }

    /// A handler has begun, on one of the connections, that has to end before this.
    pub(crate) fn expect(&self, too_late: Instant) {
        // What the next look sees need not ask for one: that begins by forgetting when it wanted to
        // look.
        if self.0.milliseconds(too_late) < self.0.next_look.load(Ordering::Relaxed) {
            if let Some(thread) = self.0.thread.get() {
                thread.unpark();
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Link>>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn milliseconds(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.begun).as_millis()).unwrap_or(NEVER)
    }

    /// Answers for those that are too late; how long to wait before the next look, if any handler
    /// runs.
    fn look(&self, longest_wait: Duration, late: Duration) -> Option<Duration> {
        self.next_look.store(NEVER, Ordering::Relaxed);
        let now = Instant::now();
        let links: Vec<_> = self.lock().iter().filter_map(Weak::upgrade).collect();
        let (mut next, mut answered) = (None, Vec::new());
        for link in &links {
            match link.look(now, late) {
                Looked::Later(time) => {
                    next = Some(next.map_or(time, |next: Instant| next.min(time)));
                }
                Looked::Idle => {}
                Looked::Answered(logger, failure, run) => answered.push((logger, failure, run)),
            }
        }
        // Only when every request has been answered.
        for (logger, failure, run) in answered {
            runtime_log::of(&logger).error(&failure);
            drop(run);
        }
        let next = next?;
        let wait = next.saturating_duration_since(now).min(longest_wait);
        self.next_look.store(self.milliseconds(now + wait), Ordering::Relaxed);
        Some(wait)
    }
}
