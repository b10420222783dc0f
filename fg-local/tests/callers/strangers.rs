//! What else runs on this machine, and every web page in a browser, can reach the port of a
//! gateway.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use fg_local::{Exchange, Local};
use serde_json::Value;

use crate::http::{exchange, header};
use crate::scripted::{LIMIT, function};

fn post(headers: &str, body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn address_of(gateway: &Local) -> String {
    gateway.address().to_string()
}

fn gateway() -> (Local, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let told = Arc::clone(&seen);
    let observer = move |exchange: &Exchange<'_>| {
        told.lock().expect("no panic").push(exchange.to_string());
    };
    let gateway = Local::builder().function("greet").observer(observer).max_connections(256);
    let gateway = gateway.start_blocking().expect("a free port");
    let emulator = Arc::new(function().name("greet").start().expect("it starts"));
    assert!(gateway.serve("greet", emulator).expect("it can be written").is_none());
    (gateway, seen)
}

#[test]
fn a_page_of_another_site_neither_runs_a_function_nor_reads_from_it() {
    let (gateway, seen) = gateway();
    let port = gateway.address().port();
    let own = format!("Host: localhost:{port}\r\n");
    let event = r#"{"text":"ran"}"#;
    for headers in [
        format!("Host: rebind.evil.example:{port}\r\n"),
        "Host: [2001:db8::1]\r\n".to_owned(),
        format!("{own}Origin: http://evil.example\r\nContent-Type: text/plain\r\n"),
        format!("{own}Origin: null\r\nContent-Type: application/x-www-form-urlencoded\r\n"),
        format!("{own}Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n"),
    ] {
        let answer = exchange(&address_of(&gateway), &post(&headers, event));
        assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{headers}{answer}");
        assert!(
            answer.contains("--accept-host") && header(&answer, "X-Request-Id").is_some(),
            "{answer}"
        );
        assert!(!answer.to_ascii_lowercase().contains("access-control-"), "{answer}");
    }
    let page = format!("{own}Origin: http://evil.example\r\n");
    for request in [
        format!("OPTIONS / HTTP/1.1\r\n{page}Access-Control-Request-Method: POST\r\n\r\n"),
        format!(
            "GET /chat HTTP/1.1\r\n{page}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ),
        format!(
            "POST /v2/p/fgs/functions/greet/invocations HTTP/1.1\r\n{page}Content-Length: 2\r\n\r\n{{}}"
        ),
        "HEAD / HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(),
        format!("GET http://evil.example/ HTTP/1.1\r\n{own}\r\n"),
    ] {
        let answer = exchange(&address_of(&gateway), &request);
        assert!(answer.starts_with("HTTP/1.1 403 "), "{request}{answer}");
    }
    let seen = std::mem::take(&mut *seen.lock().expect("no panic"));
    assert!(
        seen.len() == 10 && seen.iter().all(|line| line.contains(" -> 403: ")),
        "all of it is told: {seen:?}"
    );

    for headers in [
        own.clone(),
        "Host: LOCALHOST.\r\nOrigin: http://localhost:5173\r\n".to_owned(),
        "Host: [::1]:80\r\n".to_owned(),
    ] {
        let answer = exchange(&address_of(&gateway), &post(&headers, event));
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("ran"),
            "{headers}{answer}"
        );
    }
    gateway.accept_host("api.example");
    let answer = exchange(
        &address_of(&gateway),
        &post("Host: api.example:80\r\nOrigin: https://api.example\r\n", event),
    );
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[test]
fn every_answer_has_a_request_id_a_reason_phrase_and_nothing_of_the_callers_for_a_terminal() {
    let (gateway, seen) = gateway();
    for (request, status) in [
        (post("Host: localhost\r\n", r#"{"text":"1"}"#), "200 OK"),
        (post("Host: localhost\r\n", r#"{"do":"fail","text":"no"}"#), "500 Internal Server Error"),
        (post("Host: localhost\r\n", "{"), "406 Not Acceptable"),
        (post("", "{}"), "400 Bad Request"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(), "500 Internal Server Error"),
        ("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(), "500 Internal Server Error"),
        ("GET /v2/p/fgs/workflows HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(), "501 Not Implemented"),
        (
            "PUT /v2/p/fgs/functions/greet/versions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(),
            "501 Not Implemented",
        ),
        (
            "POST /v2/p/fgs/functions/x/invocations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(),
            "404 Not Found",
        ),
        (
            "GET /v2/p/fgs/functions/greet/invocations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(),
            "405 Method Not Allowed",
        ),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "505 HTTP Version Not Supported"),
        ("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".to_owned(), "501 Not Implemented"),
        ("nonsense\r\n\r\n".to_owned(), "400 Bad Request"),
        (
            format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(70 << 10)),
            "431 Request Header Fields Too Large",
        ),
        (post("Host: localhost\r\nContent-Length: 999999999999\r\n", ""), "400 Bad Request"),
        ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\n".to_owned(), "413 Payload Too Large"),
    ] {
        let answer = exchange(&address_of(&gateway), &request);
        let line: String = request.chars().take(100).collect();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{line}: {answer}");
        assert!(header(&answer, "X-Request-Id").is_some_and(|id| id.len() >= 3), "{line}: {answer}");
    }
    exchange(
        &address_of(&gateway),
        "GET /\u{9b}31m HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    let seen = seen.lock().expect("no panic");
    assert!(seen.iter().any(|line| line.contains("\\u{9b}31m")), "{seen:?}");
    assert!(
        seen.iter()
            .flat_map(|line| line.chars())
            .all(|character| !character.is_control() || character == '\n'),
        "{seen:?}"
    );
    let api: Vec<_> = seen.iter().filter(|line| line.contains("/v2/p/fgs/workflows")).collect();
    assert_eq!(api, [&"GET /v2/p/fgs/workflows -> 501: it is not emulated".to_owned()]);
}

#[test]
fn what_is_not_emulated_is_said_in_a_sentence() {
    let (gateway, _) = gateway();
    let answer = exchange(
        &address_of(&gateway),
        "GET //v2/p/%66gs/workflows?x=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(body["error_code"], "FSS.0501");
    assert!(
        body["error_msg"]
            .as_str()
            .is_some_and(|text| text.contains("is not emulated here; docs/local.md")),
        "{body}"
    );
}

#[test]
fn a_body_without_end_is_cut_and_not_kept() {
    let (gateway, _) = gateway();
    for head in ["Content-Length: 999999999999", "Transfer-Encoding: chunked"] {
        let mut socket = TcpStream::connect(gateway.address()).expect("it listens");
        socket.set_write_timeout(Some(LIMIT)).expect("a valid time limit");
        let begun = Instant::now();
        write!(socket, "POST / HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n").expect("it reads");
        let chunk = [b"100000\r\n".as_slice(), &[b' '; 1 << 20], b"\r\n"].concat();
        let mut sent = 0_u64;
        while socket.write_all(&chunk).is_ok() {
            sent += 1;
            assert!(sent < 200, "more than {sent} MB are taken");
        }
        assert!(begun.elapsed() < LIMIT);
    }
    let answer = exchange(&address_of(&gateway), &post("Host: localhost\r\n", r#"{"text":"ok"}"#));
    assert!(answer.ends_with("ok"), "{answer}");
}

#[test]
fn connections_that_say_nothing_give_way_to_those_that_do() {
    let (gateway, _) = gateway();
    let silent: Vec<_> = (0..300)
        .map(|index| {
            let mut socket = TcpStream::connect(gateway.address()).expect("it listens");
            if index % 2 == 0 {
                // Half a head.
                let _ = socket.write_all(b"POST / HTTP/1.1\r\n");
            }
            socket
        })
        .collect();
    let answer = exchange(&address_of(&gateway), &post("Host: localhost\r\n", r#"{"text":"ok"}"#));
    assert!(answer.ends_with("ok"), "{answer}");
    // As many as there is no room for have had to go.
    let is_closed = |mut socket: &TcpStream| {
        socket.set_nonblocking(true).expect("it is a socket");
        !socket.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    };
    assert_eq!(silent.iter().filter(|socket| is_closed(socket)).count(), 301 - 256);
}
