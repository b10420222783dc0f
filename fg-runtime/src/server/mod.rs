//! Serves the function over HTTP, where there is no Runtime API: in a container image, as an HTTP
//! function, on another engine.
//!
//! ```text
//! listen --> initialise ----------> ready
//!   |                                  |
//!   +--> accept --> connection --> request --> invocation --> response --> after-work
//!   |
//! SIGTERM, /shutdown --> accept no more --> what runs is finished --> pre_stop --> exit 0
//! ```
//!
//! Many requests run at once, and each is isolated from another's panic, deadline and log lines.

mod accept_loop;
mod accepted;
mod address;
mod cloud_event;
mod connection_io;
mod connection_state;
mod error_response;
mod event_function;
mod failed;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod http1_connection;
mod linked_body;
mod open_connections;
#[cfg(feature = "http")]
mod patient_body;
mod protocol;
mod readiness;
mod request_body;
mod request_framing;
mod response_body;
#[cfg(feature = "http")]
mod service_body;
#[cfg(feature = "http")]
mod service_function;
mod settings;
mod shutdown_guard;
mod stalled_runtime;
mod wrapped_size;

use std::future::Future;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

use bytes::Bytes;
use fg_core::{Failure, Handler};
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use self::accept_loop::Door;
use self::accepted::Contexts;
use self::connection_state::Link;
use self::event_function::EventFunction;
use self::open_connections::Lookout;
use self::protocol::Unspoken;
use self::readiness::readiness;
use self::shutdown_guard::{Places, Run};
use self::stalled_runtime::Patience;

use crate::invocation::blocking_answer::{LastWords, Listener};
use crate::invocation::call::{end, init};
use crate::invocation::deadline_timer::Alarm;
use crate::invocation::error_audience::Caller;
use crate::invocation::panics;
use crate::invocation::watchdog::{PRE_STOP_LIMIT, Phase, Watchdog};
use crate::log::runtime_log::{self, say};
use crate::run::Start;
use crate::run::make_state::MakeState;
use crate::shutdown::Shutdown;

/// Serves an event function until the process should end.
pub(crate) async fn run<H: Handler>(start: Start, make: impl MakeState<H>) -> ExitCode {
    run_with(start, make, |function: Arc<EventFunction<H>>| {
        move |request, link| Arc::clone(&function).respond(request, link)
    })
    .await
}

/// Serves an HTTP service until the process should end.
#[cfg(feature = "http")]
pub(crate) async fn run_http<S: fg_http::HttpService>(start: Start, service: S) -> ExitCode {
    let answers = |service| {
        move |platform: Arc<EventFunction<fg_http::Gateway<S>>>| {
            let function = Arc::new(service_function::ServiceFunction {
                service: fg_http::Shared::new(service),
                platform,
            });
            move |request, link| Arc::clone(&function).respond(request, link)
        }
    };
    run_with(
        start,
        crate::run::make_state::Made(fg_http::Shared::new(service.clone())),
        answers(service),
    )
    .await
}

