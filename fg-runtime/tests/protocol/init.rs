//! The init phase and the state that it creates.

use fg_emulator::{Event, RuntimeApi};

use crate::function::{Ended, LIMIT, Setup, act, api, ask, failure};

/// Asserts that a function that cannot be initialized answers one invocation with the error, and
/// ends.
fn assert_init_fails(setup: Setup, message: &str, cause: &str) -> (RuntimeApi, Ended) {
    let api = api();
    let function = setup.start(&api);
    let answer = api
        .invoke(Event::new(r#"{"echo":"hello"}"#).request_id("the-first-one"))
        .wait(LIMIT)
        .expect("an answer");
    let failure = failure(&answer);
    assert_eq!(failure["errorType"], "InitError");
    let actual = failure["errorMessage"].as_str().expect("a string");
    assert!(actual.starts_with(message), "{actual}");
    let because = failure["cause"][0].as_str().expect("a string");
    assert!(because.starts_with(cause), "{because}");
    let ended = function.wait();
    assert_eq!((ended.code, api.posts().len()), (1, 1), "{ended:#?}");
    let reasons: Vec<_> =
        ended.stderr.iter().filter(|line| line.starts_with("fg: InitError: ")).collect();
    assert!(reasons.len() == 1 && reasons[0].contains(message), "{ended:#?}");
    assert_eq!(ended.count(" the-first-one ERROR InitError: "), 1, "{ended:#?}");
    assert_eq!(ended.count("pre_stop"), 0, "there is nothing to stop");
    (api, ended)
}

#[test]
fn a_failed_init_is_reported_to_the_first_caller() {
    let message = "the function could not be initialised: no connection to the database";
    let cause = "DatabaseDown: no connection to the database: connection refused";
    let (_, ended) = assert_init_fails(act().with("PROBE_INIT", "fails"), message, cause);
    assert_eq!(ended.stderr.len(), 1, "{ended:#?}");
}

#[test]
fn a_panic_in_init_is_reported_to_the_first_caller() {
    let message = "the function could not be initialised: no configuration (at fg-runtime/examples/probe/main.rs:";
    assert_init_fails(act().with("PROBE_INIT", "panics"), message, "panic: no configuration (at ");
}

#[test]
fn an_init_that_takes_too_long_is_reported_to_the_first_caller() {
    let setup = act().with("PROBE_INIT", "hangs").with("RUNTIME_INITIALIZER_TIMEOUT", "1");
    let message = "the function could not be initialised: not finished after ";
    let (_, ended) = assert_init_fails(setup, message, "FunctionTimeout: not finished after ");
    assert!(ended.stderr[0].contains(" of 1s (RUNTIME_INITIALIZER_TIMEOUT): "), "{ended:#?}");
}

#[test]
fn an_unknown_handler_is_reported_to_the_first_caller() {
    let api = api();
    let function = act().with("RUNTIME_HANDLER", "acct").start(&api);
    assert_eq!(failure(&ask(&api, "{}"))["errorType"], "InitError");
    let ended = function.wait();
    assert_eq!((ended.code, ended.stderr.len()), (1, 1), "{ended:#?}");
}

#[test]
fn the_state_is_made_once_and_shared_by_all_events() {
    let api = api();
    let function = act().start(&api);
    let counts: Vec<_> = (0..3).map(|_| ask(&api, r#""count""#).text().into_owned()).collect();
    assert_eq!(counts, ["1", "2", "3"]);
    assert_eq!(function.stop().count("pre_stop after 3 calls"), 1);
}

#[test]
fn a_signal_during_init_ends_the_function() {
    let api = api();
    let function = act().with("PROBE_INIT", "hangs").start(&api);
    function.wait_for_line("initialising");
    let ended = function.stop();
    assert_eq!((ended.code, api.connections()), (0, 0), "{ended:#?}");
}
