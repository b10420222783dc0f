//! The instances of a function: started when they are needed, replaced when they have ended,
//! reclaimed when they are idle.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::instance::Instance;
use crate::execution::Execution;
use crate::execution::platform_error::{Cause, PlatformError};
use crate::execution::shutdown_report::ShutdownReport;
use crate::monitor::Monitor;
use crate::runtime_api::chunk_queue::ChunkQueue;
use crate::runtime_api::event::Event;
use crate::settings::{Program, Settings};

#[derive(Debug)]
pub(crate) struct Pool {
    settings: Arc<Settings>,
    state: Monitor<State>,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<IdleInstance>,
    /// Instances that handle a request. `None` is one that is being started.
    busy: Vec<Option<Arc<Instance>>>,
    started: u64,
    stopped: bool,
}

#[derive(Debug)]
struct IdleInstance {
    instance: Arc<Instance>,
    since: Instant,
}

/// The instances of a function at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instances {
    /// How many wait for an event.
    pub idle: usize,
    /// How many are being started, or handle a request.
    pub busy: usize,
    /// How many have been started so far.
    pub started: u64,
}

/// What an invocation gets from the pool.
enum Acquired {
    Instance(Arc<Instance>),
    /// A new instance has to be started; its place is reserved.
    Reserved,
    Stopped,
}

