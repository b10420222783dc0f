//! The instances of a function: started when they are needed, replaced when they have ended,
//! reclaimed when they are idle.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::execution::log::Log;
use crate::execution::platform_error::{Cause, PlatformError};
use crate::execution::shutdown_report::Ending;
use crate::execution::{Execution, Outcome, Summary};
use crate::instances::instance::Instance;
use crate::runtime_api::chunk_queue::Stream;
use crate::runtime_api::event::Event;
use crate::settings::{Program, Settings};

#[derive(Debug)]
pub(crate) struct Pool {
    settings: Arc<Settings>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Idle>,
    /// Those that are started now, or handle a request.
    busy: Vec<Option<Arc<Instance>>>,
    started: u64,
    stopped: bool,
}

#[derive(Debug)]
struct Idle {
    instance: Arc<Instance>,
    since: Instant,
}

/// What is known of the instances of a function at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instances {
    /// They wait for an event.
    pub idle: usize,
    /// They start, or handle a request.
    pub busy: usize,
    /// How many have been started so far.
    pub started: u64,
}

impl Pool {
    /// Starts the first instance, so that a program which cannot be started is told at once.
    pub(crate) fn start(settings: Settings) -> Result<Arc<Self>, PlatformError> {
        let settings = Arc::new(settings);
        let first = Arc::new(Instance::start(&settings)?);
        let state = State {
            idle: vec![Idle { instance: first, since: Instant::now() }],
            started: 1,
            ..State::default()
        };
        Ok(Arc::new(Self { settings, state: Mutex::new(state), changed: Condvar::new() }))
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn counts(&self) -> Instances {
        let state = self.lock();
        Instances { idle: state.idle.len(), busy: state.busy.len(), started: state.started }
    }

    /// Waits until the instances are as the caller wants them; false after the time limit.
    pub(crate) fn wait_until(
        &self,
        limit: Duration,
        mut reached: impl FnMut(Instances) -> bool,
    ) -> bool {
        let state = self.lock();
        let not_yet = |state: &mut State| {
            !reached(Instances {
                idle: state.idle.len(),
                busy: state.busy.len(),
                started: state.started,
            })
        };
        let waited = self
            .changed
            .wait_timeout_while(state, limit, not_yet)
            .unwrap_or_else(PoisonError::into_inner);
        !waited.1.timed_out()
    }

    /// Waits until an instance that is free asks for an event.
    pub(crate) fn wait_until_ready(&self) -> Result<(), PlatformError> {
        let free = self.lock().idle.first().map(|idle| Arc::clone(&idle.instance));
        free.map_or(Ok(()), |instance| instance.wait_for_poll())
    }

    /// The Runtime API of the instance that is started elsewhere.
    pub(crate) fn first_address(&self) -> Option<String> {
        let state = self.lock();
        let idle = state.idle.iter().map(|idle| &idle.instance);
        idle.chain(state.busy.iter().flatten()).next().map(|instance| instance.address())
    }

    pub(crate) fn process_ids(&self) -> Vec<u32> {
        let state = self.lock();
        let busy = state.busy.iter().flatten();
        state
            .idle
            .iter()
            .map(|idle| &idle.instance)
            .chain(busy)
            .filter_map(|instance| instance.process_id())
            .collect()
    }

    /// Handles an event on an instance that is free, or on a new one.
    pub(crate) fn run(&self, event: Event) -> Execution {
        self.run_for(event, None)
    }

    /// The same, with a caller who reads a streamed reply while it comes.
    pub(crate) fn run_streaming(&self, event: Event, caller: &Arc<Stream>) -> Execution {
        let execution = self.run_for(event, Some(caller));
        caller.break_off();
        execution
    }

    fn run_for(&self, event: Event, caller: Option<&Arc<Stream>>) -> Execution {
        match self.acquire() {
            Ok(instance) => {
                let execution = instance.run(event, caller);
                self.release(instance);
                execution
            }
            Err(error) => self.refuse(event.id(), error),
        }
    }

    /// The result of an invocation that reaches no instance.
    pub(crate) fn refuse(&self, request_id: &str, error: PlatformError) -> Execution {
        Execution {
            outcome: Outcome::Platform(error),
            summary: Summary::new(request_id, self.settings.memory, Duration::ZERO, None),
            log: Log::refused(),
        }
    }

    fn acquire(&self) -> Result<Arc<Instance>, PlatformError> {
        let asked = Instant::now();
        let mut state = self.lock();
        loop {
            if state.stopped {
                return Err(PlatformError::new(Cause::Stopped));
            }
            state.idle.retain(|idle| !idle.instance.has_ended());
            // The one that was used last, so that the others can be reclaimed.
            if let Some(Idle { instance, .. }) = state.idle.pop() {
                state.busy.push(Some(Arc::clone(&instance)));
                drop(state);
                self.changed.notify_all();
                return Ok(instance);
            }
            if state.busy.len() < self.settings.instances {
                state.busy.push(None);
                state.started += 1;
                drop(state);
                self.changed.notify_all();
                return self.start_one();
            }
            let left = self.settings.queue_limit.saturating_sub(asked.elapsed());
            if left.is_zero() {
                let instances = self.settings.instances;
                return Err(PlatformError::new(Cause::Overload {
                    instances,
                    waited: self.settings.queue_limit,
                }));
            }
            state =
                self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn start_one(&self) -> Result<Arc<Instance>, PlatformError> {
        let started = Instance::start(&self.settings).map(Arc::new);
        let mut state = self.lock();
        let place = state.busy.iter().position(Option::is_none);
        match (&started, place) {
            (Ok(instance), Some(place)) => state.busy[place] = Some(Arc::clone(instance)),
            (Err(_), Some(place)) => drop(state.busy.swap_remove(place)),
            (_, None) => {}
        }
        let stopped = state.stopped;
        drop(state);
        self.changed.notify_all();
        if stopped {
            // It came too late to be stopped with the others.
            started?.stop();
            return Err(PlatformError::new(Cause::Stopped));
        }
        started
    }

    fn release(&self, instance: Arc<Instance>) {
        let mut state = self.lock();
        state.busy.retain(|busy| !busy.as_ref().is_some_and(|busy| Arc::ptr_eq(busy, &instance)));
        if !state.stopped && !instance.has_ended() {
            state.idle.push(Idle { instance, since: Instant::now() });
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Reclaims what has been idle for too long, until the pool is stopped.
    pub(crate) fn reclaim_idle(&self) {
        let limit = self.settings.idle_limit;
        // Nothing would start it again.
        if matches!(self.settings.program, Program::Attached) {
            return;
        }
        let mut state = self.lock();
        while !state.stopped {
            let (old, young): (Vec<_>, Vec<_>) =
                state.idle.drain(..).partition(|idle| idle.since.elapsed() >= limit);
            state.idle = young;
            if !old.is_empty() {
                drop(state);
                self.changed.notify_all();
                stop_all(old.into_iter().map(|idle| idle.instance).collect());
                state = self.lock();
                continue;
            }
            let next =
                state.idle.iter().map(|idle| limit.saturating_sub(idle.since.elapsed())).min();
            state = match next {
                Some(time) => {
                    self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Lets those that are free come to their end, and ends all the others.
    pub(crate) fn finish(&self) -> Ending {
        let mut state = self.lock();
        state.stopped = true;
        let idle: Vec<_> = state.idle.drain(..).map(|idle| idle.instance).collect();
        drop(state);
        self.changed.notify_all();
        let endings = thread::scope(|scope| {
            let finishing: Vec<_> =
                idle.iter().map(|instance| scope.spawn(|| instance.finish())).collect();
            // A panic has been reported by the thread that had it.
            finishing.into_iter().filter_map(|finishing| finishing.join().ok()).collect::<Vec<_>>()
        });
        self.stop();
        Ending::join(endings)
    }

    /// Ends all instances; those that handle a request, too.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        let idle = state.idle.drain(..).map(|idle| idle.instance);
        let all: Vec<_> = idle
            .collect::<Vec<_>>()
            .into_iter()
            .chain(state.busy.iter().flatten().cloned())
            .collect();
        drop(state);
        self.changed.notify_all();
        stop_all(all);
    }
}

/// At the same time, since each may take its time.
fn stop_all(instances: Vec<Arc<Instance>>) {
    thread::scope(|scope| {
        for instance in instances {
            scope.spawn(move || instance.stop());
        }
    });
}
