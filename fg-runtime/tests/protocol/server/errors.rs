//! What an invocation is answered with that has no good end, and what is too large.

use super::{Server, invocation, post};
use crate::function::{act, echo};

/// The platform's limit, in both directions.
const MOST: usize = 6 * 1024 * 1024;
/// What it tolerates beyond that in a payload.
const TOLERANCE: usize = 100;

#[test]
fn an_error_a_panic_and_an_event_that_does_not_fit_are_500_with_the_error_as_json() {
    let server = Server::start(act());
    for (event, error_type, message) in [
        (r#""fail""#, "OrderNotFound", "there is no order 17"),
        (r#"{"panic":"plain"}"#, "panic", "article 17 is out of stock"),
        (r#"{"panic":"with_bomb"}"#, "panic", ""),
        (r#"{"panic":"in_drop"}"#, "panic", "the bomb went off"),
        (r#"{"panic_in_deserialize":1}"#, "panic", "cannot read this"),
        (r#""panic_in_serialize""#, "panic", "cannot write this"),
        (r#"{"echo":1}"#, "InvalidPayload", "expected a string"),
        ("", "InvalidPayload", ""),
        ("\u{0}\u{1}", "InvalidPayload", ""),
    ] {
        let response = server.invoke(event);
        assert_eq!(response.error_type(500), error_type, "{event}");
        assert!(response.error_message().contains(message), "{event}: {}", response.text());
        server.assert_serves();
    }
    let response = server.invoke(r#""fail""#);
    assert_eq!(response.json()["cause"][0], "no such row");
    assert!(
        server.invoke(r#"{"panic":"plain"}"#).json()["stackTrace"][0]
            .as_str()
            .is_some_and(|frame| frame.contains("act.rs"))
    );
}

#[test]
fn a_failure_is_logged_once_with_its_request_id() {
    let server = Server::start(act());
    server.ask(invocation("X-CFF-Request-Id: r-1\r\n", r#""fail""#));
    let ended = server.stop();
    assert_eq!(
        (ended.count(" r-1 ERROR OrderNotFound: there is no order 17"), ended.count("ERROR")),
        (1, 1),
        "{ended:#?}"
    );
}

#[test]
fn a_reply_has_the_content_type_that_the_handler_gives_it() {
    assert_eq!(
        Server::start(act()).invoke(r#"{"echo":"a"}"#).header("content-type"),
        Some("application/json")
    );
    assert_eq!(
        Server::start(echo()).invoke("a").header("content-type"),
        Some("application/octet-stream")
    );
}

fn chunked(size: usize) -> Vec<u8> {
    let mut request =
        b"POST /invoke HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in vec![b'x'; size].chunks(100_000) {
        request.extend(format!("{:x}\r\n", piece.len()).as_bytes());
        request.extend(piece);
        request.extend(b"\r\n");
    }
    request.extend(b"0\r\n\r\n");
    request
}

#[test]
fn six_megabytes_pass_both_ways_and_a_larger_payload_is_refused() {
    let server = Server::start(echo());
    let too_much = MOST + TOLERANCE + 1;
    for request in [post("/invoke", "", &vec![b'x'; MOST]), chunked(MOST)] {
        let response = server.ask(request);
        assert_eq!((response.status, response.body.len(), response.is_cut), (200, MOST, false));
        assert!(response.body.iter().all(|&byte| byte == b'x'));
    }
    for request in [
        post("/invoke", "", &vec![b'x'; too_much]),
        chunked(too_much),
        post("/", "", &vec![b'x'; 3 * too_much]),
    ] {
        // All of it is sent before the answer is read.
        let response = server.ask(request);
        assert_eq!(response.error_type(413), "InvalidPayload");
        assert!(response.error_message().contains("larger than"), "{}", response.text());
        assert_eq!(server.invoke("x").text(), "x");
    }
}

#[test]
fn a_client_that_asks_first_is_told_before_it_sends_what_is_too_large() {
    let server = Server::start(echo());
    let head = |length: usize| {
        format!(
            "POST /invoke HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let mut client = server.send(head(100_000_000));
    assert_eq!(client.read_response().error_type(413), "InvalidPayload");
    client.assert_closed();
    let mut client = server.send(head(5));
    client.send("hello");
    assert_eq!(client.read_response().text(), "hello");
}

#[test]
fn a_reply_that_is_too_large_is_an_error_of_the_function() {
    let server = Server::start(act());
    // The text has its quotes.
    assert_eq!(server.invoke(format!(r#"{{"large":{}}}"#, MOST - 2)).body.len(), MOST);
    let response = server.invoke(format!(r#"{{"large":{}}}"#, MOST - 1));
    assert_eq!(response.error_type(500), "FunctionResponseTooLarge");
    let small = Server::start(act().with("RUNTIME_MAX_RESP_BODY_SIZE", "20"));
    assert_eq!(small.invoke(r#"{"large":19}"#).error_type(500), "FunctionResponseTooLarge");
    small.assert_serves();
}
