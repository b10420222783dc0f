//! The invocation loop of the custom runtime: take an event, handle it, answer it, and again.
//!
//! - Each event that was received ends in exactly one answer that the Runtime API accepted: a reply
//!   or an error that says why.
//! - Nothing on the wire ends the process; in an invocation only what blocks its thread past its
//!   time does, and what no program survives.
//! - The process ends when it is told to, between two invocations; or when the function cannot be
//!   initialised, after one invocation has been told so.

use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fg_core::__private::lifecycle;
use fg_core::limits::BUFFER;
use fg_core::{Context, Failure, Logger, ReadyFunction, ResponseBuffer};
use tokio::time::sleep;

use crate::custom_runtime::api_connection::{Answer, Connection, Streamed};
use crate::custom_runtime::backoff::Backoff;
use crate::custom_runtime::fault_policy::Fault;
use crate::invocation::after_response_work;
use crate::invocation::blocking_answer::{AnswerRoute, ApiAddress};
use crate::invocation::call::{Initialized, Outcome, end, init, invoke};
use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::error_audience::ErrorAudience;
use crate::invocation::init_phase::InitPhase;
use crate::invocation::limits::Limits;
use crate::invocation::panics;
use crate::invocation::streamed_response::StreamedResponse;
use crate::invocation::watchdog::{PRE_STOP_LIMIT, Phase, Watchdog};
use crate::log::runtime_log::{self, say};
use crate::runtime_api::{AnswerKind, BODY_LIMIT};
use crate::shutdown::Shutdown;
use crate::start::Start;

/// An answer gets at least this long to be delivered, even if the handler has used up its time.
const LEAST_TIME_TO_ANSWER: Duration = Duration::from_secs(1);

/// Once the process has been told to end, an answer that cannot be delivered gets this long.
const MOST_TIME_TO_ANSWER_AT_THE_END: Duration = Duration::from_secs(3);

/// Runs the handler until the process should end.
pub(crate) async fn run<P: InitPhase>(mut start: Start, address: String, phase: P) -> ExitCode {
    let shutdown = Shutdown::new();
    let no_handler = start.no_handler.take();
    let running = pin!(async {
        let audience = start.audience(phase.takes_http());
        let mut event_loop = EventLoop::new(&start, audience, address, &shutdown);
        let init = async {
            match no_handler {
                Some(failure) => Err(failure),
                None => {
                    let limit = event_loop.ctx.timeout();
                    event_loop
                        .watchdog
                        .begin_phase(Phase::Init { limit }, start.limits.timeouts.then_some(limit));
                    init(phase, &event_loop.ctx, start.limits, &mut event_loop.timer).await
                }
            }
        };
        let initialized = shutdown.or_until_requested(pin!(init)).await;
        event_loop.watchdog.end_phase(|_| true);
        let code = match initialized {
            Some(Ok(function)) => {
                start.complete_log();
                event_loop.serve(&function).await;
                lifecycle::rest(&mut event_loop.ctx, PRE_STOP_LIMIT);
                event_loop.watchdog.begin_phase(Phase::PreStop, Some(PRE_STOP_LIMIT));
                end(&event_loop.ctx, function, &mut event_loop.timer).await;
                event_loop.watchdog.end_phase(|_| true);
                ExitCode::SUCCESS
            }
            Some(Err(failure)) => event_loop.refuse(failure).await,
            None => ExitCode::SUCCESS,
        };
        if start.is_whole_program {
            event_loop.watchdog.watch_over_the_end(code);
        }
        code
    });
    shutdown.listen_during(running).await
}

/// The state machine, and what its states share.
struct EventLoop<'s> {
    connection: Connection,
    ctx: Context,
    /// For what belongs to no invocation.
    log: Logger,
    output: ResponseBuffer,
    audience: ErrorAudience,
    shutdown: &'s Shutdown,
    timer: DeadlineTimer,
    limits: Limits,
    /// Whether an answer takes the request for the next event along.
    pipeline: bool,
    watchdog: Arc<Watchdog>,
    backoff: Backoff,
    /// Why polling does not work at the moment.
    poll_fault: Option<Fault>,
}

