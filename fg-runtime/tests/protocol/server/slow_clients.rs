//! Clients that keep a connection and do nothing with it: they are told or left after ten seconds,
//! and others are served meanwhile. Only one that has been served is kept for longer, since proxies
//! count on it.
//!
//! The limits of the server are waited for, so all that take the same time are tried side by side.

use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use super::{Server, invocation};
use crate::function::{act, echo};
use crate::gate::Gate;

#[test]
fn a_client_that_is_too_slow_is_told_or_left_and_others_are_served_meanwhile() {
    let server = Server::start(echo());
    let mut silent = server.connect();
    let mut only_empty_lines = server.send("\r\n\r\n");
    let mut kept = server.send(invocation("", "hello"));
    assert_eq!(kept.read_response().text(), "hello");
    let mut half_a_head = server.send("POST /invoke HTTP/1.1\r\nHost: a\r\nX-");
    let mut half_a_second_head = server.send([&invocation("", "hello")[..], b"POST /inv"].concat());
    assert_eq!(half_a_second_head.read_response().text(), "hello");
    let mut half_a_body =
        server.send("POST /invoke HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
    let mut half_a_chunk = server
        .send("POST /invoke HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
    let mut no_body = server.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    let mut dripping = server.send("POST /invoke HTTP/1.1\r\n");
    // Each byte keeps the body from being silent; the invocation has two seconds.
    let mut dripping_body = server.send(
        "POST /invoke HTTP/1.1\r\nHost: a\r\nX-Cff-Timeout: 2\r\nContent-Length: 500\r\n\r\n",
    );
    for _ in 0..20 {
        assert_eq!(server.invoke("hello").text(), "hello");
    }
    thread::scope(|scope| {
        scope.spawn(|| dripping.drip(b"X-A: b\r\n"));
        scope.spawn(|| dripping_body.drip(b"x"));
    });
    assert_eq!(dripping.read_response().status, 408);
    dripping.assert_closed();
    silent.assert_closed();
    only_empty_lines.assert_closed();
    // One that has been served may take its time for the next request.
    kept.send(invocation("", "hello"));
    assert_eq!(kept.read_response().text(), "hello");
    for client in [&mut half_a_head, &mut half_a_second_head] {
        assert_eq!(client.read_response().status, 408);
        client.assert_closed();
    }
    for client in [&mut half_a_body, &mut half_a_chunk, &mut no_body, &mut dripping_body] {
        assert_eq!(client.read_response().error_type(408), "InvalidPayload");
        client.assert_closed();
    }
    assert_eq!(server.invoke("hello").text(), "hello");
    let ended = server.stop();
    assert_eq!((ended.code, ended.stdout.len(), ended.stderr.len()), (0, 1, 0), "{ended:#?}");
}

#[test]
fn more_idle_connections_than_there_are_places_hold_up_others_only_until_they_are_closed() {
    let server = Server::start(echo());
    let idle: Vec<_> = (0..1600).map(|_| server.connect()).collect();
    assert_eq!(server.invoke("hello").text(), "hello");
    drop(idle);
    assert_eq!(server.invoke("hello").text(), "hello");
    assert_eq!(server.stop().code, 0);
}

#[test]
fn a_connection_that_is_half_closed_in_the_middle_of_a_request_is_closed() {
    let server = Server::start(echo());
    for request in ["", "POST /inv", "POST /invoke HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel"] {
        let mut client = server.send(request);
        client.shutdown(Shutdown::Write);
        client.wait_for_the_end();
        assert_eq!(server.invoke("hello").text(), "hello");
    }
}

#[test]
fn a_client_that_pipelines_and_sends_no_more_gets_the_response_that_it_waits_for() {
    let server = Server::start(act());
    for next in [&invocation("", r#""count""#)[..], b"POST /inv"] {
        let gate = Gate::new();
        let first = invocation("", format!(r#"{{"wait_at":"{}"}}"#, gate.address()));
        let mut client = server.send([&first[..], next].concat());
        let waiting = gate.reached();
        client.shutdown(Shutdown::Write);
        // The end has been noticed by then, if it is looked for.
        assert_eq!(server.invoke(r#""count""#).status, 200);
        drop(waiting);
        assert_eq!(client.read_response().text(), r#""waited""#);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_client_that_does_not_read_makes_the_writer_wait_and_is_left_in_the_end() {
    use crate::function::stream;
    use crate::streams::peak_memory;
    let server = Server::start(stream());
    assert_eq!(server.invoke("[]").status, 200);
    let before = peak_memory(server.function.id());
    let mut client =
        server.send(invocation("X-CFF-Request-Id: r-1\r\n", r#"[{"kilobytes":204800}]"#));
    let mut response = client.read_head();
    server.function.wait_for_line(" r-1 INFO dropped");
    let grown = peak_memory(server.function.id()) - before;
    assert!(grown < 4 * 1024 * 1024, "{grown} bytes more");
    client.read_body(&mut response);
    assert!(response.is_cut);
    let ended = server.stop();
    assert_eq!(
        (ended.code, ended.count(" r-1 WARN the streamed response is not complete: ")),
        (0, 1),
        "{ended:#?}"
    );
}

const HEALTHZ: &str = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

/// There are 32 places then.
const FEW_FILES: u32 = 64;

#[test]
fn connections_that_wait_for_a_request_give_way_to_new_ones_the_longest_first() {
    let server = Server::start(echo().limit_open_files(FEW_FILES));
    let kept = |number: usize| {
        let mut client = server.send(invocation("", number.to_string()));
        assert_eq!(client.read_response().text(), number.to_string());
        client
    };
    let begun = Instant::now();
    let mut clients: Vec<_> = (0..200).map(kept).collect();
    let silent: Vec<_> = (0..100).map(|_| server.connect()).collect();
    let slow: Vec<_> = (0..100).map(|_| server.send("POST /invoke HTTP/1.1\r\nHo")).collect();
    let mut last = kept(200);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    last.send(HEALTHZ);
    assert_eq!(last.read_response().status, 200, "it is the last one that would give way");
    clients[0].assert_closed();
    drop((clients, silent, slow));
    assert_eq!(server.stop().code, 0);
}

#[test]
fn a_probe_gets_in_where_all_connections_are_at_work_and_nothing_else_does() {
    let server = Server::start(act().limit_open_files(FEW_FILES));
    let begin = |_| {
        let mut client = server.send("POST /invoke HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 16\r\n\r\n");
        client.expect_continue();
        client
    };
    let mut at_work: Vec<_> = (0..32).map(begin).collect();
    // As many as there are places for probes; they hold them up for a second.
    let _silent: Vec<_> = (0..8).map(|_| server.connect()).collect();
    for _ in 0..20 {
        let mut client = server.send(HEALTHZ);
        let response = client.read_response();
        assert_eq!((response.status, response.header("connection")), (200, Some("close")));
        client.assert_closed();
        assert_eq!(server.invoke(r#"{"echo":"hello"}"#).error_type(429), "TooManyRequests");
    }
    for client in &mut at_work {
        client.send(r#"{"echo":"hello"}"#);
        assert_eq!(client.read_response().text(), r#""hello""#);
    }
    drop(at_work);
    server.assert_serves();
    assert_eq!(server.stop().code, 0);
}
