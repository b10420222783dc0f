//! A Runtime API that is not up yet, down for a while, or gone.

use std::thread::sleep;
use std::time::{Duration, Instant};

use fg_emulator::{AnswerKind, Event, RuntimeApi};

use crate::function::{LIMIT, act, api, assert_serves};
use crate::gate::Gate;

#[test]
fn a_function_that_starts_before_the_api_waits_for_it() {
    let api = api();
    let address = api.address();
    api.stop();
    let function = act().start_at(&address);
    function.wait_for_line("cannot take an event from the Runtime API");
    restart(&api);
    assert_serves(&api);
    let ended = function.stop();
    assert_eq!(
        (ended.code, ended.count("cannot connect: "), ended.count("the Runtime API answers again")),
        (0, 1, 1),
        "{ended:#?}"
    );
}

#[test]
fn an_answer_is_delivered_to_an_api_that_restarts_meanwhile() {
    let api = api();
    let gate = Gate::new();
    let function = act().start(&api);
    let pending = api.invoke(Event::new(format!(r#"{{"wait_at":"{}"}}"#, gate.address())));
    let waiting = gate.reached();
    restart(&api);
    drop(waiting);
    let answer = pending.wait(LIMIT).expect("there is an answer");
    assert_eq!((answer.kind, &*answer.text()), (AnswerKind::Response, r#""waited""#));
    assert_serves(&api);
    assert_eq!((api.connections(), api.posts().len()), (2, 2));
    let ended = function.stop();
    assert_eq!((ended.code, ended.stderr.len()), (0, 0), "{ended:#?}");
}

#[test]
fn a_signal_ends_a_function_without_an_api() {
    let api = api();
    let function = act().start(&api);
    assert_serves(&api);
    // Its answer is acknowledged once it polls again. Until then it would retry the answer.
    assert!(api.wait_until(LIMIT, |counts| counts.polls == 2));
    api.stop();
    function.wait_for_line("cannot take an event from the Runtime API");
    let ended = function.stop();
    assert_eq!((ended.code, ended.count("pre_stop after 1 calls")), (0, 1), "{ended:#?}");
}

#[test]
fn an_answer_that_is_not_accepted_does_not_delay_the_end() {
    let api = api();
    let gate = Gate::new();
    let function = act().with("RUNTIME_TIMEOUT", "3600").start(&api);
    api.invoke(
        Event::new(format!(r#"{{"wait_at":"{}"}}"#, gate.address())).request_id("the-lost-one"),
    );
    let waiting = gate.reached();
    api.stop();
    drop(waiting);
    function.wait_for_line("the-lost-one WARN the answer could not be sent: ");
    let ended = function.stop();
    assert_eq!((ended.code, ended.count("pre_stop after 1 calls")), (0, 1), "{ended:#?}");
    assert_eq!(ended.count("the answer could not be sent: "), 1, "{ended:#?}");
    assert!(
        ended.stderr[0]
            .starts_with("fg: the answer to request the-lost-one could not be delivered: "),
        "{ended:#?}"
    );
}

/// Another test that starts a process now may keep the port in use: the child has a copy of the
/// socket until its program is loaded.
fn restart(api: &RuntimeApi) {
    let begun = Instant::now();
    while let Err(error) = api.restart() {
        assert!(begun.elapsed() < LIMIT, "the port is not free: {error}");
        sleep(Duration::from_millis(1));
    }
}
