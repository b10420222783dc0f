//! What goes wrong is told in sentences that say which.

use std::time::Duration;

use fg_emulator::{Emulator, PlatformError, PlatformErrorKind};

use crate::scripted::{LIMIT, event, function, start};

const SHORT: Duration = Duration::from_secs(1);

fn error_of(emulator: &Emulator, script: &str) -> PlatformError {
    let execution = emulator.invoke(event(script));
    execution
        .platform_error()
        .unwrap_or_else(|| panic!("it should not answer: {execution}"))
        .clone()
}

#[test]
fn a_program_that_is_not_there_is_told_at_the_start() {
    let error = Emulator::builder("/nowhere/bootstrap").start().expect_err("it cannot start");
    assert_eq!(
        error.to_string(),
        "/nowhere/bootstrap could not be started: there is no such program"
    );
    assert_eq!(error.kind(), PlatformErrorKind::NotStarted);
}

#[test]
fn a_program_that_exits_before_it_asks_for_an_event_is_told_with_its_last_output() {
    let emulator = start(
        function().variable("AT_START", r#"{"complain":"no database","do":"exit","code":7}"#),
    );
    let error = error_of(&emulator, "{}");
    assert_eq!(
        error.to_string(),
        "the function exited with code 7 before it asked for an event; its last output:\n    no database"
    );
    assert_eq!(
        (error.kind(), error.last_output()),
        (PlatformErrorKind::ExitedBeforeEvent, &["no database".to_owned()][..])
    );
}

#[test]
fn a_program_that_exits_in_a_request_is_told_and_replaced() {
    let emulator = start(function());
    let error = error_of(&emulator, r#"{"say":"oh","do":"exit","code":3}"#);
    assert_eq!(
        error.to_string(),
        "the function exited with code 3 while it handled request r-1; its last output:\n    oh"
    );
    assert_eq!(
        (error.kind(), error.platform_message()),
        (PlatformErrorKind::ExitedInRequest, "process exits with 3".into())
    );
    assert_eq!(emulator.invoke(event(r#"{"text":"again"}"#)).response().as_deref(), Some("again"));
    assert_eq!(emulator.instances().started, 2);
}

#[test]
fn a_program_that_never_polls_is_told_from_one_that_loops() {
    let hanging = start(function().variable("AT_START", r#"{"do":"hang"}"#).init_timeout(SHORT));
    let error = error_of(&hanging, "{}");
    let text = error.to_string();
    assert!(text.starts_with("the function did not ask for an event within 1s: it never connected to RUNTIME_API_ADDR"), "{text}");
    assert!(text.ends_with("; it wrote nothing"), "{text}");
    assert!(!text.contains("it is in a loop"), "{text}");
    assert_eq!((error.kind(), error.code()), (PlatformErrorKind::NeverPolled, "4211"));

    // Time enough to use half of it, also where the machine is busy with something else.
    let looping = start(function().variable("AT_START", r#"{"do":"loop"}"#).init_timeout(SHORT));
    let text = error_of(&looping, "{}").to_string();
    assert!(text.contains("it used ") || cfg!(not(target_os = "linux")), "{text}");
}

#[test]
fn a_request_that_takes_too_long_ends_the_process_and_the_next_one_has_a_new_one() {
    let emulator = start(function().timeout(SHORT));
    let error = error_of(&emulator, r#"{"say":"waiting","do":"hang"}"#);
    let text = error.to_string();
    assert!(
        text.starts_with(
            "the function was killed at the timeout of 1s while it handled request r-1"
        ),
        "{text}"
    );
    assert!(text.ends_with("its last output:\n    waiting"), "{text}");
    assert_eq!(
        (error.code(), error.platform_message().as_str()),
        ("4010", "call invoke timeout 1s")
    );
    assert_eq!(emulator.invoke(event(r#"{"text":"again"}"#)).response().as_deref(), Some("again"));
    assert_eq!(emulator.instances().started, 2);
}

#[test]
fn the_duration_of_a_request_that_was_killed_is_its_timeout() {
    let emulator = start(function().timeout(SHORT));
    let execution = emulator.invoke(event(r#"{"do":"hang"}"#));
    assert!(
        execution.summary.duration >= SHORT && execution.summary.duration < LIMIT,
        "{}",
        execution.summary
    );
    assert!(execution.log.full().contains("Finish invoke request 'r-1'"));
}

#[cfg(unix)]
#[test]
fn a_program_that_speaks_another_protocol_is_told_what_was_refused() {
    use std::process::{Command, Stdio};
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("SKIPPED: a function in shell needs curl");
        return;
    }
    let script = "curl -s http://$RUNTIME_API_ADDR/2018-06-01/runtime/invocation/next; exit 1";
    let emulator = start(Emulator::builder("sh").arg("-c").arg(script).init_timeout(LIMIT));
    let error = emulator.wait_until_ready().expect_err("it speaks another protocol").to_string();
    assert!(
        error.contains("before it asked for an event; GET /2018-06-01/runtime/invocation/next was refused with 404, "),
        "{error}"
    );
    assert!(error.contains("this is a path of AWS Lambda's Runtime API"), "{error}");
}
