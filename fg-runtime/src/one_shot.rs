//! One invocation in a shell: the event from standard input, the reply to standard output, everything else to standard error.

use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::time::Instant;

use fg_core::{Failure, Handler, Reply, header_names};

use crate::alarm::Alarm;
use crate::caller::Caller;
use crate::event_loop::PRE_STOP_LIMIT;
use crate::invocation::{Outcome, end, init, invoke};
use crate::last_words::Listener;
use crate::make_state::MakeState;
use crate::request_id::random_request_id;
use crate::run::Start;
use crate::stderr::say;
use crate::summary::Summary;
use crate::watchdog::{Flight, margins};
use crate::{after_work, panics};

/// Runs the handler on one event; the exit code says whether it succeeded.
pub(crate) async fn run<H: Handler>(start: Start, make: impl MakeState<H>) -> ExitCode {
    if let Some(failure) = &start.no_handler {
        say(format_args!("fg: {}", failure.message()));
        return ExitCode::from(2);
    }
    let mut payload = Vec::new();
    if let Err(error) = io::stdin().lock().read_to_end(&mut payload) {
        say(format_args!("fg: cannot read the event from standard input: {error}"));
        return ExitCode::from(2);
    }
    let flight = Flight::new(Listener::Stdout, Caller::Platform);
    panics::install_hook();
    panics::report_aborts_of(&flight);
    let mut ctx = start.context();
    let (mut reply, mut alarm) = (Reply::new(), Alarm::new());

    let state = match init(make, &ctx, start.limits, &mut alarm).await {
        Ok(state) => state,
        Err(failure) => {
            say(format_args!("fg: {failure}"));
            let _ = print(&failure.to_json(), true);
            return ExitCode::FAILURE;
        }
    };
    let request_id = random_request_id();
    let begun = Instant::now();
    ctx.begin(begun, [(header_names::REQUEST_ID, request_id.as_bytes())]);
    let too_late = start.limits.timeouts.then(|| ctx.deadline() - margins(ctx.timeout()).answer);
    flight.begin(&request_id, begun, too_late);
    if start.limits.timeouts {
        if let Err(error) = flight.watch(ctx.timeout()) {
            ctx.logger().warn(format_args!("a handler that blocks will not be reported: {error}"));
        }
    }
    let outcome = invoke::<H>(&payload, &ctx, &state, &mut reply, start.limits, &mut alarm).await;
    if !flight.claim_for(&outcome) {
        // The watchdog has answered and is about to end the process.
        std::future::pending::<()>().await;
    }
    let code = answer(outcome, &reply, &ctx).await;
    let duration = begun.elapsed();
    flight.claim();
    after_work::finish(&ctx, &mut alarm).await;
    ctx.rest(PRE_STOP_LIMIT);
    end::<H>(&ctx, state, start.limits, &mut alarm).await;
    say(Summary { request_id: &request_id, configured_memory: ctx.memory_size(), duration });
    code
}

async fn answer(outcome: Result<Outcome, Failure>, reply: &Reply, ctx: &fg_core::Context) -> ExitCode {
    match outcome {
        Ok(Outcome::Streamed(mut pieces)) => {
            while let Some(piece) = pieces.next().await {
                match piece {
                    Ok(bytes) if print(&bytes, false).is_ok() => {}
                    // Whoever reads has seen enough.
                    Ok(_) => break,
                    Err(failure) => {
                        pieces.log_end(&failure);
                        return ExitCode::FAILURE;
                    }
                }
            }
            ExitCode::SUCCESS
        }
        Ok(Outcome::Buffered) => {
            // Bytes are left as they are; JSON gets the line break that a shell expects.
            let with_line_break = reply.content_type() == "application/json" && !reply.body().is_empty();
            // A reader that has gone away is its own business.
            let _ = print(reply.body(), with_line_break);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            ctx.logger().error(&failure);
            let _ = print(&failure.to_json(), true);
            ExitCode::FAILURE
        }
    }
}

/// Prints to standard output, at once.
fn print(body: &[u8], with_line_break: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let line_break: &[u8] = if with_line_break { b"\n" } else { b"" };
    out.write_all(body)?;
    out.write_all(line_break)?;
    out.flush()
}
