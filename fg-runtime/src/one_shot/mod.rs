//! One invocation in a shell: reads the event from standard input, writes the response to standard
//! output and everything else to standard error.

mod memory;
mod summary;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

use fg_core::__private::lifecycle;
use fg_core::__private::{escape_json, write_escaped_lines};
use fg_core::{Failure, ResponseBuffer, Secret, header_names};

use crate::invocation::after_response_work;
use crate::invocation::blocking_answer::AnswerRoute;
use crate::invocation::call::{Outcome, end, init, invoke};
use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::error_audience::ErrorAudience;
use crate::invocation::init_phase::InitPhase;
use crate::invocation::panics;
use crate::invocation::request_id::random_request_id;
use crate::invocation::watchdog::{PRE_STOP_LIMIT, Phase, Watchdog};
use crate::log::runtime_log::{self, report, report_lines};
use crate::start::Start;
use crate::system;
use summary::Summary;

/// Runs the handler on one event. The exit code tells whether it succeeded.
pub(crate) async fn run<P: InitPhase>(start: Start, phase: P) -> ExitCode {
    if let Some(failure) = &start.no_handler {
        report(format_args!("fg: {}", failure.message()));
        return ExitCode::from(2);
    }
    let payload = match system::read_input() {
        Ok(payload) => payload,
        Err(error) => {
            report(format_args!("fg: cannot read the event from standard input: {error}"));
            return ExitCode::from(2);
        }
    };
    let credentials = match Credentials::of_a_shell(|name| {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }) {
        Ok(credentials) => credentials,
        Err(text) => {
            report(format_args!("fg: {text}"));
            return ExitCode::from(2);
        }
    };
    let mut ctx = start.context();
    let limit = ctx.timeout();
    let watchdog = Watchdog::start(
        AnswerRoute::Stdout,
        ErrorAudience::Owner,
        start.invocation_limit(),
        Some((Phase::Init { limit }, start.limits.timeouts.then_some(limit))),
        // In a shell a signal ends the process at once.
        None,
    );
    panics::install_hook();
    panics::report_aborts_to(&watchdog);
    let (mut output, mut timer) = (ResponseBuffer::new(), DeadlineTimer::new());
    let initialized = init(phase, &ctx, start.limits, &mut timer).await;
    watchdog.end_phase(|_| true);
    let function = match initialized {
        Ok(function) => function,
        Err(failure) => {
            report(format_args!("fg: {failure}"));
            let _ = print(&failure.to_json(), true);
            return ExitCode::FAILURE;
        }
    };
    start.complete_log();
    let request_id = random_request_id();
    let begun = Instant::now();
    let of_request = [(header_names::REQUEST_ID, request_id.as_bytes())];
    lifecycle::begin(
        &mut ctx,
        begun,
        of_request.into_iter().chain(credentials.iter().flat_map(Credentials::headers)),
    );
    drop(credentials);
    watchdog.begin(&ctx);
    let outcome = invoke(&payload, &ctx, &function, &mut output, start.limits, &mut timer).await;
    if !watchdog.claim_for(&outcome) {
        // The watchdog has answered and is about to end the process.
        std::future::pending::<()>().await;
    }
    let code = answer(outcome, &output, &ctx).await;
    let duration = begun.elapsed();
    watchdog.claim();
    if lifecycle::has_after_work(&ctx) {
        watchdog.begin_after_work(&ctx);
        after_response_work::finish(&ctx, &mut timer).await;
    }
    lifecycle::rest(&mut ctx, PRE_STOP_LIMIT);
    watchdog.begin_phase(Phase::PreStop, Some(PRE_STOP_LIMIT));
    end(&ctx, function, &mut timer).await;
    watchdog.end_phase(|_| true);
    if start.is_whole_program {
        watchdog.watch_exit(code);
    }
    report_lines(Summary {
        request_id: &request_id,
        configured_memory: ctx.memory_size(),
        duration,
    });
    code
}

/// The credentials that `FG_CREDENTIALS=env` gives to the function: the keys that the platform's
/// SDKs would use in this shell.
struct Credentials([Secret; 3]);

/// Variables of the access key, the secret key and the security token, in order of precedence.
const VARIABLES: [[&str; 3]; 3] = [
    ["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"],
    ["HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN"],
    ["OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_SECURITY_TOKEN"],
];

impl Credentials {
    /// `None` unless `FG_CREDENTIALS` is set: a program does not read its user's keys unasked.
    fn of_a_shell(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, &'static str> {
        match variable("FG_CREDENTIALS").as_deref() {
            None => return Ok(None),
            Some("env") => {}
            Some(_) => {
                return Err(
                    "FG_CREDENTIALS can be `env` here, for HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK",
                );
            }
        }
        for [access_key, secret_key, token] in VARIABLES {
            match (variable(access_key), variable(secret_key)) {
                (Some(access_key), Some(secret_key)) => {
                    // Permanent keys have no token.
                    return Ok(Some(Self(
                        [access_key, secret_key, variable(token).unwrap_or_default()]
                            .map(Secret::new),
                    )));
                }
                (None, None) => {}
                _ => {
                    return Err(
                        "FG_CREDENTIALS is `env`, and of the access key and the secret key only one is set",
                    );
                }
            }
        }
        Err("FG_CREDENTIALS is `env`, and HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK are not set")
    }

