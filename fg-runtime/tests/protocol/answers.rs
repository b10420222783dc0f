//! Faults of the answer: for each one the Runtime API accepts exactly one answer, and the same
//! process handles the next event.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use fg_emulator::{Afterwards, AnswerKind, Event, Fault, Misbehaviour, RuntimeApi, Verdict};

use crate::function::{
    LIMIT, accepted, act, api, ask_event, assert_serves, failure, type_and_message,
};

fn status(code: u16) -> Misbehaviour {
    Misbehaviour::Status { code, headers: vec![], body: b"no, because of this".to_vec() }
}

/// Sends an event whose answer meets this fault once. The invocation still gets exactly one answer.
fn assert_delivers(api: &RuntimeApi, fault: &Misbehaviour) {
    api.script(Fault::OnPost(fault.clone()));
    let pending = api.invoke(Event::new(r#"{"echo":"hello"}"#));
    let answer = pending.wait(LIMIT).unwrap_or_else(|missing| panic!("{fault:?}: {missing}"));
    assert_eq!((answer.kind, &*answer.text()), (AnswerKind::Response, r#""hello""#), "{fault:?}");
    assert_serves(api);
    assert_eq!(accepted(api, &pending.request_id()).len(), 1, "{fault:?}");
    assert!(api.posts().iter().all(|post| post.kind == AnswerKind::Response), "{fault:?}");
}

#[test]
fn an_answer_is_delivered_despite_every_transient_fault() {
    let raw = |bytes: &[u8]| Misbehaviour::Raw { bytes: bytes.to_vec(), then: Afterwards::Close };
    let api = api();
    let function = act().start(&api);
    for fault in [
        status(500),
        status(503),
        raw(b""),
        raw(b"hello\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        Misbehaviour::CloseBeforeReading,
        Misbehaviour::Reset,
        Misbehaviour::HalfClose,
        Misbehaviour::Chunked {
            sizes: vec![1],
            extension: Some("a=b".to_owned()),
            trailers: vec![("T".to_owned(), "u".to_owned())],
        },
        Misbehaviour::CloseDelimited,
        Misbehaviour::InterimFirst(vec![100, 103]),
        Misbehaviour::Drip { bytes_per_write: 1, pause: Duration::ZERO },
        Misbehaviour::Delay(Duration::from_millis(10)),
        Misbehaviour::ConnectionClose,
        Misbehaviour::CloseAfterResponse,
    ] {
        assert_delivers(&api, &fault);
    }
    let ended = function.stop();
    assert_eq!(
        (ended.code, ended.stderr.len()),
        (0, 0),
        "nothing is reported that did arrive: {ended:#?}"
    );
}

#[test]
fn every_success_status_is_an_acknowledgement() {
    let api = api();
    let function = act().start(&api);
    for code in [201, 202, 204] {
        assert_delivers(&api, &status(code));
    }
    assert_eq!((api.posts().len(), function.stop().stderr.len()), (6, 0));
}

#[test]
fn an_answer_that_is_cut_at_any_byte_is_sent_again() {
    let api = api();
    let function = act().start(&api);
    let mut length = 0;
    // Beyond its last byte the whole request is read and discarded.
    let longest = loop {
        assert_delivers(&api, &Misbehaviour::CloseAfterReading(length));
        let whole = api
            .raw_requests()
            .iter()
            .filter(|request| request.starts_with(b"POST "))
            .map(Vec::len)
            .max();
        if whole.is_some_and(|whole| length > whole) {
            break length;
        }
        length += 1;
    };
    assert!(longest > 100, "{longest}");
    let ended = function.stop();
    assert_eq!((ended.code, ended.stderr.len()), (0, 0), "{ended:#?}");
}

#[test]
fn an_acknowledgement_that_is_cut_at_any_byte_does_not_make_the_answer_count_twice() {
    let api = api();
    let function = act().start(&api);
    let acknowledgement = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".len();
    for length in 0..=acknowledgement {
        assert_delivers(&api, &Misbehaviour::CutAt(length));
    }
    let ended = function.stop();
    assert_eq!(
        (ended.code, ended.stderr.len()),
        (0, 0),
        "nothing is reported that did arrive: {ended:#?}"
    );
}

#[test]
fn an_answer_that_has_probably_arrived_is_a_warning_in_the_log() {
    let api = api();
    let function = act().start(&api);
    api.script(Fault::OnPost(Misbehaviour::CutAt(0)));
    ask_event(&api, Event::new(r#"{"echo":"hello"}"#).request_id("r-1"));
    assert_serves(&api);
    let ended = function.stop();
    let warnings: Vec<_> = ended.stdout.iter().filter(|line| line.contains(" r-1 WARN ")).collect();
    assert_eq!((warnings.len(), ended.stderr.len()), (1, 0), "{ended:#?}");
    assert!(warnings[0].contains("status 400"), "{ended:#?}");
}

#[test]
fn an_answer_that_is_refused_is_given_up_and_reported_with_its_request_id() {
    for code in [302, 400, 404, 410, 429] {
        let api = api();
        let function = act().start(&api);
        api.script(Fault::OnPost(status(code)));
        let pending = api.invoke(Event::new(r#"{"echo":"hello"}"#).request_id("the-refused-one"));
        assert_serves(&api);
        assert!(pending.wait(Duration::ZERO).is_err());
        let verdicts: Vec<_> = api.posts().iter().map(|post| post.verdict).collect();
        assert_eq!(verdicts, [Verdict::Refused, Verdict::Accepted]);
        let ended = function.stop();
        let expected = format!(
            "fg: the answer to request the-refused-one could not be delivered: status {code}: no, because of this"
        );
        assert_eq!((ended.code, ended.stderr), (0, vec![expected]));
    }
}

#[test]
fn a_response_that_the_platform_refuses_as_too_large_becomes_an_error() {
    let api = api();
    let function = act().start(&api);
    api.script(Fault::OnPost(status(413)));
    let answer = ask_event(&api, Event::new(r#"{"echo":"hello"}"#).request_id("the-large-one"));
    let expected =
        ("FunctionResponseTooLarge", "the platform refused the response of 7 bytes as too large");
    assert_eq!(type_and_message(&failure(&answer)), expected);
    assert_serves(&api);
    assert_eq!(api.connections(), 1);
    let ended = function.stop();
    assert_eq!(
        (ended.count(" the-large-one ERROR FunctionResponseTooLarge: "), ended.stderr.len()),
        (1, 0),
        "{ended:#?}"
    );
}

#[test]
fn a_large_response_that_is_refused_before_it_is_read_becomes_an_error() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let _function = act().start_at(&server.local_addr().expect("it is bound").to_string());
    let (mut connection, _) = server.accept().expect("the function connects");
    read_head(&mut connection);
    let event = r#"{"large":6000000}"#;
    let head = format!(
        "HTTP/1.1 200 OK\r\nX-CFF-Request-Id: r-1\r\nContent-Length: {}\r\n\r\n",
        event.len()
    );
    connection.write_all(format!("{head}{event}").as_bytes()).expect("the function reads");
    assert!(read_head(&mut connection).starts_with("POST /v1/runtime/invocation/response/r-1 "));
    connection
        .write_all(b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n\r\n")
        .expect("the function reads");
    drop(connection);
    let (mut connection, _) = server.accept().expect("the function connects again");
    assert!(read_head(&mut connection).starts_with("POST /v1/runtime/invocation/error/r-1 "));
}

/// Reads exactly up to the empty line.
fn read_head(connection: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        connection.read_exact(&mut byte).expect("the head is complete");
        head.extend(byte);
    }
    String::from_utf8(head).expect("a head is a string")
}

#[test]
fn an_answer_that_cannot_be_delivered_in_time_is_reported_and_the_next_event_is_served() {
    let api = api();
    let function = act().with("RUNTIME_TIMEOUT", "1").start(&api);
    for _ in 0..40 {
        api.script(Fault::OnPost(status(503)));
    }
    let pending = api.invoke(Event::new(r#"{"echo":"hello"}"#).request_id("the-late-one"));
    function.wait_for_line("fg: the answer to request the-late-one could not be delivered: status 503: no, because of this");
    assert!(pending.wait(Duration::ZERO).is_err());
    let attempts = api.posts().len();
    assert!((3..12).contains(&attempts), "{attempts}");
    // The answer of this invocation meets the remaining faults.
    let pending = api.invoke(Event::new(r#"{"echo":"hello"}"#).request_id("the-next-one"));
    function.wait_for_line("the-next-one could not be delivered");
    assert!(pending.wait(Duration::ZERO).is_err());
    assert_eq!(function.stop().code, 0);
}

#[test]
fn an_answer_without_an_acknowledgement_is_given_up_at_the_deadline() {
    let api = api();
    let function = act().with("RUNTIME_TIMEOUT", "1").start(&api);
    api.script(Fault::OnPost(Misbehaviour::Raw { bytes: vec![], then: Afterwards::KeepOpen }));
    api.invoke(Event::new(r#"{"echo":"hello"}"#).request_id("the-silent-one"));
    function.wait_for_line("fg: the answer to request the-silent-one could not be delivered: it was not acknowledged in time");
    assert_serves(&api);
    assert_eq!((api.connections(), function.stop().code), (2, 0));
}
