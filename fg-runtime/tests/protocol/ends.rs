//! The process ends and reports the reason, in each of its states, whatever blocks it and whether
//! or not its output is read.
//!
//! These are the cells of the table in `docs/lifecycle.md` for the custom runtime. The trivial
//! cells are tested in the other modules.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use fg_emulator::{AnswerKind, Event};

use crate::function::Stream::{Stderr, Stdout};
use crate::function::{
    Ended, Function, LIMIT, Setup, Stream, act, api, ask, assert_serves, failure, stream,
    type_and_message,
};
use crate::gate::Gate;

/// The sets of streams that are not read.
const STALLED: [&[Stream]; 4] = [&[], &[Stdout], &[Stderr], &[Stdout, Stderr]];

fn stalled(setup: Setup, streams: &[Stream]) -> Setup {
    streams.iter().fold(setup, |setup, &stream| setup.stall(stream))
}

/// Asserts that the process ended with this code, and reported it in one line if standard error is
/// read.
fn assert_reported(ended: &Ended, code: i32, streams: &[Stream], line: &str) {
    assert_eq!(ended.code, code, "{line}, {streams:?}: {ended:#?}");
    if !streams.contains(&Stderr) {
        assert_eq!(
            (ended.count(line), ended.stderr.len()),
            (1, 1),
            "{line}, {streams:?}: {ended:#?}"
        );
    }
}

#[test]
fn an_init_that_blocks_ends_at_its_time_limit() {
    for streams in STALLED {
        let gate = Gate::new();
        let init = format!("blocks at {}", gate.address());
        let api = api();
        let function = stalled(act(), streams)
            .with("PROBE_INIT", &init)
            .with("RUNTIME_INITIALIZER_TIMEOUT", "1")
            .start(&api);
        let _blocked = gate.reached();
        let line = "fg: ending the process: init has blocked its thread for ";
        assert_reported(&function.wait(), 1, streams, line);
    }
}

