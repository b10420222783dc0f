//! Sends the answer of an invocation, again if need be while time remains.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use fg_core::__private::lifecycle;
use fg_core::Failure;
use tokio::time::sleep;

use super::EventLoop;
use crate::custom_runtime::api_connection::{Answer, Connection, StreamedAnswer};
use crate::custom_runtime::backoff::Backoff;
use crate::custom_runtime::fault_policy::Fault;
use crate::invocation::call::Outcome;
use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::streamed_response::StreamedResponse;
use crate::invocation::watchdog::Watchdog;
use crate::log::runtime_log::{self, report};
use crate::runtime_api::AnswerKind;

/// The least time for sending an answer, even if the handler has used up its own.
const MIN_ANSWER_TIME: Duration = Duration::from_secs(1);

/// The most time for sending an answer once shutdown has been requested.
const ANSWER_TIME_AT_SHUTDOWN: Duration = Duration::from_secs(3);

impl EventLoop<'_> {
    /// Sends the answer of the invocation.
    pub(super) async fn answer(&mut self, outcome: Result<Outcome, Failure>) {
        if !self.watchdog.claim_for(&outcome) {
            // The watchdog has answered and is about to end the process.
            std::future::pending::<()>().await;
        }
        let failed = match outcome {
            Ok(Outcome::Buffered) => None,
            Ok(Outcome::Streamed(chunks)) => match self.deliver_stream(chunks).await {
                Ok(()) => return,
                Err(refused) => Some(refused),
            },
            Err(failure) => Some(failure),
        };
        let kind = match &failed {
            None => AnswerKind::Response,
            Some(failure) => {
                self.set_error_response(failure);
                AnswerKind::Error
            }
        };
        self.deliver(kind).await;
    }

    /// Logs the failure, and prepares the error response.
    fn set_error_response(&mut self, failure: &Failure) {
        runtime_log::of(self.ctx.logger()).error(failure);
        let visible = self.audience.redact(failure, self.ctx.request_id());
        self.output.set_bytes(visible.to_json(), "application/json");
    }

    /// Sends the answer, and retries after faults while time remains.
    async fn deliver(&mut self, mut kind: AnswerKind) {
        let begun = Instant::now();
        let mut until = self.ctx.deadline().max(begun + MIN_ANSWER_TIME);
        let mut backoff = Backoff::new();
        let (mut may_have_arrived, mut is_shortest) = (false, false);
        let mut and_request_event =
            self.pipeline && !lifecycle::has_after_work(&self.ctx) && !self.shutdown.is_requested();
        // For a retry while the next event may arrive on the first connection.
        let mut spare = None;
        loop {
            let (request_id, content_type, body) =
                (self.ctx.request_id(), self.output.content_type(), self.output.body());
            let answer = Answer { kind, request_id, content_type, body };
            let connection = if self.connection.is_pipelined() {
                spare.get_or_insert_with(|| Connection::new(self.connection.api()))
            } else {
                &mut self.connection
            };
            let answering = connection.answer(&answer, and_request_event);
            let sent = limit(until, answering, &self.watchdog, &mut self.timer).await;
            let fault = match sent {
                Some(Ok(200..=299)) => {
                    if and_request_event && !self.connection.is_pipelined() {
                        self.disable_pipelining();
                    }
                    return;
                }
                // The caller gets an error response instead, and a short one if that is too large
                // as well.
                Some(Ok(413)) if !is_shortest => {
                    is_shortest = kind == AnswerKind::Error;
                    let refused = if is_shortest { "error" } else { "response" };
                    let message = format!(
                        "the platform refused the {refused} of {} bytes as too large",
                        body.len()
                    );
                    self.set_error_response(&Failure::new(Failure::RESPONSE_TOO_LARGE, message));
                    kind = AnswerKind::Error;
                    and_request_event = false;
                    continue;
                }
                Some(Ok(status)) => Fault::status(status, connection.body()),
                Some(Err(fault)) => fault,
                None => {
                    connection.close();
                    return self.log_undelivered(&Fault::Unacknowledged);
                }
            };
            and_request_event = false;
            if may_have_arrived && fault.is_refusal() {
                let log = runtime_log::of(self.ctx.logger());
                return log.warn(format_args!("the answer was sent again, and refused: it has probably arrived before: {fault}"));
            }
            may_have_arrived |= fault.may_have_arrived();
            if fault.is_stale_connection() {
                continue;
            }
            if self.shutdown.is_requested() {
                until = until.min(begun + ANSWER_TIME_AT_SHUTDOWN);
            }
            let pause = backoff.pause();
            if !fault.is_transient() || Instant::now() + pause >= until {
                return self.log_undelivered(&fault);
            }
            if backoff.pauses() == 1 {
                runtime_log::of(self.ctx.logger())
                    .warn(format_args!("the answer could not be sent: {fault}; trying again"));
            }
            sleep(pause).await;
        }
    }

    /// Sends a streamed answer. It can be sent again until the stream yields its second chunk.
    /// After that a fault truncates the body that the caller sees, and is logged here. `Err` is the
    /// error response if the platform refuses the answer as too large.
    async fn deliver_stream(&mut self, mut chunks: Box<StreamedResponse>) -> Result<(), Failure> {
        let until = self.ctx.deadline().max(Instant::now() + MIN_ANSWER_TIME);
        let first = chunks.take_ready();
        let (mut second_chunk_was_sent, mut backoff) = (false, Backoff::new());
        let mut delivered = Ok(());
        loop {
            let (request_id, content_type) = (self.ctx.request_id(), self.output.content_type());
            let sending = self.connection.answer_chunked(
                request_id,
                content_type,
                first.as_ref(),
                &mut chunks,
                &mut second_chunk_was_sent,
            );
            let fault = match self.timer.limit(until, sending).await {
                Some(Ok(StreamedAnswer::Complete(200..=299))) => break,
                Some(Ok(StreamedAnswer::Truncated(failure))) => {
                    chunks.log_end(&failure);
                    break;
                }
                Some(Ok(StreamedAnswer::Complete(413) | StreamedAnswer::Refused(413))) => {
                    let message = "the platform refused the streamed response as too large; is response streaming switched on for this function?";
                    delivered = Err(Failure::new(Failure::RESPONSE_TOO_LARGE, message));
                    break;
                }
                Some(Ok(StreamedAnswer::Complete(status) | StreamedAnswer::Refused(status))) => {
                    Fault::status(status, self.connection.body())
                }
                Some(Err(fault)) => fault,
                None => {
                    self.connection.close();
                    Fault::Unacknowledged
                }
            };
            let pause = if fault.is_stale_connection() { Duration::ZERO } else { backoff.pause() };
            if second_chunk_was_sent || !fault.is_transient() || Instant::now() + pause >= until {
                self.log_undelivered(&fault);
                break;
            }
            sleep(pause).await;
        }
        // Dropped before the claim, since the drop runs user code that may block.
        drop(chunks);
        self.watchdog.claim();
        delivered
    }

    /// Turns pipelining off, since the server does not accept a second request before it has
    /// answered the first.
    pub(super) fn disable_pipelining(&mut self) {
        self.pipeline = false;
        runtime_log::of(&self.log).info(
            "the Runtime API closes the connection after an answer; pipelining is off from now on",
        );
    }

    fn log_undelivered(&self, fault: &Fault) {
        let request_id = self.ctx.request_id();
        report(format_args!(
            "fg: the answer to request {request_id} could not be delivered: {fault}"
        ));
    }
}

/// Waits for the answer until `time`. `None` if it has not been acknowledged by then.
async fn limit<F: Future>(
    time: Instant,
    answering: F,
    watchdog: &Watchdog,
    timer: &mut DeadlineTimer,
) -> Option<F::Output> {
    let mut answering = pin!(answering);
    poll_fn(|task| match answering.as_mut().poll(task) {
        Poll::Ready(sent) => Poll::Ready(Some(sent)),
        Poll::Pending if watchdog.has_alarm() => watchdog.poll_at(time, task).map(|()| None),
        Poll::Pending => timer.poll_at(time, task).map(|()| None),
    })
    .await
}
