//! An HTTP service over HTTP: requests reach it as they are sent, and its responses leave as they
//! are made.

use std::net::Shutdown;

use super::shutdown::refuses_connections;
use super::{Server, post};
use crate::function::{Setup, act};
use crate::gate::Gate;
#[cfg(target_os = "linux")]
use crate::streams::peak_memory;

pub(crate) fn service() -> Setup {
    act().with("PROBE_SERVICE", "1")
}

pub(crate) fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n{headers}\r\n")
}

pub(crate) fn assert_serves(server: &Server) {
    let response = server.ask(post("/echo", "", b"still here"));
    assert_eq!((response.status, &*response.text(), response.is_cut), (200, "still here", false));
}

#[test]
fn a_request_and_its_response_stream_at_the_same_time() {
    let server = Server::start(service());
    let mut client = server
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    let mut response = client.read_head();
    assert_eq!(
        client.read_piece(&mut response).as_deref(),
        Some(&b"one"[..]),
        "before the second has been sent"
    );
    client.send("3\r\ntwo\r\n");
    assert_eq!(client.read_piece(&mut response).as_deref(), Some(&b"two"[..]));
    client.send("0\r\n\r\n");
    assert_eq!((client.read_piece(&mut response), response.is_cut), (None, false));
}

#[test]
fn a_service_sees_the_request_but_not_the_secrets_of_the_platform() {
    let server = Server::start(service());
    let headers = "X-Client: c\r\nX-Cff-Request-Id: r-1\r\nX-Cff-Auth-Token: t-1\r\nX-Cff-Security-Secret-Key: s\r\nCookie: a=b\r\n";
    assert_eq!(
        server.ask(get("/headers", headers)).text(),
        "host x-client x-cff-request-id cookie"
    );
    assert_eq!(server.ask(get("/context", headers)).text(), "r-1 t-1");
    assert_eq!(
        server.ask(get("//path?q=1&z=a+b", "")).text(),
        "/path?q=1&z=a+b",
        "as the engine writes it"
    );
}

#[test]
fn what_goes_wrong_in_a_request_is_its_own_business() {
    let server = Server::start(service().with("RUNTIME_TIMEOUT", "1"));
    let hanging = server.send(get("/hang", "X-Cff-Request-Id: r-1\r\n"));
    assert_eq!(server.ask(get("/panic", "")).error_type(500), "InternalServerError");
    assert_eq!(server.ask(get("/fail", "")).error_type(500), "InternalServerError");
    assert_eq!(server.ask(get("/nothing", "")).status, 404);
    assert_serves(&server);
    let mut hanging = hanging;
    assert_eq!(hanging.read_response().error_type(500), "InternalServerError");
    let ended = server.stop();
    assert_eq!(
        (ended.code, ended.count(" r-1 ERROR FunctionTimeout: "), ended.count(" ERROR ")),
        (0, 1, 3),
        "{ended:#?}"
    );
}

#[test]
fn a_request_that_blocks_one_of_several_threads_is_answered_for_and_others_are_served_meanwhile() {
    let server = Server::start(service().with("RUNTIME_CPU", "2000").with("RUNTIME_TIMEOUT", "1"));
    let mut blocks = server.send(get("/block", "X-Cff-Request-Id: r-1\r\n"));
    for _ in 0..20 {
        assert_serves(&server);
    }
    let response = blocks.read_response();
    assert_eq!(
        (response.error_type(500), response.header("x-request-id")),
        ("InternalServerError".to_owned(), Some("r-1"))
    );
    assert_serves(&server);
    let ended = server.stop();
    assert_eq!(
        (ended.code, ended.count(" r-1 ERROR FunctionTimeout: the handler has blocked its thread")),
        (0, 1),
        "{ended:#?}"
    );
}

#[test]
fn a_request_without_a_timeout_that_blocks_one_of_several_threads_does_not_hold_up_the_others() {
    for _ in 0..4 {
        let server =
            Server::start(service().with("RUNTIME_CPU", "2000").with("RUNTIME_TIMEOUT", ""));
        let _blocks = server.send(get("/block", ""));
        for _ in 0..20 {
            assert_serves(&server);
        }
    }
}

