//! The same router under `axum::serve` and under `fg::http::run`: what a client sees is the same,
//! but for what is listed here.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use super::Server;
use crate::function::{LIMIT, act};

/// Each on a connection of its own; the last request of each closes it.
const REQUESTS: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: a\r\n",
    "GET /?q=1&z=a+b%20c HTTP/1.1\r\nHost: a\r\n",
    "HEAD / HTTP/1.1\r\nHost: a\r\n",
    "HEAD /empty HTTP/1.1\r\nHost: a\r\n",
    "HEAD /nothing HTTP/1.1\r\nHost: a\r\n",
    "OPTIONS / HTTP/1.1\r\nHost: a\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n",
    "TRACE /target HTTP/1.1\r\nHost: a\r\n",
    "BREW /target HTTP/1.1\r\nHost: a\r\n",
    "PATCH /target HTTP/1.1\r\nHost: a\r\n",
    "DELETE / HTTP/1.1\r\nHost: a\r\n",
    "GET /text HTTP/1.1\r\nHost: a\r\n",
    "GET /empty HTTP/1.1\r\nHost: a\r\n",
    "GET /status/204 HTTP/1.1\r\nHost: a\r\n",
    "GET /status/304 HTTP/1.1\r\nHost: a\r\n",
    "GET /status/205 HTTP/1.1\r\nHost: a\r\n",
    "GET /status/500 HTTP/1.1\r\nHost: a\r\n",
    "GET /status/999 HTTP/1.1\r\nHost: a\r\n",
    "GET /nothing HTTP/1.1\r\nHost: a\r\n",
    "GET /client HTTP/1.1\r\nHost: a\r\n",
    "GET /cookies HTTP/1.1\r\nHost: a\r\n",
    "GET /length HTTP/1.1\r\nHost: a\r\n",
    "HEAD /length HTTP/1.1\r\nHost: a\r\n",
    "GET /headers HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\nX-B:   spaces  \r\nX-\u{fc}: no\r\n",
    "GET /headers HTTP/1.1\r\nHost: a\r\nX-A: \u{fc}\r\nCookie: a=b\r\nCookie: c=d\r\n",
    "GET /headers HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nKeep-Alive: timeout=5\r\n",
    "GET http://example.com/target?a HTTP/1.1\r\nHost: a\r\n",
    "GET /target%2Fb/../c HTTP/1.1\r\nHost: a\r\n",
    "GET /%zz HTTP/1.1\r\nHost: a\r\n",
    "GET /target HTTP/1.0\r\n",
    "GET /target HTTP/1.0\r\nConnection: keep-alive\r\n",
    "POST /text HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST /text HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\u{80}",
    "POST /bytes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    "POST /trailers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: x-t\r\n\r\n1\r\na\r\n0\r\nX-T: u\r\n\r\n",
    "POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST /bytes HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
    "POST /unread HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /text HTTP/1.1\r\nHost: a\r\n",
    "POST /bytes HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\naGET /text HTTP/1.1\r\nHost: a\r\n",
    "GET /upgrade HTTP/1.1\r\nHost: a\r\n",
    "GET /upgrade HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: echo\r\n",
    "GET /text HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n",
    "GET /healthz HTTP/1.1\r\nHost: a\r\n",
    "GET /invoke HTTP/1.1\r\nHost: a\r\n",
    "CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n",
];

/// What we do otherwise, and why; the status that we answer with.
const DIFFERENT: &[(&str, u16)] = &[
    // RFC 9112, section 3.2.
    ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    // Section 6.1.
    ("POST /bytes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    // Section 6.3: it might be an attack.
    (
        "POST /bytes HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    // Section 2.2 lets a server choose.
    ("GET / HTTP/1.1\nHost: a\n\n", 400),
];

fn server(by: &str) -> Server {
    Server::start(act().with("PROBE_ROUTER", by))
}

/// Everything that comes back, without the date and in small letters where that makes no
/// difference.
fn exchange(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).expect("it listens");
    stream.set_read_timeout(Some(LIMIT)).expect("it can be set");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = Vec::new();
    // Some are reset after the answer.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.split_inclusive("\r\n").filter(|line| !line.starts_with("date: ")).collect()
}

/// The same request, whose last head says that the connection ends with it.
fn closing(request: &str) -> String {
    let version = request.rfind("HTTP/1").expect("it names one");
    let head_line = version + request[version..].find("\r\n").expect("a line has an end") + 2;
    let (before, after) = request.split_at(head_line);
    let close = if request.contains("Connection: ") { "" } else { "Connection: close\r\n" };
    let end = if after.contains("\r\n\r\n") { "" } else { "\r\n" };
    format!("{before}{close}{after}{end}")
}

#[test]
fn a_client_sees_the_same_as_under_axums_own_server() {
    let (ours, axums) = (server("fg"), server("axum"));
    assert!(REQUESTS.len() >= 40);
    for request in REQUESTS {
        let mut request = closing(request);
        if request.contains("Connection: ") && !request.contains("Connection: close") {
            request.push_str("GET /text HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        }
        assert_eq!(exchange(&ours, &request), exchange(&axums, &request), "{request:?}");
    }
}

#[test]
fn what_is_taken_over_is_echoed_by_both() {
    for by in ["fg", "axum"] {
        let server = server(by);
        let mut client = server.send(
            "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
        );
        assert_eq!(client.read_head().status, 101);
        client.send("GET / HTTP/1.1\n");
        assert_eq!(client.line(), "GET / HTTP/1.1\n");
    }
}

#[test]
fn what_differs_is_what_we_mean_to() {
    let (ours, axums) = (server("fg"), server("axum"));
    for (request, status) in DIFFERENT {
        assert_eq!(ours.ask(request).status, *status, "{request:?}");
        assert_ne!(
            axums.ask(request).status,
            *status,
            "{request:?}: it may move to those that are the same"
        );
    }
}
