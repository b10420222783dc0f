//! Connections: how many requests they have, how they end, and how large requests may be.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::channel;
use std::thread;

use fg_emulator::Emulator;
use fg_local::Local;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::by_hand::{Function, read_until};
use crate::http::{Caller, header};
use crate::scripted::{LIMIT, Served, function, serve, serve_by};

fn connect(served: &Served) -> TcpStream {
    let socket = TcpStream::connect(served.address()).expect("it listens");
    socket.set_read_timeout(Some(LIMIT)).expect("a valid time limit");
    socket
}

fn post(body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// The head of a response and its body of this length.
fn read_response(socket: &mut TcpStream) -> (String, String) {
    let head = read_until(socket, "\r\n\r\n");
    let length = header(&head, "Content-Length").expect("a length").parse().expect("a number");
    let mut body = vec![0; length];
    socket.read_exact(&mut body).expect("a body");
    (head, String::from_utf8(body).expect("text"))
}

#[test]
fn a_connection_has_many_requests_also_if_they_come_at_once() {
    let served = serve(function());
    let mut socket = connect(&served);
    for text in ["one", "two"] {
        write!(socket, "{}", post(&json!({"text": text}).to_string())).expect("it reads");
        let (head, body) = read_response(&mut socket);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && body == text, "{head}{body}");
    }
    let both = ["three", "four"].map(|text| post(&json!({"text": text}).to_string())).concat();
    write!(socket, "{both}").expect("it reads");
    assert_eq!(read_response(&mut socket).1, "three");
    assert_eq!(read_response(&mut socket).1, "four");
    // What is no request is refused, and ends the connection.
    write!(socket, "{}nonsense\r\n\r\n", post(r#"{"text":"five"}"#)).expect("it reads");
    assert_eq!(read_response(&mut socket).1, "five");
    let mut rest = String::new();
    socket.read_to_string(&mut rest).expect("an orderly close");
    assert!(rest.starts_with("HTTP/1.1 400 ") && rest.contains("FSS.0400"), "{rest}");
}

#[test]
fn a_caller_that_sends_no_more_still_gets_its_response() {
    let served = serve(Emulator::attach());
    let mut socket = connect(&served);
    write!(socket, "{}", post("{}")).expect("it reads");
    socket.shutdown(Shutdown::Write).expect("it is open");
    // Not in chunks: during a stream, the end of what the caller sends is taken for its own end.
    let mut function = Function::begin_response_with(&served, "Content-Length: 4");
    function.send("late");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an orderly close");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("late"), "{answer}");
}

#[test]
fn a_head_that_does_not_end_is_refused_after_ten_seconds_and_silence_is_not() {
    let served = serve(function());
    let (mut slow, mut silent) = (connect(&served), connect(&served));
    write!(slow, "POST / HTTP/1.1\r\nHost: loc").expect("it reads");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("an orderly close");
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("FSS.0408"), "{answer}");
    assert!(header(&answer, "X-Request-Id").is_some(), "{answer}");
    write!(silent, "{}", post(r#"{"text":"hi"}"#)).expect("it reads");
    assert_eq!(read_response(&mut silent).1, "hi");
}

#[test]
fn a_request_of_too_many_headers_is_refused() {
    let served = serve(function());
    let status = |count: usize| {
        let mut socket = connect(&served);
        let headers: String = (0..count).map(|number| format!("X-{number}: 1\r\n")).collect();
        write!(socket, "GET / HTTP/1.1\r\n{headers}Host: localhost\r\n\r\n").expect("it reads");
        read_until(&mut socket, "\r\n\r\n")[9..12].to_owned()
    };
    assert_eq!([status(255), status(256)], ["500", "431"], "with Host");
}

#[test]
fn a_streamed_response_is_observed_when_it_has_ended() {
    let (exchanges, observed) = channel();
    let local = Local::builder()
        .observer(move |exchange| drop(exchanges.send((exchange.status, exchange.to_string()))));
    let served = serve_by(local, Emulator::attach().name("scripted").streaming());
    let mut socket = connect(&served);
    let path = "/v2/p/fgs/functions/scripted/invocations";
    let request =
        format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}");
    socket.write_all(request.as_bytes()).expect("it reads");
    let mut function = Function::begin_response(&served);
    function.send_chunk("one");
    read_until(&mut socket, "one\r\n");
    assert!(observed.try_recv().is_err(), "it goes on");
    function.send("0\r\n\r\n");
    read_until(&mut socket, "0\r\n\r\n");
    let line = format!("POST {path} -> 200");
    assert_eq!(observed.recv_timeout(LIMIT), Ok((200, line)));
}

#[test]
fn the_largest_event_and_a_larger_request_of_the_api_are_accepted() {
    let served = serve(function());
    let caller = Caller::new(served.address());
    let large = |bytes: usize| {
        let frame = r#"{"text":"ok","rest":""}"#.len();
        format!(r#"{{"text":"ok","rest":"{}"}}"#, "x".repeat(bytes - frame))
    };
    let path = "/v2/p/fgs/functions/scripted/invocations";
    for path in [path, "/"] {
        let answer = caller.send("POST", path, &[], &large(6 << 20));
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{path}");
        let refused = caller.send("POST", path, &[], &large((6 << 20) + 101));
        assert_eq!((refused.status, &refused.json()["error_code"]), (413, &json!("FSS.0413")));
    }
    // It is read, and refused for what it is.
    let code = json!({"func_code": {"file": "!".repeat(7 << 20)}, "code_type": "zip"}).to_string();
    let refused = caller.send("PUT", "/v2/p/fgs/functions/scripted/code", &[], &code);
    assert_eq!(refused.status, 400, "{}", refused.body);
    let length = "PUT /v2/p/fgs/functions/scripted/code HTTP/1.1\r\nHost: localhost\r\nContent-Length: 73400321\r\n\r\n";
    let refused = crate::http::exchange(&served.address(), length);
    assert!(refused.starts_with("HTTP/1.1 413 ") && refused.contains("Connection: close"));
}

#[test]
fn a_wrong_method_is_told_the_right_one_and_a_head_has_no_body() {
    let served = serve(function().variable("ECHO", "1"));
    let caller = Caller::new(served.address());
    let wrong = caller.send("GET", "/v2/p/fgs/functions/scripted/invocations", &[], "");
    assert_eq!((wrong.status, wrong.header("Allow")), (405, Some("POST")));
    assert!(wrong.json()["error_msg"].is_string());
    let head = caller.send("HEAD", "/any", &[], "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.header("Content-Length").is_some_and(|length| length != "0"), "{}", head.head);
}

#[test]
fn an_end_waits_for_the_requests_that_are_handled() {
    let served = serve(Emulator::attach());
    let mut socket = connect(&served);
    write!(socket, "{}", post("{}")).expect("it reads");
    let mut function = Function::begin_response(&served);
    let (address, local) = (served.address(), served.into_local());
    let stopping = thread::spawn(move || stop(local));
    // The port is closed at once, while the request goes on.
    while TcpStream::connect(&address).is_ok() {
        thread::yield_now();
    }
    function.send_chunk("done");
    function.send("0\r\n\r\n");
    let (head, body) = read_response(&mut socket);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && body == "done", "{head}");
    stopping.join().expect("no panic");
    // Nothing follows.
    match socket.read(&mut [0]) {
        Ok(read) => assert_eq!(read, 0),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

fn stop(local: Local) {
    Runtime::new().expect("a runtime").block_on(local.stop(LIMIT));
}

#[test]
fn an_unfinished_request_does_not_hold_up_the_end() {
    let served = serve(Emulator::attach());
    let mut socket = connect(&served);
    write!(socket, "{}", post("{}")).expect("it reads");
    let _function = Function::begin_response(&served);
    drop(served);
    let mut rest = String::new();
    // It gets an error, or sees the end.
    let _ = socket.read_to_string(&mut rest);
    assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 5"), "{rest}");
}
