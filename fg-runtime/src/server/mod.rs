//! Serves the function over HTTP, where there is no Runtime API: in a container image, as an HTTP
//! function, on another engine.
//!
//! ```text
//! listen --> initialize ----------> ready
//!   |                                  |
//!   +--> accept --> connection --> request --> invocation --> response --> after-work
//!   |
//! SIGTERM, /shutdown --> accept no more --> finish what runs --> pre_stop --> exit 0
//! ```
//!
//! Many requests run at once, and each is isolated from another's panic, deadline and log lines.

mod accept_loop;
mod connection;
mod exchange;
mod functions;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod settings;

use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

use fg_core::__private::lifecycle;
use fg_core::Failure;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;

use self::accept_loop::AcceptLoop;
use self::connection::blocked_handlers::{BlockedHandlers, LongestTimeout, RuntimeProbe};
use self::connection::http1::{self, Respond};
use self::connection::open_connections::OpenConnections;
use self::connection::protocol::UnsupportedProtocols;
use self::connection::state::ConnectionState;
use self::exchange::in_progress::{InvocationSlots, ShutdownGuard};
use self::exchange::watch_schedule::WatchSchedule;
use self::functions::event_function::EventFunction;
use self::functions::readiness::{Announcer, Readiness};

use crate::invocation::blocking_answer::{AbortResponder, AnswerRoute};
use crate::invocation::call::{end, init};
use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::error_audience::ErrorAudience;
use crate::invocation::init_phase::InitPhase;
use crate::invocation::panics;
use crate::invocation::watchdog::{PRE_STOP_LIMIT, Phase, Watchdog};
use crate::log::runtime_log::{self, report};
use crate::shutdown::Shutdown;
use crate::start::Start;

/// Serves an event function until the process should end.
pub(crate) async fn run<P: InitPhase>(start: Start, phase: P) -> ExitCode {
    run_with(start, phase, |function| function).await
}

/// Serves an HTTP service until the process should end.
#[cfg(feature = "http")]
pub(crate) async fn run_http<P, S>(start: Start, phase: P) -> ExitCode
where
    P: InitPhase<Ready = fg_http::Gateway<S>>,
    S: fg_http::HttpService,
{
    run_with(start, phase, functions::service_function::ServiceFunction).await
}

