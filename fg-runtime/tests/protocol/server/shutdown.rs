//! The end of a server: what runs is finished and answered, what is left is done, and nothing is
//! lost.

use std::net::{Ipv4Addr, TcpStream};

use super::{Server, invocation, post};
use crate::function::{act, stream};
use crate::gate::Gate;

const SHUTDOWN: &[u8] = include_bytes!("engine/shutdown.http");

pub(crate) fn refuses_connections(server: &Server) -> bool {
    // One that is refused later than it is made was in the queue when the end began.
    (0..1000).any(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).is_err())
}

#[test]
fn an_idle_server_ends_at_once_after_its_pre_stop_whatever_connections_are_open() {
    for signal in ["TERM", "INT"] {
        let server = Server::start(act());
        let mut kept = server.send(invocation("", r#"{"echo":"hello"}"#));
        assert_eq!(kept.read_response().status, 200);
        let mut silent = server.connect();
        server.assert_serves();
        server.function.signal(signal);
        kept.assert_closed();
        silent.assert_closed();
        let ended = server.function.wait();
        assert_eq!(
            (ended.code, ended.count("pre_stop after 2 calls"), ended.stderr.len()),
            (0, 1, 0),
            "{ended:#?}"
        );
    }
}

/// The end begins while there are: a handler, one with work for later, and a stream in the middle
/// of its reply.
fn assert_finishes(begin: impl Fn(&Server)) {
    let server = Server::start(act());
    let (gate, work) = (Gate::new(), Gate::new());
    let mut waits = server.send(invocation("", format!(r#"{{"wait_at":"{}"}}"#, gate.address())));
    let mut leaves =
        server.send(invocation("", format!(r#"{{"after":{{"wait_at":"{}"}}}}"#, work.address())));
    let (waiting, working) = (gate.reached(), work.reached());
    assert_eq!(leaves.read_response().text(), r#""more to come""#);
    begin(&server);
    assert!(refuses_connections(&server));
    drop(waiting);
    let response = waits.read_response();
    assert_eq!((response.status, &*response.text(), response.is_cut), (200, r#""waited""#, false));
    waits.assert_closed();
    drop(working);
    let ended = server.function.wait();
    assert_eq!(
        (ended.code, ended.count("INFO waited"), ended.count("pre_stop after 2 calls")),
        (0, 1, 1),
        "{ended:#?}"
    );
    let last = ended.stdout.last().expect("there are lines");
    assert_eq!(last, "pre_stop after 2 calls");
}

#[test]
fn a_signal_lets_what_runs_be_finished_and_what_is_left_be_done() {
    assert_finishes(|server| server.function.signal("TERM"));
}

#[test]
fn the_shutdown_request_does_what_the_signal_does() {
    assert_finishes(|server| assert_eq!(server.ask(SHUTDOWN).status, 200));
}

#[test]
fn a_stream_in_the_middle_of_its_reply_is_finished() {
    let server = Server::start(stream());
    let gate = Gate::new();
    let mut client = server.send(invocation(
        "",
        format!(r#"[{{"write":"first"}},{{"wait_at":"{}"}},{{"kilobytes":5000}}]"#, gate.address()),
    ));
    let waiting = gate.reached();
    server.function.signal("TERM");
    assert!(refuses_connections(&server));
    drop(waiting);
    let response = client.read_response();
    assert_eq!((response.body.len(), response.is_cut), (5 + 5000 * 1024, false));
    assert_eq!(server.function.wait().code, 0);
}

#[test]
fn a_request_that_is_half_sent_when_the_signal_comes_is_answered() {
    let server = Server::start(act());
    server.assert_serves();
    let mut client = server.send(
        "POST /invoke HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 16\r\n\r\n",
    );
    // The server asks for the body, so it has read the head.
    client.expect_continue();
    server.function.signal("TERM");
    assert!(refuses_connections(&server));
    client.send(r#"{"echo":"hello"}"#);
    assert_eq!(client.read_response().text(), r#""hello""#);
    client.assert_closed();
    assert_eq!(server.function.wait().code, 0);
}

#[test]
fn a_signal_during_the_initialisation_ends_the_server_and_whoever_waits_is_told() {
    let gate = Gate::new();
    let server = Server::start(act().with("PROBE_INIT", gate.address()));
    let _waiting = gate.reached();
    let mut inits =
        [post("/init", "", b"{}"), post("/invoke", "", b"{}")].map(|request| server.send(request));
    // Both have been read: a third one that came later has been answered.
    assert_eq!(server.ask("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").status, 503);
    server.function.signal("TERM");
    for client in &mut inits {
        let response = client.read_response();
        assert_eq!(response.error_type(500), "InitError");
        assert_eq!(
            response.error_message(),
            "the instance ends, and the function has not been initialised"
        );
    }
    let ended = server.function.wait();
    assert_eq!((ended.code, ended.count("pre_stop")), (0, 0), "{ended:#?}");
}

#[test]
fn what_hangs_does_not_hold_up_the_end_for_longer_than_its_time() {
    let server = Server::start(act().with("RUNTIME_TIMEOUT", "1"));
    let gate = Gate::new();
    let mut hangs = server.send(invocation("", r#""hang""#));
    let mut waits =
        server.send(invocation("", format!(r#"{{"after":{{"wait_at":"{}"}}}}"#, gate.address())));
    let _waiting = gate.reached();
    server.function.signal("TERM");
    assert_eq!(hangs.read_response().error_type(500), "FunctionTimeout");
    assert_eq!(waits.read_response().status, 200);
    let ended = server.function.wait();
    assert_eq!(
        (ended.code, ended.count("work left by spawn_after was not finished")),
        (0, 1),
        "{ended:#?}"
    );
}

#[test]
fn the_end_does_not_wait_for_a_thread_that_is_blocked_once_its_caller_has_been_answered() {
    // The grace is longer than the test waits for the end.
    let setup = act().with("RUNTIME_CPU", "2000").with("FG_SHUTDOWN_GRACE", "600");
    let server = Server::start(setup);
    let gate = Gate::new();
    let mut blocks = server.send(invocation(
        "X-CFF-Request-Id: r-1\r\nX-CFF-Timeout: 1\r\n",
        format!(r#"{{"block_at":"{}"}}"#, gate.address()),
    ));
    let _blocked = gate.reached();
    server.function.signal("TERM");
    assert!(refuses_connections(&server));
    assert_eq!(blocks.read_response().error_type(500), "FunctionTimeout");
    blocks.assert_closed();
    let ended = server.function.wait();
    assert_eq!(
        (
            ended.code,
            ended.count(" r-1 ERROR FunctionTimeout: "),
            ended.count("not all requests were finished"),
            ended.count("pre_stop after 1 calls")
        ),
        (0, 1, 0, 1),
        "{ended:#?}"
    );
}

#[test]
fn what_never_ends_is_left_behind_and_that_is_logged() {
    let server = Server::start(act().with("RUNTIME_TIMEOUT", "1").with("PROBE_NO_TIMEOUTS", "1"));
    let gate = Gate::new();
    let mut waits = server.send(invocation("", format!(r#"{{"wait_at":"{}"}}"#, gate.address())));
    let _waiting = gate.reached();
    server.function.signal("TERM");
    waits.assert_closed();
    let ended = server.function.wait();
    assert_eq!(
        (
            ended.code,
            ended.count("ERROR not all requests were finished within 2s; the process ends")
        ),
        (0, 1),
        "{ended:#?}"
    );
    assert_eq!(ended.count("pre_stop after 1 calls"), 1, "{ended:#?}");
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let server = Server::start(act());
    let gate = Gate::new();
    let mut client = server.send(invocation("", format!(r#"{{"wait_at":"{}"}}"#, gate.address())));
    let _waiting = gate.reached();
    server.function.signal("TERM");
    assert!(refuses_connections(&server));
    server.function.signal("INT");
    let ended = server.function.wait();
    assert_eq!((ended.code, ended.count("pre_stop")), (128 + 2, 0), "{ended:#?}");
    assert_eq!(ended.stderr, ["fg: second signal received; ending now, with work unfinished"]);
    client.assert_closed();
}

#[test]
fn work_for_later_begins_when_all_of_the_reply_has_left() {
    let server = Server::start(act());
    let gate = Gate::new();
    // More than the buffers of the two sockets hold, so that it has not left before it is read.
    let size = 6 * 1024 * 1024 - 2;
    let event = format!(r#"{{"large_and_after":[{size},{{"wait_at":"{}"}}]}}"#, gate.address());
    let mut client = server.send(invocation("", event));
    let mut response = client.read_head();
    for _ in 0..20 {
        server.assert_serves();
    }
    assert!(!gate.is_reached(), "the work has begun before the reply was read");
    client.read_body(&mut response);
    assert_eq!((response.body.len(), response.is_cut), (size + 2, false));
    drop(gate.reached());
}

#[test]
fn a_kill_right_after_the_answer_loses_no_line_of_its_log() {
    for number in 0..30 {
        let server =
            Server::start(act().with("RUNTIME_CPU", if number % 2 == 0 { "300" } else { "2000" }));
        let mut clients: Vec<_> = (0..5)
            .map(|id| {
                server.send(invocation(
                    &format!("X-CFF-Request-Id: r-{id}\r\n"),
                    r#"{"log":"hello"}"#,
                ))
            })
            .collect();
        let mut fails = server.send(invocation("X-CFF-Request-Id: f-1\r\n", r#""fail""#));
        for client in &mut clients {
            assert_eq!(client.read_response().status, 200);
        }
        assert_eq!(fails.read_response().status, 500);
        server.function.signal("KILL");
        let ended = server.function.wait();
        assert_eq!(
            (ended.code, ended.count(" hello"), ended.count(" f-1 ERROR ")),
            (-9, 15, 1),
            "{ended:#?}"
        );
    }
}