enum State {
    Polling,
    Handling,
    Answering(Result<Outcome, Failure>),
    Stopped,
}

impl<'s> EventLoop<'s> {
    fn new(
        start: &Start,
        audience: ErrorAudience,
        address: String,
        shutdown: &'s Arc<Shutdown>,
    ) -> Self {
        let api = ApiAddress::new(address);
        let route = AnswerRoute::RuntimeApi(Arc::clone(&api));
        let watchdog = Watchdog::start(route, audience, start.invocation_limit(), Some(shutdown));
        panics::install_hook();
        panics::report_aborts_to(&watchdog);
        Self {
            connection: Connection::new(api),
            log: start.context().logger().clone(),
            ctx: start.context(),
            output: ResponseBuffer::new(),
            audience,
            shutdown,
            timer: DeadlineTimer::new(),
            limits: start.limits,
            pipeline: start.pipeline,
            watchdog,
            backoff: Backoff::new(),
            poll_fault: None,
        }
    }

    async fn serve<R: ReadyFunction>(&mut self, function: &Initialized<R>) {
        let mut next = State::Polling;
        loop {
            next = match next {
                State::Polling => self.poll().await,
                State::Handling => State::Answering(self.handle(function).await),
                State::Answering(outcome) => {
                    self.answer(outcome).await;
                    if lifecycle::has_after_work(&self.ctx) {
                        self.finish_after_work().await;
                    }
                    self.release();
                    State::Polling
                }
                State::Stopped => return,
            };
        }
    }

    /// The invocation is over. The instance may be frozen now, or wait for long: what came with the
    /// event is not left in its memory.
    fn release(&mut self) {
        lifecycle::end(&mut self.ctx);
        if self.output.body().len() > BUFFER {
            self.output.clear();
        }
    }

    async fn finish_after_work(&mut self) {
        self.watchdog.begin_after_work(&self.ctx);
        after_response_work::finish(&self.ctx, &mut self.timer).await;
        self.watchdog.end_phase(|_| true);
    }

    /// There is no handler to call: one caller is told why, and standard error too.
    async fn refuse(&mut self, failure: Failure) -> ExitCode {
        say(format_args!("fg: {failure}"));
        match self.poll().await {
            State::Handling | State::Answering(_) => self.answer(Err(failure)).await,
            State::Polling | State::Stopped => {}
        }
        ExitCode::FAILURE
    }

    /// Waits for the next event, through whatever faults there are.
    async fn poll(&mut self) -> State {
        loop {
            let fault = match self.poll_once().await {
                Ok(State::Stopped) => return State::Stopped,
                Ok(next) => {
                    self.recover();
                    return next;
                }
                Err(fault) => fault,
            };
            if fault.is_stale_connection() {
                continue;
            }
            self.log_poll_fault(fault);
            let pause = self.backoff.pause();
            if self.shutdown.or_until_requested(pin!(sleep(pause))).await.is_none() {
                return State::Stopped;
            }
        }
    }

    async fn poll_once(&mut self) -> Result<State, Fault> {
        let was_ahead = self.connection.is_ahead();
        let begun = if self.connection.has_next() {
            self.connection.request_event().await
        } else {
            let Some(begun) =
                self.shutdown.or_until_requested(pin!(self.connection.request_event())).await
            else {
                self.connection.close();
                return Ok(State::Stopped);
            };
            begun
        };
        if was_ahead && begun.is_err() {
            self.stop_pipelining();
        }
        begun?;
        let received = Instant::now();
        let ctx = &mut self.ctx;
        let mut is_invocation = false;
        let mut take_headers = |status, head: &[u8], headers: &[httparse::Header<'_>]| {
            is_invocation = status == 200
                && lifecycle::begin_with_head(
                    ctx,
                    received,
                    head,
                    headers.iter().map(|header| (header.name, header.value)),
                );
        };
        match self.connection.receive_event(&mut take_headers).await {
            Ok(200) if is_invocation => {
                self.begin_invocation();
                Ok(State::Handling)
            }
            Ok(200) => Err(Fault::NoRequestId),
            Ok(204) => Err(Fault::NoEvent),
            Ok(status) => Err(Fault::status(status, self.connection.body())),
            Err(Fault::BodyTooLarge) if is_invocation => {
                self.begin_invocation();
                let message =
                    format!("the payload is larger than {BODY_LIMIT} bytes and was not read");
                Ok(State::Answering(Err(Failure::new(Failure::INVALID_PAYLOAD, message))))
            }
            Err(fault) => Err(fault),
        }
    }