/// Listens, initializes, serves, and ends; `respond_by` turns the function into what responds to
/// the requests.
async fn run_with<P: InitPhase, R: Respond>(
    start: Start,
    phase: P,
    respond_by: impl FnOnce(EventFunction<P::Ready>) -> R + Send,
) -> ExitCode {
    if let Some(failure) = &start.no_handler {
        report(format_args!("fg: {}", failure.message()));
        return ExitCode::from(2);
    }
    let grace = std::env::var(settings::GRACE_VARIABLE).ok();
    let grace = match settings::shutdown_grace(grace.as_deref(), start.environment()) {
        Ok(grace) => grace,
        Err(reason) => {
            report(format_args!("fg: {reason}"));
            return ExitCode::from(2);
        }
    };
    let listener = match listen().await {
        Ok(listener) => listener,
        Err(code) => return code,
    };
    let takes_http = phase.takes_http();
    let audience = start.audience(takes_http);
    let start = Arc::new(start);
    let logger = start.context().logger().clone();
    let log = runtime_log::of(&logger);
    if let Ok(address) = listener.local_addr() {
        log.info(format_args!("listening on {address}"));
    }
    let shutdown = Shutdown::new();
    let watchdog =
        Watchdog::start(AnswerRoute::Server, ErrorAudience::Owner, None, None, Some(&shutdown));
    panics::install_hook();
    let schedule = Arc::new(WatchSchedule::new(Arc::downgrade(&watchdog)));
    let connections = OpenConnections::new(Arc::clone(&schedule));
    let handlers = Arc::new(BlockedHandlers::new(Arc::clone(&schedule), connections.clone()));
    watchdog.add_task(Arc::clone(&handlers) as _);
    let abort_responder = Arc::new(ServerAbortResponder {
        connections: connections.clone(),
        watchdog: Arc::clone(&watchdog),
    });
    panics::report_aborts_to(&abort_responder);
    let longest_timeout = LongestTimeout::new(start.environment().timeout());
    let serving = pin!(async {
        let readiness = Readiness::default();
        let announcer = Announcer(Arc::clone(&readiness));
        let initializing = tokio::spawn({
            let (start, watchdog) = (Arc::clone(&start), Arc::clone(&watchdog));
            let longest_timeout = longest_timeout.clone();
            async move {
                let ctx = start.context();
                let limit = ctx.timeout();
                watchdog.begin_phase(Phase::Init { limit }, start.limits.timeouts.then_some(limit));
                let initialized = init(phase, &ctx, start.limits, &mut DeadlineTimer::new()).await;
                watchdog.end_phase(|phase| matches!(phase, Phase::Init { .. }));
                match &initialized {
                    Ok(_) => start.complete_log(),
                    Err(failure) => runtime_log::of(ctx.logger()).error(failure),
                }
                // The init phase may block, and has a limit of its own.
                if start.limits.timeouts {
                    handlers.watch_threads(RuntimeProbe::spawn(Handle::current(), longest_timeout));
                    watchdog.wake();
                }
                announcer.announce(initialized);
            }
        });
        let (guard, drained) = ShutdownGuard::new();
        let (stop, stopping) = watch::channel(false);
        let function = Arc::new(respond_by(EventFunction {
            start: Arc::clone(&start),
            readiness: Arc::clone(&readiness),
            audience,
            #[cfg(feature = "http")]
            takes_http,
            slots: InvocationSlots::new(&guard),
            stop: stop.clone(),
            longest_timeout,
        }));
        let accept_loop = AcceptLoop::new(connections.clone());
        let unsupported = Arc::new(UnsupportedProtocols::new(logger.clone()));
        let serve = |stream: TcpStream, client, slot| {
            let (state, reader) =
                ConnectionState::new(stream, client, slot, guard.clone(), &schedule);
            connections.insert(&state);
            let serving = http1::serve(state, reader, stopping.clone(), Arc::clone(&function));
            let unsupported = Arc::clone(&unsupported);
            async move { unsupported.log(serving.await) }
        };
        shutdown
            .or_until_requested(pin!(accept_loop.run(listener, &mut stopping.clone(), serve)))
            .await;
        stop.send_replace(true);
        initializing.abort();
        drop(function);
        drop(guard);
        watchdog.begin_phase(Phase::Draining { grace }, Some(grace));
        if timeout(grace, drained.wait()).await.is_err() {
            log.error(format_args!(
                "not all requests were finished within {grace:?}; the process ends"
            ));
        }
        if let Some(Ok(function)) = readiness.get() {
            let function = Arc::clone(function);
            drop(readiness);
            let mut ctx = start.context();
            lifecycle::rest(&mut ctx, PRE_STOP_LIMIT);
            watchdog.begin_phase(Phase::PreStop, Some(PRE_STOP_LIMIT));
            end::<P::Ready>(&ctx, function, &mut DeadlineTimer::new()).await;
        }
        watchdog.end_phase(|_| true);
        if start.is_whole_program {
            watchdog.watch_exit(ExitCode::SUCCESS);
        }
        ExitCode::SUCCESS
    });
    shutdown.listen_during(serving).await
}

/// Answers all callers that wait before a panic ends the process.
struct ServerAbortResponder {
    connections: OpenConnections,
    watchdog: Arc<Watchdog>,
}

impl AbortResponder for ServerAbortResponder {
    fn answer_before_abort(&self, failure: &Failure, caller: u64) {
        self.connections.answer_all(failure, caller);
        self.watchdog.expect_abort();
    }

    fn set_panic(&self, panic: Option<Failure>, caller: u64) {
        self.connections.note_panic(panic, caller);
    }
}

async fn listen() -> Result<TcpListener, ExitCode> {
    let address = settings::listen_address(|name| std::env::var(name).ok()).map_err(|reason| {
        report(format_args!("fg: {reason}"));
        ExitCode::from(2)
    })?;
    TcpListener::bind(address).await.map_err(|error| {
        report(format_args!("fg: cannot listen on {address}: {error}; FG_PORT sets another port"));
        ExitCode::FAILURE
    })
}
