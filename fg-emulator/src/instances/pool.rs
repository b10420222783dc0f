//! The instances of a function: started when they are needed, replaced when they have ended,
//! reclaimed when they are idle.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::http_instance::PortUse;
use super::instance::Instance;
use super::memory::{MemoryEnforcement, MemoryPolicy};
use super::slots::{Acquired, Instances, Slots};
use crate::execution::Execution;
use crate::execution::platform_error::{Cause, PlatformError};
use crate::execution::shutdown_report::ShutdownReport;
use crate::monitor::Monitor;
use crate::runtime_api::chunk_queue::ChunkQueue;
use crate::runtime_api::event::Event;
use crate::settings::{Kind, Program, Settings};
use crate::start_limit::StartLimit;

/// How long an instance counts as starting, if it takes longer.
const START_TIME: Duration = Duration::from_secs(2);

/// How long is waited before an instance that is kept is replaced, if it has not lived for long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest such time, which is reached by doubling.
const MAX_PAUSE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Pool {
    settings: Arc<Settings>,
    memory: MemoryPolicy,
    slots: Arc<Monitor<Slots>>,
}

impl Pool {
    /// Starts the first instance, so that a program that cannot be started is an error at once.
    pub(crate) fn start(settings: Settings) -> Result<Arc<Self>, PlatformError> {
        let mut slots = Slots::default();
        slots.port_use = (settings.kind == Kind::Event).then_some(PortUse::Own);
        let memory = MemoryPolicy::new(&settings);
        let pool =
            Self { settings: Arc::new(settings), memory, slots: Arc::new(Monitor::new(slots)) };
        let first = pool.slots.update(|slots| slots.add(0));
        pool.start_instance(first)?;
        Ok(Arc::new(pool))
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn memory_enforcement(&self) -> MemoryEnforcement {
        self.memory.enforcement()
    }

    pub(crate) fn counts(&self) -> Instances {
        self.slots.read(|slots| slots.counts())
    }

    /// Waits until the instances meet a condition; `false` after the time limit.
    pub(crate) fn wait_until(
        &self,
        limit: Duration,
        mut reached: impl FnMut(Instances) -> bool,
    ) -> bool {
        self.slots.wait(limit, |slots| reached(slots.counts()).then_some(())).is_some()
    }

    /// Waits until an idle instance can handle an event.
    pub(crate) fn wait_until_ready(&self) -> Result<(), PlatformError> {
        let idle = self.slots.read(|slots| slots.first_idle());
        idle.map_or(Ok(()), |instance| instance.wait_until_ready())
    }

    /// The address of the Runtime API of an attached process.
    pub(crate) fn first_address(&self) -> Option<String> {
        self.slots.read(|slots| slots.all().next()?.api_address())
    }

    pub(crate) fn process_ids(&self) -> Vec<u32> {
        self.slots.read(|slots| slots.all().filter_map(|instance| instance.process_id()).collect())
    }

    /// Handles an event on an idle instance, or on a new one.
    pub(crate) fn run(&self, event: Event) -> Execution {
        self.run_for(event, None)
    }

    /// As [`run`](Self::run), for a reader who takes a response in pieces while it arrives.
    pub(crate) fn run_streaming(&self, event: Event, reader: &Arc<ChunkQueue>) -> Execution {
        let execution = self.run_for(event, Some(reader));
        reader.interrupt();
        execution
    }

    fn run_for(&self, event: Event, reader: Option<&Arc<ChunkQueue>>) -> Execution {
        match self.acquire() {
            Ok((slot, instance)) => {
                self.learn_port_use(&instance);
                let execution = instance.run(event, reader);
                drop(instance);
                self.slots.update(|slots| slots.release(slot));
                execution
            }
            Err(error) => self.refuse(event.id(), error),
        }
    }

    /// Kills the process that handles this event; `false` if there is none.
    pub(crate) fn cancel(&self, request_id: &str) -> bool {
        let all: Vec<_> = self.slots.read(|slots| slots.all().cloned().collect());
        all.iter().any(|instance| instance.cancel(request_id))
    }

    /// The result of an invocation that reaches no instance.
    pub(crate) fn refuse(&self, request_id: &str, error: PlatformError) -> Execution {
        Execution::refused(request_id, self.settings.memory, error)
    }

    fn acquire(&self) -> Result<(u64, Arc<Instance>), PlatformError> {
        let Settings { instances, concurrency, queue_limit, .. } = *self.settings;
        match self.slots.wait(queue_limit, |slots| slots.acquire(instances, concurrency)) {
            Some(Acquired::Instance(slot, instance)) => Ok((slot, instance)),
            Some(Acquired::Place(slot)) => Ok((slot, self.start_instance(slot)?)),
            Some(Acquired::Stopped) => Err(PlatformError::new(Cause::Stopped)),
            None => {
                let instances = self.slots.read(|slots| slots.max_instances(instances));
                Err(PlatformError::new(Cause::Overload { instances, waited: queue_limit }))
            }
        }
    }

    /// Starts an instance in this place.
    fn start_instance(&self, slot: u64) -> Result<Arc<Instance>, PlatformError> {
        let slots = Arc::downgrade(&self.slots);
        // Wakes the thread that replaces instances, and callers that wait for one.
        let on_end = move || {
            if let Some(slots) = slots.upgrade() {
                slots.update(|_| ());
            }
        };
        let starting = self.settings.start_limit.as_ref().and_then(StartLimit::enter);
        let started = Instance::start(&self.settings, &self.memory, on_end).map(Arc::new);
        let stopped = self.slots.update(|slots| {
            slots.fill(slot, started.as_ref().ok());
            slots.stopped
        });
        if let (Some(_), Ok(instance)) = (&starting, &started) {
            instance.wait_for_start(START_TIME);
        }
        if stopped {
            // The pool was stopped without this instance.
            started?.stop();
            return Err(PlatformError::new(Cause::Stopped));
        }
        started
    }

    /// Finds out, with the first instance that gets so far, whether there can be others beside it.
    fn learn_port_use(&self, instance: &Instance) {
        if self.slots.read(|slots| slots.port_use.is_none()) {
            if let Some(port_use) = instance.port_use() {
                self.slots.update(|slots| slots.port_use = Some(port_use));
            }
        }
    }

    /// Stops instances that have been idle for too long, and starts those that are to be kept,
    /// until the pool is stopped.
    pub(crate) fn maintain(&self) {
        let Settings { idle_limit, instances, .. } = *self.settings;
        // An attached process could not be started again.
        if matches!(self.settings.program, Program::Attached) {
            return;
        }
        let mut pause = RestartPause::default();
        loop {
            let reserved = || self.settings.reserved.min(instances);
            let kept = self.slots.read(|slots| reserved().min(slots.max_instances(instances)));
            if reserved() > 0 {
                self.learn_from_kept();
            }
            let missing = self.slots.read(|slots| slots.missing(kept));
            let restart = (missing > 0).then(|| pause.left());
            if restart == Some(Duration::ZERO) {
                pause.begin();
                self.start_kept(kept);
                continue;
            }
            let (seen, next) =
                self.slots.read(|slots| (slots.counts(), slots.next_reclaim(idle_limit, kept)));
            let wait = next.into_iter().chain(restart).min().unwrap_or(Duration::MAX);
            // Returns early if the instances change: another one may be next then.
            let stopped = self.slots.wait(wait, |slots| {
                let changed = slots.counts() != seen
                    || slots.missing(kept) != missing
                    || kept != reserved().min(slots.max_instances(instances));
                (slots.stopped || changed).then_some(slots.stopped)
            });
            if stopped == Some(true) {
                return;
            }
            stop_all(self.slots.update(|slots| slots.take_expired(idle_limit, kept)));
        }
    }

    /// With instances that are kept, whether there can be several is found out before the first
    /// request.
    fn learn_from_kept(&self) {
        let instance = self.slots.read(|slots| {
            if slots.port_use.is_none() { slots.all().next().cloned() } else { None }
        });
        if let Some(instance) = instance {
            self.learn_port_use(&instance);
        }
    }

    fn start_kept(&self, wanted: usize) {
        for slot in self.slots.update(|slots| slots.add_missing(wanted)) {
            if let (Err(error), Some(sink)) = (self.start_instance(slot), &self.settings.line_sink)
            {
                sink(&format!("a reserved instance could not be started: {error}"));
            }
        }
    }

    /// Waits until idle instances are done with what they do after their answers, and stops all
    /// instances.
    pub(crate) fn finish(&self) -> ShutdownReport {
        let idle = self.slots.update(Slots::stop_and_take_idle);
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
        stop_all(self.slots.update(|slots| {
            let mut all = slots.stop_and_take_idle();
            all.extend(slots.all().cloned());
            all
        }));
    }
}

/// How long is waited before an instance is replaced, so that a program that ends at once is not
/// started again and again.
#[derive(Debug)]
struct RestartPause {
    next: Duration,
    last_start: Option<Instant>,
}

impl Default for RestartPause {
    fn default() -> Self {
        Self { next: FIRST_PAUSE, last_start: None }
    }
}

impl RestartPause {
    fn left(&self) -> Duration {
        self.last_start.map_or(Duration::ZERO, |last| self.next.saturating_sub(last.elapsed()))
    }

    fn begin(&mut self) {
        let was_long_ago = self.last_start.is_none_or(|last| last.elapsed() > MAX_PAUSE);
        self.next = if was_long_ago { FIRST_PAUSE } else { (self.next * 2).min(MAX_PAUSE) };
        self.last_start = Some(Instant::now());
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
