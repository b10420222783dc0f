//! Responses that a caller of the invoke API reads while the function writes them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::channel;

use fg_emulator::Emulator;
use serde_json::Value;

use crate::by_hand::{Function, read_until};
use crate::scripted::{LIMIT, Served, function, serve};

fn call(emulator: &Served, headers: &str, body: &str) -> TcpStream {
    let mut caller = TcpStream::connect(emulator.address()).expect("it listens");
    caller.set_read_timeout(Some(LIMIT)).expect("a valid time limit");
    let path = format!("/v2/p/fgs/functions/{}/invocations", emulator.urn());
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    caller.write_all(request.as_bytes()).expect("it reads");
    caller
}

/// The head of the answer, and all that follows until the connection is closed.
fn read_all(mut caller: TcpStream) -> (String, String) {
    let head = read_until(&mut caller, "\r\n\r\n");
    let mut rest = String::new();
    caller.read_to_string(&mut rest).expect("an orderly close");
    (head, rest)
}

#[test]
fn each_chunk_is_passed_on_before_the_next_one_is_sent() {
    let emulator = serve(Emulator::attach().streaming());
    let mut caller = call(&emulator, "", "{}");
    let mut function = Function::begin_response(&emulator);
    let head = read_until(&mut caller, "\r\n\r\n");
    assert!(
        head.starts_with(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Cff-Request-Id: "
        ),
        "{head}"
    );
    assert!(
        head.contains("\r\nTransfer-Encoding: chunked\r\n")
            && head.contains("\r\nX-Func-Err-Code: 0\r\n"),
        "{head}"
    );
    for (text, chunk) in
        [("data: 1\n\n", "9\r\ndata: 1\n\n\r\n"), ("data: 2\n\n", "9\r\ndata: 2\n\n\r\n")]
    {
        function.send_chunk(text);
        assert_eq!(read_until(&mut caller, "\n\n\r\n"), chunk);
    }
    function.send("0\r\n\r\n");
    let mut rest = String::new();
    caller.read_to_string(&mut rest).expect("an orderly close");
    assert_eq!(rest, "0\r\n\r\n");
}

#[test]
fn a_response_that_is_cut_short_has_no_last_chunk_and_is_told_in_the_log() {
    let (lines, told) = channel();
    let emulator =
        serve(function().streaming().on_line(move |line| drop(lines.send(line.to_owned()))));
    let (_, body) =
        read_all(call(&emulator, "", r#"{"do":"stream","bytes":3,"times":1,"then":"cut"}"#));
    assert_eq!(body, "3\r\nxxx\r\n");
    let line = told.recv_timeout(LIMIT).expect("a line");
    assert!(
        line.starts_with("the streamed response to request ")
            && line.contains("after 3 bytes, without the last chunk"),
        "{line}"
    );
    // The next one is whole.
    let (_, body) = read_all(call(&emulator, "", r#"{"do":"stream","bytes":3,"times":1}"#));
    assert_eq!(body, "3\r\nxxx\r\n0\r\n\r\n");
    assert_eq!(emulator.instances().started, 1);
}

#[test]
fn a_caller_who_goes_away_is_noticed_by_the_function() {
    let emulator = serve(Emulator::attach().streaming());
    let mut caller = call(&emulator, "", "{}");
    let mut function = Function::begin_response(&emulator);
    function.send_chunk("one");
    read_until(&mut caller, "one\r\n");
    drop(caller);
    // It sends nothing meanwhile.
    function.wait_for_close();
    drop(function);
    let _polling = Function::poll(&emulator);
    assert!(emulator.wait_until(LIMIT, |instances| instances.idle == 1));
}

#[test]
fn an_answer_in_json_has_the_whole_response() {
    let emulator = serve(function().streaming());
    let script = r#"{"do":"stream","bytes":3,"times":2}"#;
    let mut caller = call(&emulator, "X-CFF-Request-Version: v1\r\nConnection: close\r\n", script);
    let mut answer = String::new();
    caller.read_to_string(&mut answer).expect("an orderly close");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(!head.contains("Transfer-Encoding"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(body).expect("JSON")["result"], "xxxxxx");
}

#[test]
fn an_error_before_the_first_chunk_is_an_answer_like_any_other() {
    let emulator = serve(function().streaming());
    let mut caller = call(&emulator, "Connection: close\r\n", r#"{"do":"fail","text":"no"}"#);
    let mut answer = String::new();
    caller.read_to_string(&mut answer).expect("an orderly close");
    assert!(
        answer.contains("\r\nX-Func-Err-Code: 4002\r\n") && !answer.contains("Transfer-Encoding"),
        "{answer}"
    );
}
