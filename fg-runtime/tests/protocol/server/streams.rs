//! A streamed response over HTTP: piece by piece, under back-pressure, and never taken for complete
//! where it is not.

use std::net::Shutdown;

use super::{Server, invocation};
use crate::function::stream;
use crate::gate::Gate;

fn ask(server: &Server, steps: &str) -> super::client::Client {
    server.send(invocation("X-CFF-Request-Id: r-1\r\n", steps))
}

fn assert_serves(server: &Server) {
    let response = server.invoke(r#"[{"write":"whole"}]"#);
    assert_eq!((response.status, &*response.text(), response.is_cut), (200, "whole", false));
}

#[test]
fn a_piece_arrives_before_the_next_one_is_made() {
    let server = Server::start(stream());
    let gate = Gate::new();
    let mut client = ask(
        &server,
        &format!(
            r#"[{{"write":"first"}},{{"wait_at":"{}"}},{{"write":"second"}}]"#,
            gate.address()
        ),
    );
    let mut response = client.read_head();
    assert_eq!((response.status, response.header("content-type")), (200, Some("text/plain")));
    assert_eq!(client.read_piece(&mut response).as_deref(), Some(&b"first"[..]));
    drop(gate.reached());
    assert_eq!(client.read_piece(&mut response).as_deref(), Some(&b"second"[..]));
    assert_eq!((client.read_piece(&mut response), response.is_cut), (None, false));
    // The connection is as good as new.
    client.send(invocation("", "[]"));
    let empty = client.read_response();
    assert_eq!((empty.status, &*empty.text(), empty.is_cut), (200, "", false));
}

#[test]
fn a_failure_before_the_first_piece_is_an_ordinary_one() {
    for (step, error_type) in
        [("fail", "FunctionReturnError"), ("panic", "panic"), ("hang", "FunctionTimeout")]
    {
        let server = Server::start(stream().with("RUNTIME_TIMEOUT", "1"));
        assert_eq!(
            ask(&server, &format!(r#"["{step}"]"#)).read_response().error_type(500),
            error_type
        );
        assert_serves(&server);
        assert_eq!(server.stop().count(" r-1 ERROR "), 1);
    }
}

#[test]
fn a_stream_that_fails_after_its_first_piece_is_cut_behind_it_and_logged_once() {
    let server = Server::start(stream().with("RUNTIME_TIMEOUT", "1"));
    for (step, expected) in [
        (
            "fail",
            "the streamed response ends too early: FunctionReturnError: the source has run dry",
        ),
        ("panic", "the streamed response ends too early: panic: in the middle of a stream"),
        ("hang", "the streamed response ends too early: FunctionTimeout: not finished after"),
    ] {
        let gate = Gate::new();
        let waits = format!(r#"{{"wait_at":"{}"}},"#, gate.address());
        for (id, wait) in [("waits", &*waits), ("at-once", "")] {
            if (step, id) == ("panic", "at-once") {
                // It comes before the first piece has been taken, and is an ordinary one.
                continue;
            }
            let steps = format!(r#"[{{"write":"first"}},{wait}"{step}"]"#);
            let mut client =
                server.send(invocation(&format!("X-CFF-Request-Id: {step}-{id}\r\n"), steps));
            if !wait.is_empty() {
                drop(gate.reached());
            }
            let response = client.read_response();
            assert_eq!(
                (response.status, &*response.text(), response.is_cut),
                (200, "first", true),
                "{step} {id}"
            );
            client.assert_closed();
            assert_serves(&server);
            server.function.wait_for_line(&format!(" {step}-{id} ERROR {expected}"));
        }
    }
    let ended = server.stop();
    for id in ["fail-waits", "fail-at-once", "panic-waits", "hang-waits", "hang-at-once"] {
        assert_eq!(
            (ended.count(&format!(" {id} ERROR ")), ended.count(&format!(" {id} INFO dropped"))),
            (1, 1),
            "{id}: {ended:#?}"
        );
    }
    assert_eq!(ended.code, 0);
}

#[test]
fn the_stream_of_a_client_that_goes_away_is_dropped_and_logged_once() {
    for how in [Shutdown::Both, Shutdown::Write] {
        let server = Server::start(stream());
        let gate = Gate::new();
        let mut client =
            ask(&server, &format!(r#"[{{"write":"first"}},{{"wait_at":"{}"}}]"#, gate.address()));
        let mut response = client.read_head();
        assert_eq!(client.read_piece(&mut response).as_deref(), Some(&b"first"[..]));
        let _waiting = gate.reached();
        client.shutdown(how);
        server.function.wait_for_line(" r-1 INFO dropped");
        server.function.wait_for_line(
            " r-1 WARN the streamed response is not complete: the client has gone away",
        );
        assert_serves(&server);
        let ended = server.stop();
        assert_eq!(
            (ended.code, ended.count(" r-1 WARN "), ended.count("ERROR"), ended.stderr.len()),
            (0, 1, 0, 0),
            "{ended:#?}"
        );
    }
}

#[test]
fn a_client_that_knows_no_chunks_gets_the_reply_whole() {
    let server = Server::start(stream());
    let request = |steps: &str| {
        format!("POST /invoke HTTP/1.0\r\nContent-Length: {}\r\n\r\n{steps}", steps.len())
    };
    let mut client = server.send(request(r#"[{"write":"first"},{"write":"second"}]"#));
    let response = client.read_response();
    assert_eq!(
        (response.status, &*response.text(), response.header("content-length")),
        (200, "firstsecond", Some("11"))
    );
    assert_eq!(response.header("content-type"), Some("text/plain"));
    client.assert_closed();
    assert_eq!(
        server.ask(request(r#"[{"write":"first"},"fail"]"#)).error_type(500),
        "FunctionReturnError"
    );
    assert_eq!(
        server.ask(request(r#"[{"kilobytes":7000}]"#)).error_type(500),
        "FunctionResponseTooLarge"
    );
    assert_serves(&server);
}

#[cfg(target_os = "linux")]
#[test]
fn two_hundred_megabytes_pass_in_little_memory_and_one_kilobyte_more_is_cut() {
    use crate::streams::peak_memory;
    const MOST: usize = 200 * 1024 * 1024;
    let server = Server::start(stream());
    let read = |steps: &str| {
        let mut client = ask(&server, steps);
        let mut response = client.read_head();
        let mut length = 0;
        while let Some(piece) = client.read_piece(&mut response) {
            length += piece.len();
        }
        (response.status, length, response.is_cut)
    };
    assert_serves(&server);
    let before = peak_memory(server.function.id());
    assert_eq!(read(r#"[{"kilobytes":204800}]"#), (200, MOST, false));
    let grown = peak_memory(server.function.id()) - before;
    assert!(grown < 4 * 1024 * 1024, "{grown} bytes more");
    let (status, length, is_cut) = read(r#"[{"kilobytes":204801}]"#);
    assert!(status == 200 && length <= MOST && is_cut, "{status} {length} {is_cut}");
    assert_serves(&server);
    assert_eq!(
        server
            .stop()
            .count(" r-1 ERROR the streamed response ends too early: FunctionResponseTooLarge: "),
        1
    );
}
