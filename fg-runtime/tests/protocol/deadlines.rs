//! Handlers that take longer than `RUNTIME_TIMEOUT`.

use std::time::{Duration, Instant};

use fg_emulator::{AnswerKind, Event, RuntimeApi};

use crate::function::{Ended, LIMIT, act, api, ask, assert_serves, failure, type_and_message};
use crate::gate::Gate;

#[test]
fn a_handler_that_gives_up_when_it_is_cancelled_has_time_to_respond() {
    let api = api();
    // Long enough to separate the timers on a slow machine.
    let _function = act().with("RUNTIME_TIMEOUT", "5").start(&api);
    let answer = ask(&api, r#""give_up_in_time""#);
    assert_eq!((answer.kind, &*answer.text()), (AnswerKind::Response, r#""gave up in time""#));
    assert_serves(&api);
    assert_eq!((api.connections(), api.posts().len()), (1, 2));
}

#[test]
fn a_handler_that_does_not_give_up_is_dropped_and_reported_before_its_deadline() {
    let api = api();
    let function = act().with("RUNTIME_TIMEOUT", "5").start(&api);
    assert_serves(&api);
    let begun = Instant::now();
    let pending = api.invoke(Event::new(r#""hang""#).request_id("the-slow-one"));
    let answer = pending.wait(LIMIT).expect("there is an answer");
    let took = api.posts()[1].at - begun;
    assert!(took < Duration::from_secs(5), "the platform would have ended it before: {took:?}");
    let failure = failure(&answer);
    let (error_type, message) = type_and_message(&failure);
    assert_eq!(error_type, "FunctionTimeout");
    assert!(
        message.starts_with("not finished after 4.")
            && message.contains(" of 5s (RUNTIME_TIMEOUT): "),
        "{message}"
    );
    assert_serves(&api);
    assert_eq!((api.connections(), api.posts().len()), (1, 3));
    let ended = function.stop();
    let lines: Vec<_> = ended
        .stdout
        .iter()
        .filter_map(|line| line.split_once(" the-slow-one "))
        .map(|(_, text)| text)
        .collect();
    let [cancelled, dropped, reported] = lines[..] else { panic!("{ended:#?}") };
    assert_eq!((cancelled, dropped), ("INFO cancelled", "INFO dropped"));
    assert!(reported.starts_with("ERROR FunctionTimeout: "), "{reported}");
}

#[test]
fn a_panic_when_the_handler_is_dropped_at_its_deadline_is_logged_and_harmless() {
    let api = api();
    let function = act().with("RUNTIME_TIMEOUT", "5").start(&api);
    // The first panic takes long, because all frames are symbolized.
    ask(&api, r#"{"panic":"plain"}"#);
    let answer = ask(&api, r#"{"panic":"in_drop_of_future"}"#);
    assert_eq!(failure(&answer)["errorType"], "FunctionTimeout");
    assert_serves(&api);
    assert_eq!((api.connections(), api.posts().len()), (1, 3));
    let ended = function.stop();
    assert_eq!(
        (ended.code, ended.count("while the invocation was dropped: panic: the bomb went off")),
        (0, 1),
        "{ended:#?}"
    );
}

#[test]
fn a_handler_is_not_dropped_if_timeouts_are_not_reported() {
    let api = api();
    let gate = Gate::new();
    let function = act().with("RUNTIME_TIMEOUT", "1").with("PROBE_NO_TIMEOUTS", "1").start(&api);
    let pending = api.invoke(Event::new(format!(r#"{{"wait_at":"{}"}}"#, gate.address())));
    let waiting = gate.reached();
    // A fixed sleep, since the test asserts that nothing happens meanwhile.
    assert!(pending.wait(Duration::from_millis(1500)).is_err());
    drop(waiting);
    assert_eq!(pending.wait(LIMIT).expect("there is an answer").text(), r#""waited""#);
    assert_eq!((api.posts().len(), function.stop().code), (1, 0));
}

/// Asserts that a handler that cannot be cancelled ends the process after the caller has got the
/// error.
fn assert_ends(event: &str, variables: &[(&str, &str)]) -> (RuntimeApi, Ended) {
    let api = api();
    let mut setup = act().with("RUNTIME_TIMEOUT", "1");
    for (name, value) in variables {
        setup = setup.with(name, value);
    }
    let function = setup.start(&api);
    assert_serves(&api);
    let answer = api
        .invoke(Event::new(event).request_id("the-blocking-one"))
        .wait(LIMIT)
        .expect("there is an answer");
    let failure = failure(&answer);
    let (error_type, message) = type_and_message(&failure);
    assert_eq!(error_type, "FunctionTimeout");
    assert!(message.starts_with("the handler blocked its thread for "), "{message}");
    let ended = function.wait();
    assert_eq!((ended.code, ended.stderr.len(), api.posts().len()), (1, 1, 2), "{ended:#?}");
    assert!(
        ended.stderr[0]
            .starts_with("fg: ending the process: request the-blocking-one: FunctionTimeout: "),
        "{ended:#?}"
    );
    (api, ended)
}

#[test]
fn a_handler_that_blocks_its_thread_is_reported_and_ends_the_process() {
    assert_ends(r#""block""#, &[]);
}

#[test]
fn a_handler_that_never_yields_is_reported_and_ends_the_process() {
    assert_ends(r#""spin""#, &[]);
}

#[test]
fn a_handler_that_blocks_is_reported_with_many_threads_as_well() {
    assert_ends(r#""block""#, &[("RUNTIME_CPU", "2000")]);
}

#[test]
fn a_timeout_that_overflows_the_clock_is_no_limit() {
    let api = api();
    let gate = Gate::new();
    let function = act().with("RUNTIME_TIMEOUT", "18446744073709551615").start(&api);
    let pending = api.invoke(Event::new(format!(r#"{{"wait_at":"{}"}}"#, gate.address())));
    drop(gate.reached());
    let answer = pending.wait(LIMIT).expect("there is an answer");
    assert_eq!((answer.kind, &*answer.text()), (AnswerKind::Response, r#""waited""#));
    assert_serves(&api);
    assert_eq!(function.stop().code, 0);
}

#[test]
fn a_dropped_event_loop_does_not_end_the_process() {
    let api = api();
    let gate = Gate::new();
    let function = act().with("RUNTIME_TIMEOUT", "1").with("PROBE_ABANDON", "1").start(&api);
    let pending = api.invoke(Event::new(format!(r#"{{"wait_at":"{}"}}"#, gate.address())));
    let _waiting = gate.reached();
    let ended = function.wait();
    assert_eq!((ended.code, ended.stderr.len(), api.posts().len()), (0, 0, 0), "{ended:#?}");
    assert!(pending.wait(Duration::ZERO).is_err());
}
