//! Asynchronous invocations: accepted into the store's queue, run, retried, and finished there.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use bytes::Bytes;
use fg_emulator::{Event, Outcome};
use jiff::Timestamp;
use tokio::time::sleep;

use super::{Invoker, ORIGIN_VERSION_TAG, admission, destination, roll};
use crate::catalog::function::Function;
use crate::catalog::id::random_uuid;
use crate::error::ApiError;
use crate::store::{End, Failure, Invocation, NewInvocation, QueueError};
use crate::urn::{FunctionName, Qualifier};

/// How long an event is valid without a configuration of its own (API reference, "configuring
/// asynchronous invocation": an hour).
const DEFAULT_AGE: Duration = Duration::from_secs(3600);

/// How often a failed invocation is repeated without a configuration of its own: the platform does
/// not repeat a function's own errors then (user guide, "asynchronous invocation").
const DEFAULT_RETRIES: u32 = 0;

/// Refusals of an invocation that can be accepted later.
const WAITED_FOR: [StatusCode; 2] =
    [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];

/// The wait before the first retry; it doubles with each. The platform's is not documented.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The longest wait before a retry.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

impl Invoker {
    /// Accepts an event, and returns its request id. It is run at least once, also if this process
    /// is killed.
    pub(crate) async fn queue(
        self: &Arc<Self>,
        function: &Arc<Function>,
        qualifier: String,
        payload: Vec<u8>,
        headers: Vec<(String, String)>,
    ) -> Result<String, ApiError> {
        let new = NewInvocation {
            request_id: random_uuid(),
            function: function.name.clone(),
            qualifier,
            headers,
            payload: Bytes::from(payload),
        };
        let accepted = self.store.push(new).await?;
        self.schedule(&accepted);
        Ok(accepted.request_id)
    }

    /// Goes on with what a process before this one has left in the queue.
    pub(crate) fn resume(self: &Arc<Self>, unfinished: &[Invocation]) {
        for invocation in unfinished {
            self.schedule(invocation);
        }
    }

    fn schedule(self: &Arc<Self>, invocation: &Invocation) {
        let function = &invocation.function;
        if self.lanes.push(function, invocation.request_id.clone(), self.workers(function)) {
            let (invoker, function) = (Arc::clone(self), function.clone());
            tokio::spawn(async move {
                while let Some(request_id) = invoker.lanes.take(&function) {
                    // What cannot be written now is still in the queue at the next start.
                    if let Err(error) = invoker.run_queued(&request_id).await {
                        invoker.report(&format!(
                            "the asynchronous invocation {request_id} of {function}: {error}"
                        ));
                    }
                }
            });
        }
    }

    /// How many asynchronous invocations of a function run at a time: as many as all its instances
    /// handle.
    fn workers(&self, function: &FunctionName) -> usize {
        self.catalog.get(function).map_or(1, |function| {
            admission::lane_size(function.latest.config.strategy, self.limits.instances)
        })
    }

