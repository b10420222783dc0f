//! Asynchronous invocations: a queue, the threads that work on it, retries, and notifications.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::execution::Execution;
use crate::execution::notification::Notification;
use crate::execution::platform_error::{Cause, PlatformError};
use crate::instances::pool::Pool;
use crate::monitor::Monitor;
use crate::runtime_api::event::Event;

/// How many events can wait, of at most 256 KB each.
const MAX_WAITING: usize = 1000;

/// An asynchronous invocation that was accepted.
#[derive(Clone, Debug)]
pub struct AsyncInvocation {
    request_id: String,
    result: Arc<Monitor<Option<Execution>>>,
}

impl AsyncInvocation {
    /// The request id, which is the platform's response to the caller.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Waits until the last attempt has ended and the destination has been notified, and returns
    /// the result of the last attempt; `None` after the time limit.
    #[must_use]
    pub fn wait(&self, limit: Duration) -> Option<Execution> {
        self.result.wait(limit, |result| result.clone())
    }
}

/// The queue and its worker threads. There are at most as many workers as instances, and they start
/// when they are needed.
#[derive(Debug)]
pub(crate) struct AsyncQueue {
    pool: Arc<Pool>,
    state: Monitor<State>,
}

#[derive(Debug, Default)]
struct State {
    queued: VecDeque<QueuedEvent>,
    workers: usize,
    free_workers: usize,
    stopped: bool,
}

#[derive(Debug)]
struct QueuedEvent {
    event: Event,
    since: Instant,
    result: Arc<Monitor<Option<Execution>>>,
}

impl AsyncQueue {
    pub(super) fn new(pool: &Arc<Pool>) -> Arc<Self> {
        Arc::new(Self { pool: Arc::clone(pool), state: Monitor::default() })
    }

    pub(super) fn push(self: &Arc<Self>, event: Event) -> Result<AsyncInvocation, PlatformError> {
        let result = Arc::<Monitor<_>>::default();
        let invocation =
            AsyncInvocation { request_id: event.id().to_owned(), result: Arc::clone(&result) };
        self.state.update(|state| {
            if state.stopped {
                return Err(PlatformError::new(Cause::Stopped));
            }
            if state.queued.len() >= MAX_WAITING {
                return Err(PlatformError::new(Cause::QueueFull { waiting: MAX_WAITING }));
            }
            state.queued.push_back(QueuedEvent { event, since: Instant::now(), result });
            let needs_worker = state.free_workers < state.queued.len()
                && state.workers < self.pool.settings().instances;
            if needs_worker && self.start_worker() {
                state.workers += 1;
                state.free_workers += 1;
            }
            Ok(invocation)
        })
    }

    /// If no thread can be started, the workers that run handle the event later.
    fn start_worker(self: &Arc<Self>) -> bool {
        let queue = Arc::clone(self);
        let worker = thread::Builder::new().name("async-invocations".into());
        worker.spawn(move || queue.work()).is_ok()
    }

    fn work(&self) {
        while let Some(queued) = self.take() {
            self.handle(queued);
            self.state.read(|state| state.free_workers += 1);
        }
    }

    /// Waits for the next event; `None` if the queue is stopped.
    fn take(&self) -> Option<QueuedEvent> {
        self.state.wait(Duration::MAX, |state| {
            if state.stopped {
                return Some(None);
            }
            let queued = state.queued.pop_front()?;
            state.free_workers -= 1;
            Some(Some(queued))
        })?
    }

    fn handle(&self, QueuedEvent { event, since, result }: QueuedEvent) {
        let settings = self.pool.settings();
        let policy = settings.async_policy;
        let mut attempts = 0;
        let execution = loop {
            if since.elapsed() > policy.validity {
                let expired = PlatformError::new(Cause::Expired { limit: policy.validity });
                break self.pool.refuse(event.id(), expired);
            }
            attempts += 1;
            let execution = self.pool.run(event.clone());
            if execution.outcome.is_response()
                || attempts > policy.retries
                || self.state.read(|state| state.stopped)
            {
                break execution;
            }
        };
        let destination = if execution.outcome.is_response() {
            &settings.on_success
        } else {
            &settings.on_failure
        };
        if let Some(destination) = destination {
            let notification =
                Notification::new(&settings.urn(), &event, attempts, &execution.outcome);
            // A destination that panics must not end the worker. The panic has been reported.
            let _ = catch_unwind(AssertUnwindSafe(|| destination(&notification)));
        }
        result.update(|result| *result = Some(execution));
    }

    /// Ends all waiting invocations with an error. The pool ends those that run.
    pub(super) fn stop(&self) {
        let abandoned: Vec<_> = self.state.update(|state| {
            state.stopped = true;
            state.queued.drain(..).collect()
        });
        for QueuedEvent { event, result, .. } in abandoned {
            let stopped = self.pool.refuse(event.id(), PlatformError::new(Cause::Stopped));
            result.update(|result| *result = Some(stopped));
        }
    }
}
