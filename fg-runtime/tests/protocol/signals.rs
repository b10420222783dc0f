//! SIGTERM and SIGINT: the current invocation is finished, and then the process ends.

use std::io::{Read, Write};
use std::net::TcpListener;

use fg_emulator::{AnswerKind, Event};

use crate::function::{LIMIT, act, api, ask, assert_serves};
use crate::gate::Gate;

#[test]
fn an_idle_function_ends_at_once_after_its_pre_stop() {
    for signal in ["TERM", "INT"] {
        let api = api();
        let function = act().start(&api);
        assert!(api.wait_until(LIMIT, |counts| counts.polls == 1));
        function.signal(signal);
        let ended = function.wait();
        assert_eq!(
            (ended.code, ended.stdout, ended.stderr),
            (0, vec!["pre_stop after 0 calls".to_owned()], vec![])
        );
    }
}

#[test]
fn a_panic_while_the_state_is_dropped_is_logged_and_the_exit_code_is_0() {
    let api = api();
    let function = act().with("PROBE_INIT", "makes a bomb").start(&api);
    assert!(api.wait_until(LIMIT, |counts| counts.polls == 1));
    function.signal("TERM");
    let ended = function.wait();
    assert_eq!(
        (ended.code, ended.count("- ERROR in pre_stop: panic: the state cannot be dropped")),
        (0, 1),
        "{ended:#?}"
    );
}

#[test]
fn a_handler_that_runs_is_finished_and_answered() {
    let api = api();
    let gate = Gate::new();
    let function = act().start(&api);
    let pending = api.invoke(Event::new(format!(r#"{{"wait_at":"{}"}}"#, gate.address())));
    let waiting = gate.reached();
    function.signal("TERM");
    drop(waiting);
    let answer = pending.wait(LIMIT).expect("there is an answer");
    assert_eq!((answer.kind, &*answer.text()), (AnswerKind::Response, r#""waited""#));
    let ended = function.wait();
    assert_eq!(
        (ended.code, ended.count("pre_stop after 1 calls"), api.posts().len()),
        (0, 1, 1),
        "{ended:#?}"
    );
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let api = api();
    let gate = Gate::new();
    let function = act().start(&api);
    api.invoke(Event::new(format!(r#"{{"wait_at":"{}"}}"#, gate.address())));
    let _waiting = gate.reached();
    // Two equal signals could be merged before the process handles them.
    function.signal("TERM");
    function.signal("INT");
    let ended = function.wait();
    assert!(ended.code == 128 + 15 || ended.code == 128 + 2, "{ended:#?}");
    assert_eq!(ended.stderr, ["fg: second signal received; ending now, with work unfinished"]);
}

#[test]
fn an_event_that_is_half_received_is_not_lost() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let function = act().start_at(&server.local_addr().expect("it is bound").to_string());
    let (mut connection, _) = server.accept().expect("the function connects");
    let mut seen = [0; 4096];
    assert!(connection.read(&mut seen).expect("it polls") > 0);
    connection.write_all(b"HTTP/1.1 200 OK\r\nX-CFF-Request-Id: r-1\r\nCont").expect("it reads");
    function.signal("TERM");
    connection.write_all(b"ent-Length: 16\r\n\r\n{\"echo\":\"hello\"}").expect("it reads");
    let length = connection.read(&mut seen).expect("it answers");
    assert!(
        seen[..length].starts_with(b"POST /v1/runtime/invocation/response/r-1 "),
        "{}",
        String::from_utf8_lossy(&seen[..length])
    );
    connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("it reads");
    let ended = function.wait();
    assert_eq!((ended.code, ended.count("pre_stop after 1 calls")), (0, 1), "{ended:#?}");
}

#[test]
fn a_thread_that_the_handler_has_left_behind_does_not_prevent_the_exit() {
    let api = api();
    let function = act().start(&api);
    assert_eq!(ask(&api, r#""leave_thread""#).text(), r#""left""#);
    assert_serves(&api);
    let ended = function.stop();
    assert_eq!((ended.code, ended.count("pre_stop after 2 calls")), (0, 1), "{ended:#?}");
}