#[test]
fn a_handler_that_blocks_is_answered_before_anything_is_reported() {
    for streams in STALLED {
        let api = api();
        let function = stalled(act(), streams).with("RUNTIME_TIMEOUT", "1").start(&api);
        let answer = ask(&api, r#""block""#);
        assert_eq!(type_and_message(&failure(&answer)).0, "FunctionTimeout");
        assert_reported(
            &function.wait(),
            1,
            streams,
            "FunctionTimeout: the handler blocked its thread for ",
        );
    }
}

/// Seconds. The frames of a panic are looked up before it is printed, which takes long in a debug
/// build on a busy machine.
const TO_DESCRIBE_A_PANIC: &str = "5";

#[test]
fn a_handler_that_prints_to_an_unread_stream_is_answered_and_the_process_ends() {
    for (event, stream) in [
        (r#"{"print":"hello"}"#, Stdout),
        (r#"{"print_error":"hello"}"#, Stderr),
        (r#"{"log":"hello"}"#, Stdout),
        (r#"{"panic":"caught"}"#, Stderr),
    ] {
        for streams in [&[stream][..], &[Stdout, Stderr]] {
            let api = api();
            let (timeout, expected) = match event {
                // The handler is blocked in this print.
                r#"{"panic":"caught"}"# => (TO_DESCRIBE_A_PANIC, "panic"),
                _ => ("1", "FunctionTimeout"),
            };
            let function = stalled(act(), streams).with("RUNTIME_TIMEOUT", timeout).start(&api);
            let failure = failure(&ask(&api, event));
            let (error_type, message) = type_and_message(&failure);
            assert_eq!(error_type, expected, "{message}");
            assert_reported(&function.wait(), 1, streams, "fg: ending the process: request ");
        }
    }
}

#[test]
fn the_caller_gets_a_panic_that_cannot_be_printed() {
    let api = api();
    let function = act().stall(Stderr).with("RUNTIME_TIMEOUT", TO_DESCRIBE_A_PANIC).start(&api);
    let failure = failure(&ask(&api, r#"{"panic":"plain"}"#));
    let (error_type, message) = type_and_message(&failure);
    assert!(
        error_type == "panic" && message.starts_with("article 17 is out of stock"),
        "{failure:#}"
    );
    assert_eq!(function.wait().code, 1);
}

#[test]
fn an_abort_is_answered_and_ends_the_process_even_if_it_cannot_be_printed() {
    // With unwinding, the second panic never happens: the first is still being printed.
    for (setup, code) in [
        (act().with("RUNTIME_TIMEOUT", TO_DESCRIBE_A_PANIC), 1),
        (act().built_as("abort"), 128 + 6),
    ] {
        let api = api();
        let function = setup.stall(Stderr).start(&api);
        let failure = failure(&ask(&api, r#"{"panic":"in_drop_while_unwinding"}"#));
        let (error_type, message) = type_and_message(&failure);
        assert!(
            error_type == "panic" && message.starts_with("the first panic (at "),
            "{failure:#}"
        );
        assert_eq!(function.wait().code, code);
    }
}

#[test]
fn an_error_is_answered_and_the_next_event_is_served_even_if_the_log_is_not_read() {
    for streams in STALLED {
        let api = api();
        let _function = stalled(act(), streams).start(&api);
        for _ in 0..3 {
            assert_eq!(type_and_message(&failure(&ask(&api, r#""fail""#))).0, "OrderNotFound");
        }
        assert_serves(&api);
    }
}

#[test]
fn the_event_loop_keeps_polling_even_if_its_log_is_not_read() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let setup = act().stall(Stdout).stall(Stderr).with("PROBE_PRE_STOP", "silent");
    let function = setup.start_at(&server.local_addr().expect("it is bound").to_string());
    // A fault that is logged.
    drop(accept(&server));
    let mut connection = accept(&server);
    connection
        .write_all(b"HTTP/1.1 200 OK\r\nX-CFF-Request-Id: r-1\r\nContent-Length: 16\r\n\r\n{\"echo\":\"hello\"}")
        .expect("it reads");
    let mut answer = [0; 4096];
    let length = connection.read(&mut answer).expect("it answers");
    assert!(answer[..length].starts_with(b"POST /v1/runtime/invocation/response/r-1 "));
    connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("it reads");
    assert_eq!(function.stop().code, 0);
}

/// Accepts a connection of the function, and reads its poll.
fn accept(server: &TcpListener) -> TcpStream {
    let (mut connection, _) = server.accept().expect("the function connects");
    connection.set_read_timeout(Some(LIMIT)).expect("it can be set");
    assert!(connection.read(&mut [0; 4096]).expect("it polls") > 0);
    connection
}

#[test]
fn work_after_the_response_that_blocks_ends_at_the_deadline_of_its_invocation() {
    for streams in STALLED {
        let (api, gate) = (api(), Gate::new());
        let function = stalled(act(), streams).with("RUNTIME_TIMEOUT", "1").start(&api);
        let event = Event::new(format!(r#"{{"after":{{"block_at":"{}"}}}}"#, gate.address()))
            .request_id("r-1");
        let answer = api.invoke(event).wait(LIMIT).expect("there is an answer");
        assert_eq!(answer.text(), r#""more to come""#);
        let line = "fg: ending the process: request r-1: work left by spawn_after has blocked its thread for ";
        assert_reported(&function.wait(), 1, streams, line);
        assert_eq!(api.posts().len(), 1, "it has been answered before");
    }
}

#[test]
fn a_pre_stop_that_blocks_or_hangs_or_prints_to_an_unread_stream_ends_at_its_time_limit() {
    let (blocks, also_blocks) = (Gate::new(), Gate::new());
    let line = "fg: ending the process: pre_stop has blocked its thread for 1";
    let cases = [
        (act().with("PROBE_PRE_STOP", blocks.address()), &[][..], 1),
        (
            act().with("PROBE_PRE_STOP", also_blocks.address()).with("PROBE_NO_TIMEOUTS", "1"),
            &[Stdout, Stderr],
            1,
        ),
        (act().with("PROBE_PRE_STOP", "hangs"), &[], 0),
        (act().with("PROBE_PRE_STOP", "hangs").with("PROBE_NO_TIMEOUTS", "1"), &[Stdout], 0),
        (act(), &[Stdout], 1),
    ];
    // Concurrently, since each takes ten seconds.
    let started = cases.map(|(setup, streams, code)| {
        let api = api();
        let function = stalled(setup, streams).start(&api);
        assert!(api.wait_until(LIMIT, |counts| counts.polls == 1));
        function.signal("TERM");
        (api, function, streams, code)
    });
    for (_api, function, streams, code) in started {
        let ended = function.wait();
        if code == 1 {
            assert_reported(&ended, code, streams, line);
        } else {
            assert_eq!((ended.code, ended.stderr.len()), (0, 0), "{ended:#?}");
        }
        if streams.is_empty() && code == 0 {
            assert_eq!(
                ended.count("ERROR in pre_stop: FunctionTimeout: not finished after "),
                1,
                "{ended:#?}"
            );
        }
    }
}

#[test]
fn tasks_that_a_function_has_left_behind_do_not_prevent_the_exit() {
    for streams in STALLED {
        let (api, gate) = (api(), Gate::new());
        let function = stalled(act(), streams).with("PROBE_PRE_STOP", "silent").start(&api);
        assert_eq!(
            ask(&api, format!(r#"{{"leave_task":"{}"}}"#, gate.address())).text(),
            r#""left""#
        );
        function.signal("TERM");
        let _blocked = gate.reached();
        assert_reported(
            &function.wait(),
            0,
            streams,
            "fg: ending the process: what the function has left behind cannot be dropped",
        );
    }
}

#[test]
fn buffered_output_does_not_prevent_the_exit() {
    let api = api();
    let function = act().stall(Stdout).with("PROBE_PRE_STOP", "silent").start(&api);
    assert_eq!(ask(&api, r#"{"print_part":"the beginning of a line"}"#).text(), r#""printed""#);
    assert_eq!(function.stop().code, 0);
}

/// Asserts that two signals end the process in this state.
fn assert_ends_at_second_signal(function: Function, streams: &[Stream], state: &str) {
    function.signal_twice();
    let ended = function.wait();
    assert!(ended.code == 128 + 15 || ended.code == 128 + 2, "{state}: {ended:#?}");
    if !streams.contains(&Stderr) {
        assert_eq!(
            ended.stderr,
            ["fg: second signal received; ending now, with work unfinished"],
            "{state}"
        );
    }
}

#[test]
fn a_second_signal_ends_the_process_in_every_state() {
    for streams in STALLED {
        let setup = || stalled(act(), streams);
        let gate = Gate::for_many(8);

        let function =
            setup().with("PROBE_INIT", &format!("blocks at {}", gate.address())).start(&api());
        let _blocked = gate.reached();
        assert_ends_at_second_signal(function, streams, "init");

        for event in [
            format!(r#"{{"wait_at":"{}"}}"#, gate.address()),
            format!(r#"{{"block_at":"{}"}}"#, gate.address()),
            format!(r#"{{"after":{{"wait_at":"{}"}}}}"#, gate.address()),
            format!(r#"{{"after":{{"block_at":"{}"}}}}"#, gate.address()),
        ] {
            let api = api();
            let function = setup().start(&api);
            let _pending = api.invoke(Event::new(event.clone()));
            let _there = gate.reached();
            assert_ends_at_second_signal(function, streams, &event);
        }

        for (first, second, number) in [("TERM", "INT", 2), ("INT", "TERM", 15), ("INT", "INT", 2)]
        {
            let api = api();
            let function = setup().with("PROBE_PRE_STOP", gate.address()).start(&api);
            assert!(api.wait_until(LIMIT, |counts| counts.polls == 1));
            function.signal(first);
            let _blocked = gate.reached();
            function.signal(second);
            assert_eq!(function.wait().code, 128 + number, "{second} in pre_stop, {streams:?}");
        }
    }
}

#[test]
fn a_second_signal_ends_the_process_while_its_answer_is_not_read() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let function = act().start_at(&server.local_addr().expect("it is bound").to_string());
    let mut connection = accept(&server);
    connection
        .write_all(b"HTTP/1.1 200 OK\r\nX-CFF-Request-Id: r-1\r\nContent-Length: 16\r\n\r\n{\"echo\":\"hello\"}")
        .expect("it reads");
    assert!(connection.read(&mut [0; 4096]).expect("it answers") > 0);
    assert_ends_at_second_signal(function, &[], "answering");
}

#[test]
fn a_second_signal_ends_the_process_in_the_middle_of_a_stream_that_blocks() {
    let (api, gate) = (api(), Gate::new());
    let function = stream().start(&api);
    let _pending = api.invoke(Event::new(format!(
        r#"[{{"write":"first"}},{{"block_at":"{}"}}]"#,
        gate.address()
    )));
    let _blocked = gate.reached();
    assert_ends_at_second_signal(function, &[], "streaming");
}

#[test]
fn after_the_event_loop_has_ended_a_signal_has_its_default_effect() {
    let (api, gate) = (api(), Gate::new());
    let function = act().with("PROBE_GOES_ON", gate.address()).start(&api);
    assert!(api.wait_until(LIMIT, |counts| counts.polls == 1));
    function.signal("TERM");
    let _blocked = gate.reached();
    // The watchdog thread may not have unregistered the signals yet.
    let ended = loop {
        function.signal("TERM");
        if let Some(code) = function.try_wait(Duration::from_millis(100)) {
            break code;
        }
    };
    assert_eq!(ended, -15);
}

/// Freezes the function, as the platform does, until after the deadline of its invocation.
fn freeze(function: &Function, meanwhile: impl FnOnce()) {
    function.signal("STOP");
    // Nothing happens in this time, and that is the point.
    sleep(Duration::from_millis(1500));
    meanwhile();
    function.signal("CONT");
}

#[test]
fn a_handler_that_was_frozen_past_its_deadline_ends_normally() {
    for _ in 0..3 {
        let (api, gate) = (api(), Gate::new());
        let function = act().with("RUNTIME_TIMEOUT", "1").start(&api);
        assert_serves(&api);
        let pending = api.invoke(Event::new(format!(r#"{{"wait_at":"{}"}}"#, gate.address())));
        let waiting = gate.reached();
        freeze(&function, || drop(waiting));
        let answer = pending.wait(LIMIT).expect("there is an answer");
        assert_eq!((answer.kind, &*answer.text()), (AnswerKind::Response, r#""waited""#));
        assert_serves(&api);
        let ended = function.stop();
        assert_eq!((ended.code, ended.stderr.len()), (0, 0), "{ended:#?}");
    }
}

#[test]
fn a_handler_that_was_frozen_while_it_waits_is_not_reported_as_blocking() {
    let (api, gate) = (api(), Gate::new());
    let function = act().with("RUNTIME_TIMEOUT", "1").start(&api);
    let pending = api.invoke(Event::new(format!(r#"{{"wait_at":"{}"}}"#, gate.address())));
    let _waiting = gate.reached();
    freeze(&function, || {});
    let failure = failure(&pending.wait(LIMIT).expect("there is an answer"));
    let (error_type, message) = type_and_message(&failure);
    assert!(
        error_type == "FunctionTimeout" && message.starts_with("not finished after "),
        "{message}"
    );
    assert_serves(&api);
    assert_eq!(function.stop().code, 0);
}

#[test]
fn the_error_of_a_handler_that_blocks_and_was_frozen_mentions_both() {
    let (api, gate) = (api(), Gate::new());
    let function = act().with("RUNTIME_TIMEOUT", "1").start(&api);
    let pending = api.invoke(Event::new(format!(r#"{{"block_at":"{}"}}"#, gate.address())));
    let _blocked = gate.reached();
    freeze(&function, || {});
    let failure = failure(&pending.wait(LIMIT).expect("there is an answer"));
    let (_, message) = type_and_message(&failure);
    assert!(
        message.contains("blocked its thread")
            && message.contains("in which the instance has also stood still"),
        "{message}"
    );
    assert_eq!(function.wait().code, 1);
}
