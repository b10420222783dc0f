//! Work that a handler leaves with `ctx.spawn_after` runs after the answer and before the next
//! poll.

use fg_emulator::Event;

use crate::function::{LIMIT, act, api, ask, assert_serves};
use crate::gate::Gate;

#[test]
fn it_runs_after_the_answer_and_ends_before_the_next_poll() {
    let api = api();
    let gate = Gate::new();
    let function = act().start(&api);
    let pending = api.invoke(
        Event::new(format!(r#"{{"after":{{"wait_at":"{}"}}}}"#, gate.address()))
            .request_id("the-first-one"),
    );
    let next = api.invoke(Event::new(r#"{"log":"the next event"}"#));
    assert_eq!(pending.wait(LIMIT).expect("there is an answer").text(), r#""more to come""#);
    let waiting = gate.reached();
    assert_eq!(api.polls(), 1, "there is no poll while there is work");
    drop(waiting);
    next.wait(LIMIT).expect("there is an answer");
    assert_eq!(api.connections(), 1);
    let ended = function.stop();
    let at = |text: &str| {
        ended
            .stdout
            .iter()
            .position(|line| line.contains(text))
            .unwrap_or_else(|| panic!("{text}: {ended:#?}"))
    };
    assert!(at(" the-first-one INFO waited") < at("the next event"), "{ended:#?}");
}

#[test]
fn it_is_finished_before_the_process_ends() {
    let api = api();
    let gate = Gate::new();
    let function = act().start(&api);
    assert_eq!(
        ask(&api, format!(r#"{{"after":{{"wait_at":"{}"}}}}"#, gate.address())).text(),
        r#""more to come""#
    );
    let waiting = gate.reached();
    function.signal("TERM");
    drop(waiting);
    let ended = function.wait();
    assert_eq!(
        (ended.code, ended.count(" INFO waited"), ended.count("pre_stop after 1 calls")),
        (0, 1, 1),
        "{ended:#?}"
    );
}

#[test]
fn it_is_dropped_at_the_deadline_with_a_line_in_the_log() {
    let api = api();
    let function = act().with("RUNTIME_TIMEOUT", "1").start(&api);
    let hangs = Event::new(r#"{"after":"hang"}"#).request_id("the-endless-one");
    assert_eq!(
        api.invoke(hangs).wait(LIMIT).expect("there is an answer").text(),
        r#""more to come""#
    );
    assert_serves(&api);
    let ended = function.stop();
    let line = " the-endless-one ERROR work left by spawn_after was not finished in the time of its invocation, and was dropped";
    assert_eq!((ended.code, ended.count(line), api.posts().len()), (0, 1, 2), "{ended:#?}");
}

#[test]
fn a_panic_in_it_is_logged_and_harmless() {
    let api = api();
    let function = act().start(&api);
    let panics = Event::new(r#"{"after":"panic"}"#).request_id("the-panicking-one");
    assert_eq!(
        api.invoke(panics).wait(LIMIT).expect("there is an answer").text(),
        r#""more to come""#
    );
    assert_eq!(ask(&api, r#"{"after":{"log":"the second work"}}"#).text(), r#""more to come""#);
    assert_serves(&api);
    assert_eq!((api.connections(), api.posts().len()), (1, 3));
    let ended = function.stop();
    let line =
        " the-panicking-one ERROR in work left by spawn_after: panic: after the response (at ";
    assert_eq!(
        (ended.code, ended.count(line), ended.count(" INFO the second work")),
        (0, 1, 1),
        "{ended:#?}"
    );
}