    /// An event has been received: from now on an answer is owed.
    fn begin_invocation(&mut self) {
        self.watchdog.begin(&self.ctx);
    }

    /// Logs that polling has begun to fail, or fails in another way than before; not each attempt.
    fn log_poll_fault(&mut self, fault: Fault) {
        if matches!(fault, Fault::NoEvent) {
            return;
        }
        if !self.poll_fault.as_ref().is_some_and(|trouble| trouble.is_like(&fault)) {
            let address = self.connection.address();
            runtime_log::of(&self.log).warn(format_args!(
                "cannot take an event from the Runtime API at {address}: {fault}; trying again"
            ));
        }
        self.poll_fault = Some(fault);
    }

    fn recover(&mut self) {
        self.backoff.reset();
        if self.poll_fault.take().is_some() {
            runtime_log::of(&self.log).info("the Runtime API answers again");
        }
    }

    async fn handle<R: ReadyFunction>(
        &mut self,
        function: &Initialized<R>,
    ) -> Result<Outcome, Failure> {
        let Self { connection, ctx, output, limits, timer, .. } = self;
        invoke(connection.body(), ctx, function, output, *limits, timer).await
    }

    async fn answer(&mut self, outcome: Result<Outcome, Failure>) {
        if !self.watchdog.claim_for(&outcome) {
            // The watchdog has answered and is about to end the process.
            std::future::pending::<()>().await;
        }
        match outcome {
            Ok(Outcome::Buffered) => self.deliver(AnswerKind::Response).await,
            Ok(Outcome::Streamed(pieces)) => self.deliver_pieces(*pieces).await,
            Err(failure) => self.deliver_failure(&failure).await,
        }
    }

    /// A failure is logged here, once, before it is sent.
    async fn deliver_failure(&mut self, failure: &Failure) {
        self.answer_with(failure);
        self.deliver(AnswerKind::Error).await;
    }

    fn answer_with(&mut self, failure: &Failure) {
        runtime_log::of(self.ctx.logger()).error(failure);
        let shown = self.audience.shown(failure, self.ctx.request_id());
        self.output.set_bytes(shown.to_json(), "application/json");
    }

