//! Asynchronous invocations: a queue, retries, and notifications about what came of them.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::execution::platform_error::{Cause, PlatformError};
use crate::execution::timestamp::Timestamp;
use crate::execution::{Execution, Outcome};
use crate::instances::pool::Pool;
use crate::runtime_api::event::Event;

/// How many events can wait, of at most 256 KB each.
const MOST_WAITING: usize = 1000;

/// Where notifications go.
pub(crate) type Destination = Arc<dyn Fn(&Notification) + Send + Sync>;

/// What is done about asynchronous invocations that fail, or that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct AsyncPolicy {
    retries: u32,
    validity: Duration,
}

impl Default for AsyncPolicy {
    /// No retries, which is what the platform does with a function's own errors, and events that
    /// are valid for a day.
    fn default() -> Self {
        Self { retries: 0, validity: Duration::from_secs(86_400) }
    }
}

impl AsyncPolicy {
    /// How often a failed invocation is repeated, with the same request id. The platform takes 0 to
    /// 3.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// How long an event may wait. The platform takes 1 to 86400 s.
    pub fn validity(mut self, validity: Duration) -> Self {
        self.validity = validity;
        self
    }
}

/// What a destination is told about an asynchronous invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notification {
    /// The request id.
    pub request_id: String,
    /// Whether the function returned a result.
    pub succeeded: bool,
    payload: Value,
}

impl Notification {
    /// The platform's JSON: `timestamp`, `request_context`, `request_payload`, `response_context`,
    /// `response_payload`.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.payload.to_string()
    }

    fn new(urn: &str, event: &Event, invocations: u32, outcome: &Outcome) -> Self {
        let (status, function_error) = match outcome {
            Outcome::Reply(_) | Outcome::Streamed { .. } => (200, String::new()),
            Outcome::Failure(failure) => (500, failure.error_type.clone()),
            Outcome::Platform(error) => (
                if error.http_status() == 200 { 500 } else { error.http_status() },
                error.code().to_owned(),
            ),
        };
        let condition = match outcome {
            Outcome::Reply(_) | Outcome::Streamed { .. } => "",
            Outcome::Failure(_) => "UnhandledInvocationError",
            Outcome::Platform(_) => "InvocationError",
        };
        let payload = json!({
            "timestamp": Timestamp::now().to_milliseconds(),
            "request_context": {
                "request_id": event.id(),
                "function_urn": urn,
                "condition": condition,
                // The documented payload of an invocation that succeeds at once has a 0 here.
                "approximate_invoke_count": invocations.saturating_sub(1),
            },
            "request_payload": String::from_utf8_lossy(event.body()),
            "response_context": {"status_code": status, "function_error": function_error},
            "response_payload": String::from_utf8_lossy(&outcome.body()),
        });
        Self { request_id: event.id().to_owned(), succeeded: outcome.is_reply(), payload }
    }
}

/// An asynchronous invocation that was accepted.
#[derive(Clone, Debug)]
pub struct AsyncInvocation {
    request_id: String,
    end: Arc<EndOfInvocation>,
}

#[derive(Debug, Default)]
struct EndOfInvocation {
    execution: Mutex<Option<Execution>>,
    reached: Condvar,
}

impl EndOfInvocation {
    fn lock(&self) -> MutexGuard<'_, Option<Execution>> {
        self.execution.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncInvocation {
    /// What the platform answers with.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Waits for what came of it after its last retry, and after the notification; nothing after
    /// the time limit.
    #[must_use]
    pub fn wait(&self, limit: Duration) -> Option<Execution> {
        let execution = self.end.lock();
        let waited =
            self.end.reached.wait_timeout_while(execution, limit, |execution| execution.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }
}

/// The queue, and the threads that work on it: as many as there can be instances, started when they
/// are needed.
#[derive(Debug)]
pub(crate) struct AsyncQueue {
    pool: Arc<Pool>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    queued: VecDeque<Queued>,
    workers: usize,
    free_workers: usize,
    stopped: bool,
}

#[derive(Debug)]
struct Queued {
    event: Event,
    since: Instant,
    end: Arc<EndOfInvocation>,
}

impl AsyncQueue {
    pub(crate) fn new(pool: &Arc<Pool>) -> Arc<Self> {
        Arc::new(Self { pool: Arc::clone(pool), state: Mutex::default(), changed: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(self: &Arc<Self>, event: Event) -> Result<AsyncInvocation, PlatformError> {
        let end = Arc::<EndOfInvocation>::default();
        let invocation =
            AsyncInvocation { request_id: event.id().to_owned(), end: Arc::clone(&end) };
        let mut state = self.lock();
        if state.stopped {
            return Err(PlatformError::new(Cause::Stopped));
        }
        if state.queued.len() >= MOST_WAITING {
            return Err(PlatformError::new(Cause::QueueFull { waiting: MOST_WAITING }));
        }
        state.queued.push_back(Queued { event, since: Instant::now(), end });
        if state.free_workers < state.queued.len() && state.workers < self.pool.settings().instances
        {
            let queue = Arc::clone(self);
            // Where there can be no more threads, those that run will come to it.
            if thread::Builder::new()
                .name("async-invocations".into())
                .spawn(move || queue.work())
                .is_ok()
            {
                state.workers += 1;
                state.free_workers += 1;
            }
        }
        drop(state);
        self.changed.notify_all();
        Ok(invocation)
    }

    fn work(&self) {
        let mut state = self.lock();
        while !state.stopped {
            let Some(queued) = state.queued.pop_front() else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.free_workers -= 1;
            drop(state);
            self.handle(queued);
            state = self.lock();
            state.free_workers += 1;
        }
    }

    fn handle(&self, Queued { event, since, end }: Queued) {
        let settings = self.pool.settings();
        let policy = settings.async_policy;
        let mut invocations = 0;
        let execution = loop {
            if since.elapsed() > policy.validity {
                break self.pool.refuse(
                    event.id(),
                    PlatformError::new(Cause::Expired { limit: policy.validity }),
                );
            }
            invocations += 1;
            let execution = self.pool.run(event.clone());
            if execution.outcome.is_reply() || invocations > policy.retries || self.lock().stopped {
                break execution;
            }
        };
        let destination =
            if execution.outcome.is_reply() { &settings.on_success } else { &settings.on_failure };
        if let Some(destination) = destination {
            let notification =
                Notification::new(&settings.urn(), &event, invocations, &execution.outcome);
            // One that panics has been reported, and must not take the queue with it.
            let _ = catch_unwind(AssertUnwindSafe(|| destination(&notification)));
        }
        *end.lock() = Some(execution);
        end.reached.notify_all();
    }

    /// What waits gets an error; what runs is ended by the pool.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        let abandoned: Vec<_> = state.queued.drain(..).collect();
        drop(state);
        self.changed.notify_all();
        for Queued { event, end, .. } in abandoned {
            *end.lock() = Some(self.pool.refuse(event.id(), PlatformError::new(Cause::Stopped)));
            end.reached.notify_all();
        }
    }
}