#[test]
fn a_response_that_fails_after_its_first_piece_is_cut_and_logged_once() {
    let server = Server::start(service().with("RUNTIME_TIMEOUT", "1"));
    for (step, expected) in [
        ("fail", "the source has run dry"),
        ("panic", "in the middle of a stream"),
        ("hang", "FunctionTimeout: not finished"),
    ] {
        let gate = Gate::new();
        let steps = format!(r#"[{{"write":"first"}},{{"wait_at":"{}"}},"{step}"]"#, gate.address());
        let mut client =
            server.send(post("/steps", &format!("X-Cff-Request-Id: {step}\r\n"), steps.as_bytes()));
        let mut response = client.read_head();
        assert_eq!(client.read_piece(&mut response).as_deref(), Some(&b"first"[..]));
        drop(gate.reached());
        assert_eq!((client.read_piece(&mut response), response.is_cut), (None, true), "{step}");
        server.function.wait_for_line(&format!(" {step} ERROR the response ends too early: "));
        server.function.wait_for_line(expected);
        server.function.wait_for_line(&format!(" {step} INFO dropped"));
    }
    assert_serves(&server);
    let ended = server.stop();
    assert_eq!((ended.code, ended.count(" ERROR ")), (0, 3), "{ended:#?}");
}

#[test]
fn a_stream_goes_on_for_the_grace_that_the_engine_gives_and_is_cut_after_it() {
    let set = |grace| service().with("RUNTIME_TIMEOUT", "").with("FG_SHUTDOWN_GRACE", grace);
    let begin = |server: &Server, gate: &Gate| {
        let steps = format!(
            r#"[{{"write":"first"}},{{"wait_at":"{}"}},{{"write":"last"}}]"#,
            gate.address()
        );
        let mut client = server.send(post("/steps", "", steps.as_bytes()));
        let mut response = client.read_head();
        assert_eq!(client.read_piece(&mut response).as_deref(), Some(&b"first"[..]));
        (client, response)
    };
    let (server, gate) = (Server::start(set("60")), Gate::new());
    let (mut client, mut response) = begin(&server, &gate);
    let waiting = gate.reached();
    server.function.signal("TERM");
    assert!(refuses_connections(&server));
    drop(waiting);
    assert_eq!(client.read_piece(&mut response).as_deref(), Some(&b"last"[..]));
    assert_eq!((client.read_piece(&mut response), response.is_cut), (None, false));
    let ended = server.function.wait();
    assert_eq!((ended.code, ended.count("not all requests")), (0, 0), "{ended:#?}");

    let (server, gate) = (Server::start(set("1")), Gate::new());
    let (mut client, mut response) = begin(&server, &gate);
    let _waiting = gate.reached();
    server.function.signal("TERM");
    assert_eq!((client.read_piece(&mut response), response.is_cut), (None, true));
    let ended = server.function.wait();
    assert_eq!(
        (
            ended.code,
            ended.count("ERROR not all requests were finished within 1s; the process ends")
        ),
        (0, 1),
        "{ended:#?}"
    );
}

#[test]
fn a_client_that_goes_away_ends_its_response() {
    let server = Server::start(service());
    let gate = Gate::new();
    let steps = format!(r#"[{{"write":"first"}},{{"wait_at":"{}"}}]"#, gate.address());
    let mut client = server.send(post("/steps", "X-Cff-Request-Id: r-1\r\n", steps.as_bytes()));
    let mut response = client.read_head();
    assert_eq!(client.read_piece(&mut response).as_deref(), Some(&b"first"[..]));
    let _waiting = gate.reached();
    client.shutdown(Shutdown::Both);
    server.function.wait_for_line(" r-1 INFO dropped");
    assert_serves(&server);
}

#[test]
fn the_paths_of_the_platform_are_the_services_own_unless_it_leaves_them() {
    let event = br#"{"httpMethod":"POST","path":"/echo","body":"hello","isBase64Encoded":false,"headers":{},"requestContext":{}}"#;
    let server = Server::start(service());
    for path in ["/invoke", "/init", "/healthz", "/shutdown"] {
        assert_eq!(server.ask(get(path, "")).text(), format!("nothing at {path}"));
    }
    let server = Server::start(service().with("PROBE_ROUTES", "1"));
    assert_eq!(server.ask(get("/healthz", "")).status, 200);
    assert_eq!(server.ask(post("/init", "", b"{}")).status, 200);
    let answer = server.ask(post("/invoke", "", event));
    assert_eq!(
        (answer.json()["statusCode"].as_u64(), answer.json()["body"].as_str().map(str::len)),
        (Some(200), Some(8)),
        "{answer:?}"
    );
    assert_serves(&server);
    assert_eq!(server.ask(get("/shutdown", "")).status, 200);
    assert_eq!(server.function.wait().code, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn two_hundred_megabytes_pass_in_little_memory_and_on_the_platform_no_more() {
    let server = Server::start(service());
    let before = peak_memory(server.function.id());
    let read = |kilobytes: u64| {
        let steps = format!(r#"[{{"kilobytes":{kilobytes}}}]"#);
        let mut client = server.send(post("/steps", "X-Cff-Request-Id: r-1\r\n", steps.as_bytes()));
        let (mut response, mut total) = (client.read_head(), 0);
        while let Some(piece) = client.read_piece(&mut response) {
            total += piece.len() as u64;
        }
        (total, response.is_cut)
    };
    assert_eq!(read(204_800), (200 * 1024 * 1024, false));
    let grown = peak_memory(server.function.id()) - before;
    assert!(grown < 6 * 1024 * 1024, "{grown} bytes more");
    assert!(read(204_801).1, "the platform takes no more");
    assert_eq!(
        server.stop().count("r-1 ERROR the response ends too early: FunctionResponseTooLarge: "),
        1
    );
}