    /// Delivers the answer, through whatever faults there are while time remains.
    async fn deliver(&mut self, mut kind: AnswerKind) {
        let begun = Instant::now();
        let mut until = self.ctx.deadline().max(begun + LEAST_TIME_TO_ANSWER);
        let mut backoff = Backoff::new();
        let (mut may_have_arrived, mut is_shortest) = (false, false);
        let mut and_request_event =
            self.pipeline && !lifecycle::has_after_work(&self.ctx) && !self.shutdown.is_requested();
        // For a second attempt while the next event may come on the first connection.
        let mut spare = None;
        loop {
            let (request_id, content_type, body) =
                (self.ctx.request_id(), self.output.content_type(), self.output.body());
            let answer = Answer { kind, request_id, content_type, body };
            let connection = if self.connection.is_ahead() {
                spare.get_or_insert_with(|| Connection::new(self.connection.api()))
            } else {
                &mut self.connection
            };
            let sent = self.timer.limit(until, connection.answer(&answer, and_request_event)).await;
            let fault = match sent {
                Some(Ok(200..=299)) => {
                    if and_request_event && !self.connection.is_ahead() {
                        self.stop_pipelining();
                    }
                    return;
                }
                // Whatever is too large, its caller gets an answer: an error, and if that is too
                // large as well, one of a few words.
                Some(Ok(413)) if !is_shortest => {
                    is_shortest = kind == AnswerKind::Error;
                    let refused = if is_shortest { "error" } else { "response" };
                    let message = format!(
                        "the platform refused the {refused} of {} bytes as too large",
                        body.len()
                    );
                    self.answer_with(&Failure::new(Failure::RESPONSE_TOO_LARGE, message));
                    kind = AnswerKind::Error;
                    and_request_event = false;
                    continue;
                }
                Some(Ok(status)) => Fault::status(status, connection.body()),
                Some(Err(fault)) => fault,
                None => {
                    connection.close();
                    return self.report_undelivered(&Fault::Unacknowledged);
                }
            };
            and_request_event = false;
            if may_have_arrived && fault.is_refusal() {
                let log = runtime_log::of(self.ctx.logger());
                return log.warn(format_args!("the answer was sent again, and refused: it has probably arrived before: {fault}"));
            }
            may_have_arrived |= fault.leaves_arrival_open();
            if fault.is_stale_connection() {
                continue;
            }
            if self.shutdown.is_requested() {
                until = until.min(begun + MOST_TIME_TO_ANSWER_AT_THE_END);
            }
            let pause = backoff.pause();
            if !fault.may_pass() || Instant::now() + pause >= until {
                return self.report_undelivered(&fault);
            }
            if backoff.pauses() == 1 {
                runtime_log::of(self.ctx.logger())
                    .warn(format_args!("the answer could not be sent: {fault}; trying again"));
            }
            sleep(pause).await;
        }
    }

    /// Delivers a streamed answer. It can be sent again as long as its second piece has not been
    /// made; after that, what goes wrong is seen by the caller as a body without an end, and logged
    /// here.
    async fn deliver_pieces(&mut self, mut pieces: StreamedResponse) {
        let until = self.ctx.deadline().max(Instant::now() + LEAST_TIME_TO_ANSWER);
        let first = pieces.take_ready();
        let (mut second_chunk_was_sent, mut backoff) = (false, Backoff::new());
        loop {
            let (request_id, content_type) = (self.ctx.request_id(), self.output.content_type());
            let sending = self.connection.answer_in_pieces(
                request_id,
                content_type,
                first.as_ref(),
                &mut pieces,
                &mut second_chunk_was_sent,
            );
            let fault = match self.timer.limit(until, sending).await {
                Some(Ok(Streamed::Whole(200..=299))) => break,
                Some(Ok(Streamed::Cut(failure))) => {
                    pieces.log_end(&failure);
                    break;
                }
                Some(Ok(Streamed::Whole(413) | Streamed::Refused(413))) => {
                    drop(pieces);
                    let message = "the platform refused the streamed response as too large; is response streaming switched on for this function?";
                    self.watchdog.claim();
                    return self
                        .deliver_failure(&Failure::new(Failure::RESPONSE_TOO_LARGE, message))
                        .await;
                }
                Some(Ok(Streamed::Whole(status) | Streamed::Refused(status))) => {
                    Fault::status(status, self.connection.body())
                }
                Some(Err(fault)) => fault,
                None => {
                    self.connection.close();
                    Fault::Unacknowledged
                }
            };
            let pause = if fault.is_stale_connection() { Duration::ZERO } else { backoff.pause() };
            if second_chunk_was_sent || !fault.may_pass() || Instant::now() + pause >= until {
                self.report_undelivered(&fault);
                break;
            }
            sleep(pause).await;
        }
        // What is left of it is the user's, and may block.
        drop(pieces);
        self.watchdog.claim();
    }

    /// The server does not take a second request before it has answered the first, so from now on
    /// it gets one at a time.
    fn stop_pipelining(&mut self) {
        self.pipeline = false;
        runtime_log::of(&self.log).info(
            "the Runtime API closes the connection after an answer; pipelining is off from now on",
        );
    }

    fn report_undelivered(&self, fault: &Fault) {
        let request_id = self.ctx.request_id();
        say(format_args!("fg: the answer to request {request_id} could not be delivered: {fault}"));
    }
}

#[cfg(test)]
#[path = "event_loop_tests.rs"]
mod tests;