impl State {
    fn counts(&self) -> Instances {
        Instances { idle: self.idle.len(), busy: self.busy.len(), started: self.started }
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Instance>> {
        self.idle.iter().map(|idle| &idle.instance).chain(self.busy.iter().flatten())
    }

    fn take_idle(&mut self) -> Vec<Arc<Instance>> {
        self.idle.drain(..).map(|idle| idle.instance).collect()
    }

    /// `None` if all instances are busy.
    fn acquire(&mut self, max_instances: usize) -> Option<Acquired> {
        if self.stopped {
            return Some(Acquired::Stopped);
        }
        self.idle.retain(|idle| !idle.instance.has_ended());
        // The one that was used last, so that the others become idle for long and are reclaimed.
        if let Some(IdleInstance { instance, .. }) = self.idle.pop() {
            self.busy.push(Some(Arc::clone(&instance)));
            return Some(Acquired::Instance(instance));
        }
        (self.busy.len() < max_instances).then(|| {
            self.busy.push(None);
            self.started += 1;
            Acquired::Reserved
        })
    }
}

impl Pool {
    /// Starts the first instance, so that a program that cannot be started is an error at once.
    pub(crate) fn start(settings: Settings) -> Result<Arc<Self>, PlatformError> {
        let settings = Arc::new(settings);
        let first = Arc::new(Instance::start(&settings)?);
        let state = State {
            idle: vec![IdleInstance { instance: first, since: Instant::now() }],
            started: 1,
            ..State::default()
        };
        Ok(Arc::new(Self { settings, state: Monitor::new(state) }))
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn counts(&self) -> Instances {
        self.state.read(|state| state.counts())
    }

    /// Waits until the instances meet a condition; `false` after the time limit.
    pub(crate) fn wait_until(
        &self,
        limit: Duration,
        mut reached: impl FnMut(Instances) -> bool,
    ) -> bool {
        self.state.wait(limit, |state| reached(state.counts()).then_some(())).is_some()
    }

    /// Waits until an idle instance polls.
    pub(crate) fn wait_until_ready(&self) -> Result<(), PlatformError> {
        let idle =
            self.state.read(|state| state.idle.first().map(|idle| Arc::clone(&idle.instance)));
        idle.map_or(Ok(()), |instance| instance.wait_for_poll())
    }

    /// The address of the Runtime API of an attached process.
    pub(crate) fn first_address(&self) -> Option<String> {
        self.state.read(|state| state.all().next().map(|instance| instance.address()))
    }

    pub(crate) fn process_ids(&self) -> Vec<u32> {
        self.state.read(|state| state.all().filter_map(|instance| instance.process_id()).collect())
    }

    /// Handles an event on an idle instance, or on a new one.
    pub(crate) fn run(&self, event: Event) -> Execution {
        self.run_for(event, None)
    }

    /// As [`run`](Self::run), for a reader who takes a chunked answer while it arrives.
    pub(crate) fn run_streaming(&self, event: Event, reader: &Arc<ChunkQueue>) -> Execution {
        let execution = self.run_for(event, Some(reader));
        reader.interrupt();
        execution
    }

    fn run_for(&self, event: Event, reader: Option<&Arc<ChunkQueue>>) -> Execution {
        match self.acquire() {
            Ok(instance) => {
                let execution = instance.run(event, reader);
                self.release(instance);
                execution
            }
            Err(error) => self.refuse(event.id(), error),
        }
    }

    /// The result of an invocation that reaches no instance.
    pub(crate) fn refuse(&self, request_id: &str, error: PlatformError) -> Execution {
        Execution::refused(request_id, self.settings.memory, error)
    }

    fn acquire(&self) -> Result<Arc<Instance>, PlatformError> {
        let Settings { instances, queue_limit, .. } = *self.settings;
        match self.state.wait(queue_limit, |state| state.acquire(instances)) {
            Some(Acquired::Instance(instance)) => Ok(instance),
            Some(Acquired::Reserved) => self.start_reserved(),
            Some(Acquired::Stopped) => Err(PlatformError::new(Cause::Stopped)),
            None => Err(PlatformError::new(Cause::Overload { instances, waited: queue_limit })),
        }
    }

    fn start_reserved(&self) -> Result<Arc<Instance>, PlatformError> {
        let started = Instance::start(&self.settings).map(Arc::new);
        let stopped = self.state.update(|state| {
            let reserved = state.busy.iter().position(Option::is_none);
            match (&started, reserved) {
                (Ok(instance), Some(index)) => state.busy[index] = Some(Arc::clone(instance)),
                (Err(_), Some(index)) => drop(state.busy.swap_remove(index)),
                (_, None) => {}
            }
            state.stopped
        });
        if stopped {
            // The pool was stopped without this instance.
            started?.stop();
            return Err(PlatformError::new(Cause::Stopped));
        }
        started
    }

    fn release(&self, instance: Arc<Instance>) {
        self.state.update(|state| {
            let is_it = |busy: &Arc<Instance>| Arc::ptr_eq(busy, &instance);
            state.busy.retain(|busy| !busy.as_ref().is_some_and(is_it));
            if !state.stopped && !instance.has_ended() {
                state.idle.push(IdleInstance { instance, since: Instant::now() });
            }
        });
    }

    /// Stops instances that have been idle for too long, until the pool is stopped.
    pub(crate) fn reclaim_idle(&self) {
        let limit = self.settings.idle_limit;
        // An attached process could not be started again.
        if matches!(self.settings.program, Program::Attached) {
            return;
        }
        loop {
            let (idle, next) = self.state.read(|state| {
                let left = |idle: &IdleInstance| limit.saturating_sub(idle.since.elapsed());
                (state.idle.len(), state.idle.iter().map(left).min())
            });
            // Returns early if the number of idle instances changes: another one may be next then.
            let stopped = self.state.wait(next.unwrap_or(Duration::MAX), |state| {
                (state.stopped || state.idle.len() != idle).then_some(state.stopped)
            });
            if stopped == Some(true) {
                return;
            }
            let expired = self.state.update(|state| {
                let (expired, idle): (Vec<_>, Vec<_>) =
                    state.idle.drain(..).partition(|idle| idle.since.elapsed() >= limit);
                state.idle = idle;
                expired.into_iter().map(|idle| idle.instance).collect()
            });
            stop_all(expired);
        }
    }

    /// Waits until idle instances are done with what they do after their answers, and stops all
    /// instances.
    pub(crate) fn finish(&self) -> ShutdownReport {
        let idle = self.state.update(|state| {
            state.stopped = true;
            state.take_idle()
        });
        let reports = thread::scope(|scope| {
            let finishing: Vec<_> =
                idle.iter().map(|instance| scope.spawn(|| instance.finish())).collect();
            // A panic has been reported by the thread itself.
            finishing.into_iter().filter_map(|finishing| finishing.join().ok()).collect::<Vec<_>>()
        });
        self.stop();
        ShutdownReport::merge(reports)
    }

    /// Stops all instances, also those that handle a request.
    pub(crate) fn stop(&self) {
        stop_all(self.state.update(|state| {
            state.stopped = true;
            let mut all = state.take_idle();
            all.extend(state.busy.iter().flatten().cloned());
            all
        }));
    }
}

/// Stops instances in parallel, since each may take its time.
fn stop_all(instances: Vec<Arc<Instance>>) {
    thread::scope(|scope| {
        for instance in instances {
            scope.spawn(move || instance.stop());
        }
    });
}
