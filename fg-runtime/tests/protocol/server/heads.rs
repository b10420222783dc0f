//! Heads of requests that are too large, or that two servers could read differently: refused, and
//! no other client is affected.

use super::Server;
use crate::function::echo;

/// Each is refused with this status, the connection is closed, and the next client is served.
fn assert_refused(status: u16, requests: &[&str]) {
    let server = Server::start(echo());
    for request in requests {
        let mut client = server.send(request);
        let response = client.read_response();
        assert_eq!(response.status, status, "{request:?}");
        client.assert_closed();
        assert_eq!(server.invoke("hello").text(), "hello", "after {request:?}");
    }
    let ended = server.stop();
    assert_eq!((ended.code, ended.stdout.len(), ended.stderr.len()), (0, 1, 0), "{ended:#?}");
}

/// What a server that reads such a request otherwise would take for a second one.
const SMUGGLED: &str = "GET /shutdown HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn a_request_with_two_ways_to_tell_its_length_is_refused() {
    let both = [
        "Content-Length: 6\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 6",
    ];
    let lengths = [
        "Content-Length: 6\r\nContent-Length: 7",
        "Content-Length: 6, 6",
        "Content-Length: +6",
        "Content-Length: 0x6",
        "Content-Length: -1",
        "Content-Length: ",
        "Content-Length: 99999999999999999999",
        "Content-Length : 6",
        "Content-Length: 6\r\ntransfer-ENCODING: identity",
    ];
    let encodings = [
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
    ];
    let requests: Vec<_> = both
        .iter()
        .chain(&lengths)
        .chain(&encodings)
        .map(|headers| {
            format!("POST /invoke HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n0\r\n\r\n{SMUGGLED}")
        })
        .collect();
    assert_refused(400, &requests.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_request_with_bytes_that_no_head_may_have_is_refused() {
    assert_refused(
        400,
        &[
            "POST /invoke HTTP/1.1\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "POST /invoke HTTP/1.1\r\nHost: a\nContent-Length: 0\r\n\r\n",
            "POST /invoke HTTP/1.1\r\nHost: a\r\nContent-Length: 0\n\r\n",
            "POST /invoke HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\n",
            "POST /invoke HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
            "POST /invoke HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\tTransfer-Encoding: chunked\r\n\r\n",
            "POST /invoke HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\nContent-Length: 0\r\n\r\n",
            "POST /invoke HTTP/1.1\r\nHost: a\r\nX-A: b\rc\r\nContent-Length: 0\r\n\r\n",
            "POST /invoke HTTP/1.1\r\nHost: a\r\nX-\0A: b\r\n\r\n",
            "POST /invoke HTTP/1.1\r\nHost: a\r\nX A: b\r\n\r\n",
            "POST /invoke HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
            "POST /in voke HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /in\0voke HTTP/1.1\r\nHost: a\r\n\r\n",
            "PO\u{e9}ST /invoke HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /invoke HTTP/3.7\r\n\r\n",
            "POST /invoke HTTPS/1.1\r\n\r\n",
            "hello, is anybody there?\r\n\r\n",
        ],
    );
}

#[test]
fn a_body_whose_chunks_cannot_be_read_is_refused() {
    let chunks = [
        "x\r\n",
        "\r\n",
        "-1\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello, you\r\n0\r\n\r\n",
        "fffffffffffffffff\r\n",
        "0\r\nX-A: b\nX-C: d\r\n\r\n",
    ];
    let requests: Vec<_> = chunks
        .iter()
        .map(|chunks| format!("POST /invoke HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}{SMUGGLED}"))
        .collect();
    assert_refused(400, &requests.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_head_that_is_too_large_or_has_too_many_headers_is_refused() {
    let headers = |count: usize| -> String {
        (0..count).map(|number| format!("X-{number}: a\r\n")).collect()
    };
    let server = Server::start(echo());
    let request = |headers: &str| {
        format!("POST /invoke HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n{headers}\r\nhello")
    };
    assert_eq!(server.ask(request(&headers(98))).text(), "hello");
    assert_eq!(
        server.ask(request(&format!("X-Token: {}\r\n", "x".repeat(200 * 1024)))).text(),
        "hello"
    );
    for request in [
        request(&headers(99)),
        request(&format!("X-Token: {}\r\n", "x".repeat(256 * 1024))),
        // All of it is sent before the answer is read.
        request(&format!("X-Token: {}\r\n", "x".repeat(16 * 1024 * 1024))),
    ] {
        let mut client = server.send(request);
        assert_eq!(client.read_response().status, 431);
        client.assert_closed();
        assert_eq!(server.invoke("hello").text(), "hello");
    }
    assert_eq!(server.ask(format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000))).status, 414);
}

#[test]
fn other_forms_and_versions_of_http_are_understood_or_closed() {
    let server = Server::start(echo());
    assert_eq!(server.ask("POST http://example.com/invoke HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello").text(), "hello");
    let mut client = server.send("POST /invoke HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(client.read_response().text(), "hello");
    client.assert_closed();
    let mut client = server
        .send("POST /invoke HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(client.read_response().text(), "hello");
    client.send("POST /invoke HTTP/1.0\r\nContent-Length: 5\r\n\r\nagain");
    assert_eq!(client.read_response().text(), "again");
    for request in [
        "CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        assert_eq!(server.ask(request).status, 404, "{request:?}");
    }
    assert_eq!(server.invoke("hello").text(), "hello");
}

#[test]
fn a_request_names_one_host_that_is_one() {
    assert_refused(
        400,
        &[
            "POST /invoke HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
            "POST /invoke HTTP/1.1\r\nHost: a\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "POST /invoke HTTP/1.1\r\nHost: a\r\nhost: b\r\nContent-Length: 0\r\n\r\n",
            "POST /invoke HTTP/1.0\r\nHost: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n",
            "POST /invoke HTTP/1.1\r\nHost: a/b\r\nContent-Length: 0\r\n\r\n",
            "GET /healthz HTTP/1.1\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        ],
    );
    let server = Server::start(echo());
    assert_eq!(server.ask("POST /invoke HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi").text(), "hi");
    assert_eq!(
        server.ask("POST /invoke HTTP/1.1\r\nHost:\r\nContent-Length: 2\r\n\r\nhi").text(),
        "hi"
    );
}

#[test]
fn a_transfer_coding_that_is_not_decoded_is_refused() {
    let with = |headers| {
        format!("POST /invoke HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n0\r\n\r\n{SMUGGLED}")
    };
    let requests = [
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
    ]
    .map(with);
    assert_refused(501, &requests.each_ref().map(String::as_str));
}
