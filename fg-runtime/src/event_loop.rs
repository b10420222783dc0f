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

use fg_core::limits::BUFFER;
use fg_core::{Context, Failure, Handler, Logger, ResponseBuffer};
use tokio::time::sleep;

use crate::after_work;
use crate::alarm::Alarm;
use crate::backoff::Backoff;
use crate::caller::Caller;
use crate::connection::{Answer, Connection, Streamed};
use crate::failure_policy::Fault;
use crate::invocation::{Limits, Outcome, end, init, invoke};
use crate::last_words::{Listener, Peer};
use crate::make_state::MakeState;
use crate::panics;
use crate::run::Start;
use crate::runtime_api::{AnswerKind, BODY_LIMIT};
use crate::shutdown::Shutdown;
use crate::streamed_reply::StreamedReply;
use crate::voice::{self, say};
use crate::watchdog::{PRE_STOP_LIMIT, Phase, Watchdog};

/// An answer gets at least this long to be delivered, even if the handler has used up its time.
const LEAST_TIME_TO_ANSWER: Duration = Duration::from_secs(1);

/// Once the process has been told to end, an answer that cannot be delivered gets this long.
const MOST_TIME_TO_ANSWER_AT_THE_END: Duration = Duration::from_secs(3);

/// Runs the handler until the process should end.
pub(crate) async fn run<H: Handler>(
    mut start: Start,
    address: String,
    make: impl MakeState<H>,
) -> ExitCode {
    let shutdown = Shutdown::new();
    let no_handler = start.no_handler.take();
    let running = pin!(async {
        let mut function = EventLoop::new(&start, start.caller::<H>(), address, &shutdown);
        let init = async {
            match no_handler {
                Some(failure) => Err(failure),
                None => {
                    let limit = function.ctx.timeout();
                    function
                        .watchdog
                        .begin_phase(Phase::Init { limit }, start.limits.timeouts.then_some(limit));
                    init(make, &function.ctx, start.limits, &mut function.alarm).await
                }
            }
        };
        let made = shutdown.or_until_requested(pin!(init)).await;
        function.watchdog.end_phase(|_| true);
        let code = match made {
            Some(Ok(state)) => {
                start.complete_log();
                function.serve::<H>(&state).await;
                function.ctx.rest(PRE_STOP_LIMIT);
                function.watchdog.begin_phase(Phase::PreStop, Some(PRE_STOP_LIMIT));
                end::<H>(&function.ctx, state, &mut function.alarm).await;
                function.watchdog.end_phase(|_| true);
                ExitCode::SUCCESS
            }
            Some(Err(failure)) => function.refuse(failure).await,
            None => ExitCode::SUCCESS,
        };
        if start.is_whole_program {
            function.watchdog.watch_over_the_end(code);
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
    reply: ResponseBuffer,
    /// Who gets the errors.
    caller: Caller,
    shutdown: &'s Shutdown,
    alarm: Alarm,
    limits: Limits,
    /// Whether an answer takes the request for the next event along.
    pipeline: bool,
    watchdog: Arc<Watchdog>,
    backoff: Backoff,
    /// Why polling does not work at the moment.
    trouble: Option<Fault>,
}

enum State {
    Polling,
    Handling,
    Answering(Result<Outcome, Failure>),
    Stopped,
}

impl<'s> EventLoop<'s> {
    fn new(start: &Start, caller: Caller, address: String, shutdown: &'s Arc<Shutdown>) -> Self {
        let peer = Peer::new(address);
        let listener = Listener::RuntimeApi(Arc::clone(&peer));
        let watchdog = Watchdog::start(listener, caller, start.invocation_limit(), Some(shutdown));
        panics::install_hook();
        panics::report_aborts_to(&watchdog);
        Self {
            connection: Connection::new(peer),
            log: start.context().logger().clone(),
            ctx: start.context(),
            reply: ResponseBuffer::new(),
            caller,
            shutdown,
            alarm: Alarm::new(),
            limits: start.limits,
            pipeline: start.pipeline,
            watchdog,
            backoff: Backoff::new(),
            trouble: None,
        }
    }

    async fn serve<H: Handler>(&mut self, state: &H::State) {
        let mut next = State::Polling;
        loop {
            next = match next {
                State::Polling => self.poll().await,
                State::Handling => State::Answering(self.handle::<H>(state).await),
                State::Answering(outcome) => {
                    self.answer(outcome).await;
                    if self.ctx.has_after_work() {
                        self.finish_after_work().await;
                    }
                    self.forget();
                    State::Polling
                }
                State::Stopped => return,
            };
        }
    }

    /// The invocation is over. The instance may be frozen now, or wait for long: what came with the
    /// event is not left in its memory.
    fn forget(&mut self) {
        self.ctx.end();
        if self.reply.body().len() > BUFFER {
            self.reply.clear();
        }
    }

    async fn finish_after_work(&mut self) {
        self.watchdog.begin_after_work(&self.ctx);
        after_work::finish(&self.ctx, &mut self.alarm).await;
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
            self.note(fault);
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
        let mut take_headers = |status, headers: &[httparse::Header<'_>]| {
            is_invocation = status == 200
                && ctx.begin(received, headers.iter().map(|header| (header.name, header.value)));
        };
        match self.connection.receive_event(&mut take_headers).await {
            Ok(200) if is_invocation => {
                self.take_off();
                Ok(State::Handling)
            }
            Ok(200) => Err(Fault::NoRequestId),
            Ok(204) => Err(Fault::NoEvent),
            Ok(status) => Err(Fault::status(status, self.connection.body())),
            Err(Fault::BodyTooLarge) if is_invocation => {
                self.take_off();
                let message =
                    format!("the payload is larger than {BODY_LIMIT} bytes and was not read");
                Ok(State::Answering(Err(Failure::new(Failure::INVALID_PAYLOAD, message))))
            }
            Err(fault) => Err(fault),
        }
    }

    /// An event has been received: from now on an answer is owed.
    fn take_off(&mut self) {
        self.watchdog.begin(&self.ctx);
    }

    /// Logs that polling has begun to fail, or fails in another way than before; not each attempt.
    fn note(&mut self, fault: Fault) {
        if matches!(fault, Fault::NoEvent) {
            return;
        }
        if !self.trouble.as_ref().is_some_and(|trouble| trouble.is_like(&fault)) {
            let address = self.connection.address();
            voice::of(&self.log).warn(format_args!(
                "cannot take an event from the Runtime API at {address}: {fault}; trying again"
            ));
        }
        self.trouble = Some(fault);
    }

    fn recover(&mut self) {
        self.backoff.reset();
        if self.trouble.take().is_some() {
            voice::of(&self.log).info("the Runtime API answers again");
        }
    }

    async fn handle<H: Handler>(&mut self, state: &H::State) -> Result<Outcome, Failure> {
        let Self { connection, ctx, reply, limits, alarm, .. } = self;
        invoke::<H>(connection.body(), ctx, state, reply, *limits, alarm).await
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
        voice::of(self.ctx.logger()).error(failure);
        let told = self.caller.told(failure, self.ctx.request_id());
        self.reply.set_bytes(told.to_json(), "application/json");
    }

    /// Delivers the answer, through whatever faults there are while time remains.
    async fn deliver(&mut self, mut kind: AnswerKind) {
        let begun = Instant::now();
        let mut until = self.ctx.deadline().max(begun + LEAST_TIME_TO_ANSWER);
        let mut backoff = Backoff::new();
        let (mut may_have_arrived, mut is_shortest) = (false, false);
        let mut and_request_event =
            self.pipeline && !self.ctx.has_after_work() && !self.shutdown.is_requested();
        // For a second attempt while the next event may come on the first connection.
        let mut spare = None;
        loop {
            let (request_id, content_type, body) =
                (self.ctx.request_id(), self.reply.content_type(), self.reply.body());
            let answer = Answer { kind, request_id, content_type, body };
            let connection = if self.connection.is_ahead() {
                spare.get_or_insert_with(|| Connection::new(self.connection.peer()))
            } else {
                &mut self.connection
            };
            let sent = self.alarm.limit(until, connection.answer(&answer, and_request_event)).await;
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
                    let refused = if is_shortest { "error" } else { "reply" };
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
                let log = voice::of(self.ctx.logger());
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
                voice::of(self.ctx.logger())
                    .warn(format_args!("the answer could not be sent: {fault}; trying again"));
            }
            sleep(pause).await;
        }
    }

    /// Delivers a streamed answer. It can be sent again as long as its second piece has not been
    /// made; after that, what goes wrong is seen by the caller as a body without an end, and logged
    /// here.
    async fn deliver_pieces(&mut self, mut pieces: StreamedReply) {
        let until = self.ctx.deadline().max(Instant::now() + LEAST_TIME_TO_ANSWER);
        let first = pieces.take_ready();
        let (mut went_on, mut backoff) = (false, Backoff::new());
        loop {
            let (request_id, content_type) = (self.ctx.request_id(), self.reply.content_type());
            let sending = self.connection.answer_in_pieces(
                request_id,
                content_type,
                first.as_ref(),
                &mut pieces,
                &mut went_on,
            );
            let fault = match self.alarm.limit(until, sending).await {
                Some(Ok(Streamed::Whole(200..=299))) => break,
                Some(Ok(Streamed::Cut(failure))) => {
                    pieces.log_end(&failure);
                    break;
                }
                Some(Ok(Streamed::Whole(413) | Streamed::Refused(413))) => {
                    drop(pieces);
                    let message = "the platform refused the streamed reply as too large; is response streaming switched on for this function?";
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
            if went_on || !fault.may_pass() || Instant::now() + pause >= until {
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
        voice::of(&self.log).info(
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