    /// Runs an invocation until it succeeds, or is given up.
    async fn run_queued(self: &Arc<Self>, request_id: &str) -> Result<(), QueueError> {
        let (mut wait, mut failed) = (FIRST_RETRY, 0);
        loop {
            let (invocation, payload) = match self.store.start(request_id).await {
                // It was cancelled, or its function was deleted.
                Err(QueueError::NotFound | QueueError::State(_)) => return Ok(()),
                begun => begun?,
            };
            let attempt = self.attempt(&invocation, payload, failed).await;
            let (end, failure, outcome) = match attempt {
                Attempt::Repeat { failure, counts } => {
                    failed += u32::from(counts);
                    self.store.retry(request_id, failure).await?;
                    sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_RETRY);
                    continue;
                }
                Attempt::End { end, failure, outcome } => (end, failure, outcome),
            };
            match self.store.finish(request_id, end, failure.unwrap_or_default()).await {
                // It was cancelled while it ran.
                Err(QueueError::NotFound | QueueError::State(_)) => return Ok(()),
                finished => drop(finished?),
            }
            let told = match end {
                End::Success => "succeeded",
                End::Fail => "failed",
                End::Discard => "was discarded",
            };
            self.tell(
                &invocation.function.name,
                &format!("asynchronous invocation {request_id} {told}"),
            );
            if let Some(outcome) = outcome {
                outcome.notify(self).await;
            }
            return Ok(());
        }
    }

    /// Runs an invocation once. `failed` is how often it has failed before.
    async fn attempt(
        self: &Arc<Self>,
        invocation: &Invocation,
        payload: Vec<u8>,
        failed: u32,
    ) -> Attempt {
        let qualifier = Qualifier::parse(&invocation.qualifier);
        let function = match self.catalog.get(&invocation.function) {
            Ok(function) => function,
            Err(error) => return Attempt::discarded(error.message),
        };
        let config = function.async_configs.get(&invocation.qualifier);
        let limit = config
            .map_or(DEFAULT_AGE, |config| Duration::from_secs(config.max_age_in_seconds.into()));
        let age = Timestamp::now().duration_since(invocation.accepted).unsigned_abs();
        if age > limit {
            return Attempt::discarded(format!("the event has waited for more than {limit:?}"));
        }
        let headers = header_map(&invocation.headers);
        let version = match function.choose_version(Some(&qualifier), &headers, roll()) {
            Ok(version) => version.clone(),
            Err(error) => return Attempt::discarded(error.message),
        };
        let mut event = Event::new(payload).request_id(&invocation.request_id).asynchronous();
        if let Qualifier::Alias(_) = qualifier {
            event = event.header(ORIGIN_VERSION_TAG, qualifier.to_string());
        }
        let execution = match self.invoke(&function, &version, event.clone()).await {
            Ok(execution) => execution,
            // It waits for an instance, or for a build of the project, until it is too old.
            Err(error) if WAITED_FOR.contains(&error.status) => {
                return Attempt::Repeat { failure: failure_of_request(&error), counts: false };
            }
            Err(error) => {
                let failure = Some(failure_of_request(&error));
                return Attempt::End { end: End::Fail, failure, outcome: None };
            }
        };
        let failure = failure_of(&execution.outcome);
        let retries = config.map_or(DEFAULT_RETRIES, |config| config.max_retries);
        match failure {
            Some(failure) if failed < retries => Attempt::Repeat { failure, counts: true },
            failure => Attempt::End {
                end: if failure.is_some() { End::Fail } else { End::Success },
                failure,
                outcome: destination::Outcome::of(
                    &self.place,
                    &function,
                    config,
                    &version,
                    &event,
                    failed + 1,
                    &execution,
                ),
            },
        }
    }
}

/// What one attempt has led to.
enum Attempt {
    /// Another one follows. Only what the function itself has done counts against its retries.
    Repeat { failure: Failure, counts: bool },
    /// There is nothing more to do but to tell the destination.
    End { end: End, failure: Option<Failure>, outcome: Option<destination::Outcome> },
}

impl Attempt {
    fn discarded(message: String) -> Self {
        let failure = Some(Failure { code: None, message });
        Self::End { end: End::Discard, failure, outcome: None }
    }
}

fn failure_of_request(error: &ApiError) -> Failure {
    Failure { code: Some(error.status.as_u16().into()), message: error.message.clone() }
}

/// `None` if the function has returned a response.
fn failure_of(outcome: &Outcome) -> Option<Failure> {
    match outcome {
        Outcome::Response(_) | Outcome::Streamed { .. } => None,
        Outcome::Error(error) => Some(Failure {
            code: Some(500),
            message: format!("{}: {}", error.error_type, error.error_message),
        }),
        Outcome::Platform(error) => {
            Some(Failure { code: error.code().parse().ok(), message: error.platform_message() })
        }
    }
}

/// The headers that are kept of an invocation, as the rules of an alias look at them.
fn header_map(headers: &[(String, String)]) -> HeaderMap {
    let header = |(name, value): &(String, String)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
    };
    headers.iter().filter_map(header).collect()
}