    /// The credentials as the headers that the platform sends.
    fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let names = [
            header_names::SECURITY_ACCESS_KEY,
            header_names::SECURITY_SECRET_KEY,
            header_names::SECURITY_TOKEN,
        ];
        names.into_iter().zip(self.0.iter().map(|secret| secret.expose().as_bytes()))
    }
}

async fn answer(
    outcome: Result<Outcome, Failure>,
    output: &ResponseBuffer,
    ctx: &fg_core::Context,
) -> ExitCode {
    match outcome {
        Ok(Outcome::Streamed(mut chunks)) => {
            while let Some(chunk) = chunks.next().await {
                match chunk {
                    Ok(bytes) if print(&bytes, false).is_ok() => {}
                    // The reader has closed the pipe.
                    Ok(_) => break,
                    Err(failure) => {
                        chunks.log_end(&failure);
                        return ExitCode::FAILURE;
                    }
                }
            }
            ExitCode::SUCCESS
        }
        Ok(Outcome::Buffered) => {
            // Bytes are written unchanged. JSON gets a final line break.
            let with_line_break =
                output.content_type() == "application/json" && !output.body().is_empty();
            // A reader that has closed the pipe is not an error.
            let _ = print(output.body(), with_line_break);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            runtime_log::of(ctx.logger()).error(&failure);
            let _ = print(&failure.to_json(), true);
            ExitCode::FAILURE
        }
    }
}

/// Prints to standard output and flushes it. For a terminal, control sequences are escaped, since
/// the response may repeat what a caller has sent.
fn print(body: &[u8], is_json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        out.write_all(&escaped(body, is_json))?;
    } else {
        out.write_all(body)?;
    }
    let line_break: &[u8] = if is_json { b"\n" } else { b"" };
    out.write_all(line_break)?;
    out.flush()
}

/// Escapes control characters other than tabs and line breaks.
#[cold]
fn escaped(body: &[u8], is_json: bool) -> Vec<u8> {
    let mut escaped = Vec::new();
    if is_json {
        escaped.extend_from_slice(body);
        escape_json(&mut escaped, 0);
    } else {
        write_escaped_lines(&mut escaped, &String::from_utf8_lossy(body), "\n");
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(variables: &[(&str, &str)]) -> Result<Option<Vec<String>>, &'static str> {
        let variable = |name: &str| {
            variables.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).to_owned())
        };
        let texts = |credentials: Credentials| {
            credentials.0.iter().map(|secret| secret.expose().to_owned()).collect()
        };
        Credentials::of_a_shell(variable).map(|credentials| credentials.map(texts))
    }

    #[test]
    fn keys_of_a_shell_are_read_only_on_request() {
        let sdk = [("HUAWEICLOUD_SDK_AK", "a"), ("HUAWEICLOUD_SDK_SK", "b")];
        assert_eq!(keys(&sdk), Ok(None));
        let asked = [("FG_CREDENTIALS", "env"), sdk[0], sdk[1], ("HW_ACCESS_KEY", "x")];
        assert_eq!(keys(&asked), Ok(Some(["a", "b", ""].map(str::to_owned).into())));
        let temporary = [
            ("FG_CREDENTIALS", "env"),
            ("OS_ACCESS_KEY", "a"),
            ("OS_SECRET_KEY", "b"),
            ("OS_SECURITY_TOKEN", "c"),
        ];
        assert_eq!(keys(&temporary), Ok(Some(["a", "b", "c"].map(str::to_owned).into())));
        assert!(keys(&asked[..2]).is_err_and(|text| text.contains("only one is set")));
        assert!(keys(&asked[..1]).is_err_and(|text| text.contains("are not set")));
        assert!(keys(&[("FG_CREDENTIALS", "s3cr3t")]).is_err_and(|text| !text.contains("s3cr3t")));
    }

    #[test]
    fn escape_sequences_are_escaped_for_a_terminal_and_json_stays_json() {
        let escaped = |body: &str, is_json| {
            String::from_utf8(escaped(body.as_bytes(), is_json)).expect("it is a string")
        };
        assert_eq!(escaped("a\tb\n\n\x1b[2J\u{9b}é", false), "a\tb\n\n\\u{1b}[2J\\u{9b}é");
        assert_eq!(escaped("{\n  \"a\": \"\u{9b}\"\n}", true), "{\n  \"a\": \"\\u009b\"\n}");
    }
}
