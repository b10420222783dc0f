//! The event loop of the custom runtime: polls for an event, handles it, sends the answer, and
//! repeats.
//!
//! - Each received event gets exactly one answer that the Runtime API accepted: a response or an
//!   error response.
//! - Nothing on the wire ends the process. An invocation ends it only by blocking its thread past
//!   its time, or by an abort.
//! - The process ends on a signal, between two invocations; or if the function cannot be
//!   initialized, after one invocation has been answered with the error.

mod delivery;

use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use fg_core::__private::lifecycle;
use fg_core::limits::BUFFER;
use fg_core::{Context, Failure, Logger, ReadyFunction, ResponseBuffer};
use tokio::time::sleep;

use crate::custom_runtime::api_connection::Connection;
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
use crate::invocation::watchdog::{PRE_STOP_LIMIT, Phase, Watchdog};
use crate::log::runtime_log::{self, report};
use crate::runtime_api::BODY_LIMIT;
use crate::shutdown::Shutdown;
use crate::start::Start;

/// Runs the function until shutdown is requested.
pub(crate) async fn run<P: InitPhase>(mut start: Start, address: String, phase: P) -> ExitCode {
    let shutdown = Shutdown::new();
    let no_handler = start.no_handler.take();
    let running = pin!(async {
        let audience = start.audience(phase.takes_http());
        let mut event_loop = EventLoop::new(&start, audience, address, &shutdown);
        let init = async {
            match no_handler {
                Some(failure) => Err(failure),
                None => init(phase, &event_loop.ctx, start.limits, &mut event_loop.timer).await,
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
            Some(Err(failure)) => event_loop.answer_init_failure(failure).await,
            None => ExitCode::SUCCESS,
        };
        if start.is_whole_program {
            event_loop.watchdog.watch_exit(code);
        }
        code
    });
    shutdown.listen_during(running).await
}

/// The state machine and its shared data.
struct EventLoop<'s> {
    connection: Connection,
    ctx: Context,
    /// The logger for messages that belong to no invocation.
    log: Logger,
    output: ResponseBuffer,
    audience: ErrorAudience,
    shutdown: &'s Shutdown,
    timer: DeadlineTimer,
    limits: Limits,
    /// Whether the request for the next event is sent with the answer.
    pipeline: bool,
    watchdog: Arc<Watchdog>,
    backoff: Backoff,
    /// The fault of the last poll, if it failed.
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
        let ctx = start.context();
        let limit = ctx.timeout();
        let watchdog = Watchdog::start(
            route,
            audience,
            start.invocation_limit(),
            Some((Phase::Init { limit }, start.limits.timeouts.then_some(limit))),
            Some(shutdown),
        );
        panics::install_hook();
        panics::report_aborts_to(&watchdog);
        Self {
            connection: Connection::new(api),
            log: ctx.logger().clone(),
            ctx,
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
                    self.clear_invocation();
                    State::Polling
                }
                State::Stopped => return,
            };
        }
    }

    /// Clears the data of a finished invocation, since the instance may now be frozen or wait for
    /// long.
    fn clear_invocation(&mut self) {
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

    /// Reports a failed init phase on standard error, and answers one invocation with it.
    async fn answer_init_failure(&mut self, failure: Failure) -> ExitCode {
        report(format_args!("fg: {failure}"));
        match self.poll().await {
            State::Handling | State::Answering(_) => self.answer(Err(failure)).await,
            State::Polling | State::Stopped => {}
        }
        ExitCode::FAILURE
    }

    /// Waits for the next event, and retries after each fault.
    async fn poll(&mut self) -> State {
        loop {
            let fault = match self.poll_once().await {
                Ok(State::Stopped) => return State::Stopped,
                Ok(next) => {
                    self.reset_poll_fault();
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
        let was_pipelined = self.connection.is_pipelined();
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
        if was_pipelined && begun.is_err() {
            self.disable_pipelining();
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

    /// Begins the invocation of a received event, which has to be answered.
    fn begin_invocation(&mut self) {
        self.watchdog.begin(&self.ctx);
    }

    /// Logs the first of a series of equal faults, not each attempt.
    fn log_poll_fault(&mut self, fault: Fault) {
        if matches!(fault, Fault::NoEvent) {
            return;
        }
        if !self.poll_fault.as_ref().is_some_and(|previous| previous.is_same_kind(&fault)) {
            let address = self.connection.address();
            runtime_log::of(&self.log).warn(format_args!(
                "cannot take an event from the Runtime API at {address}: {fault}; trying again"
            ));
        }
        self.poll_fault = Some(fault);
    }

    fn reset_poll_fault(&mut self) {
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
}

#[cfg(test)]
#[path = "event_loop_tests.rs"]
mod tests;