/// Listens, initialises, serves, and ends; `answers` makes of the function what answers a request.
async fn run_with<H, A, R, F, B>(start: Start, make: impl MakeState<H>, answers: A) -> ExitCode
where
    H: Handler,
    A: FnOnce(Arc<EventFunction<H>>) -> R + Send,
    R: Fn(Request<Incoming>, Arc<Link>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    if let Some(failure) = &start.no_handler {
        say(format_args!("fg: {}", failure.message()));
        return ExitCode::from(2);
    }
    let grace = match settings::grace(settings::given().as_deref(), start.environment()) {
        Ok(grace) => grace,
        Err(reason) => {
            say(format_args!("fg: {reason}"));
            return ExitCode::from(2);
        }
    };
    let listener = match listen().await {
        Ok(listener) => listener,
        Err(code) => return code,
    };
    let start = Arc::new(start);
    let logger = start.context().logger().clone();
    let log = runtime_log::of(&logger);
    if let Ok(address) = listener.local_addr() {
        log.info(format_args!("listening on {address}"));
    }
    let shutdown = Shutdown::new();
    let watchdog = Watchdog::start(Listener::Nobody, Caller::Platform, None, Some(&shutdown));
    panics::install_hook();
    let lookout = Lookout::new();
    let last_words =
        Arc::new(OfServer { lookout: lookout.clone(), watchdog: Arc::clone(&watchdog) });
    panics::report_aborts_to(&last_words);
    let patience = Patience::new(start.environment().timeout());
    let serving = pin!(async {
        let (announcer, ready) = readiness();
        let initialising = tokio::spawn({
            let (start, patience, watchdog) =
                (Arc::clone(&start), patience.clone(), Arc::clone(&watchdog));
            async move {
                let ctx = start.context();
                let limit = ctx.timeout();
                watchdog.begin_phase(Phase::Init { limit }, start.limits.timeouts.then_some(limit));
                let made = init(make, &ctx, start.limits, &mut Alarm::new()).await;
                watchdog.end_phase(|phase| matches!(phase, Phase::Init { .. }));
                match &made {
                    Ok(_) => start.complete_log(),
                    Err(failure) => runtime_log::of(ctx.logger()).error(failure),
                }
                // The initialisation may block, and has a limit of its own.
                if start.limits.timeouts {
                    patience.watch();
                }
                announcer.announce(made.map(Arc::new));
            }
        });
        lookout.start();
        let (run, drained) = Run::first();
        let (stop, stopping) = watch::channel(false);
        let answer = answers(Arc::new(EventFunction {
            start: Arc::clone(&start),
            contexts: Arc::new(Contexts::new(Arc::clone(&start))),
            ready: ready.clone(),
            places: Places::new(),
            stop: stop.clone(),
            patience,
        }));
        let door = Door::new(lookout.clone());
        let unspoken = Arc::new(Unspoken::new(logger.clone()));
        let serve = |stream: TcpStream, client, place| {
            let link = Link::new(stream, client, place, run.another(), &lookout);
            let (serving, unspoken) = (
                http1_connection::serve(link, stopping.clone(), answer.clone()),
                Arc::clone(&unspoken),
            );
            async move { unspoken.note(serving.await) }
        };
        shutdown
            .or_until_requested(pin!(door.accept(listener, &mut stopping.clone(), serve)))
            .await;
        stop.send_replace(true);
        initialising.abort();
        drop(answer);
        drop(run);
        watchdog.begin_phase(Phase::Draining { grace }, Some(grace));
        if timeout(grace, drained.wait()).await.is_err() {
            log.error(format_args!(
                "not all requests were finished within {grace:?}; the process ends"
            ));
        }
        if let Ok(state) = ready.now() {
            drop(ready);
            let mut ctx = start.context();
            ctx.rest(PRE_STOP_LIMIT);
            watchdog.begin_phase(Phase::PreStop, Some(PRE_STOP_LIMIT));
            end::<H>(&ctx, state, &mut Alarm::new()).await;
        }
        watchdog.end_phase(|_| true);
        if start.is_whole_program {
            watchdog.watch_over_the_end(ExitCode::SUCCESS);
        }
        ExitCode::SUCCESS
    });
    shutdown.listen_during(serving).await
}

/// Answers for what runs, before a panic ends the process.
struct OfServer {
    lookout: Lookout,
    watchdog: Arc<Watchdog>,
}

impl LastWords for OfServer {
    fn speak(&self, failure: &Failure, caller: u64) {
        self.lookout.answer_all(failure, caller);
        self.watchdog.expect_abort();
    }

    fn note_panic(&self, panic: Option<Failure>, caller: u64) {
        self.lookout.note_panic(panic, caller);
    }
}

async fn listen() -> Result<TcpListener, ExitCode> {
    let address = address::address(|name| std::env::var(name).ok()).map_err(|reason| {
        say(format_args!("fg: {reason}"));
        ExitCode::from(2)
    })?;
    TcpListener::bind(address).await.map_err(|error| {
        say(format_args!("fg: cannot listen on {address}: {error}; FG_PORT sets another port"));
        ExitCode::FAILURE
    })
}
