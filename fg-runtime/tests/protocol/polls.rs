//! Faults of the poll: after each one the same process handles the next event, and no event is
//! answered twice.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use fg_emulator::{Afterwards, AnswerKind, Event, Fault, Misbehaviour, RuntimeApi, Verdict};

use crate::function::{
    LIMIT, act, api, ask, ask_event, assert_serves, echo, failure, type_and_message,
};

fn raw(bytes: impl Into<Vec<u8>>, then: Afterwards) -> Misbehaviour {
    Misbehaviour::Raw { bytes: bytes.into(), then }
}

fn status(code: u16) -> Misbehaviour {
    Misbehaviour::Status { code, headers: vec![], body: b"not now".to_vec() }
}

/// Sends events between faults, so that each fault meets both a new connection and a reused one.
fn assert_survives(faults: impl IntoIterator<Item = Misbehaviour>) {
    let api = api();
    let function = act().start(&api);
    let mut sent = 0;
    for fault in faults {
        for _ in 0..2 {
            api.script(Fault::OnPoll(fault.clone()));
        }
        assert_serves(&api);
        assert_serves(&api);
        sent += 2;
        let left = api.wait_until(LIMIT, |counts| counts.faults_left == 0);
        assert!(left, "{fault:?} has not happened");
        assert_each_was_answered_once(&api, sent, &fault);
    }
    let ended = function.stop();
    assert_eq!((ended.code, ended.count(" calls"), ended.stderr.len()), (0, 1, 0), "{ended:#?}");
}

fn assert_each_was_answered_once(api: &RuntimeApi, events: usize, fault: &Misbehaviour) {
    let posts = api.posts();
    assert!(
        posts
            .iter()
            .all(|post| post.verdict == Verdict::Accepted && post.kind == AnswerKind::Response),
        "{fault:?}: {posts:#?}"
    );
    assert_eq!(posts.len(), events, "{fault:?}");
}

#[test]
fn a_status_that_is_not_200_is_no_event() {
    assert_survives([204, 202, 301, 302, 307, 400, 404, 429, 500, 503].map(status));
}

#[test]
fn a_response_without_a_request_id_is_no_event() {
    let with = |headers: &[(&str, &str)]| Misbehaviour::Status {
        code: 200,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: br#"{"echo":"unused"}"#.to_vec(),
    };
    assert_survives([
        with(&[]),
        with(&[("X-CFF-Request-Id", "")]),
        with(&[("X-CFF-Request-Id", "null")]),
    ]);
}

#[test]
fn a_response_that_is_not_http_is_no_event() {
    let responses: [&[u8]; 13] = [
        b"",
        b"\r\n\r\n",
        b"hello\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-CFF-Request-Id: \x00\x01\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX-CFF-Request-Id: r\r\nContent-Length: two\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX-CFF-Request-Id: r\r\nContent-Length: -2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX-CFF-Request-Id: r\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX-CFF-Request-Id: r\r\nTransfer-Encoding: gzip\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX-CFF-Request-Id: r\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    ];
    assert_survives(responses.map(|text| raw(text, Afterwards::Close)));
}

#[test]
fn a_truncated_response_is_no_event() {
    let responses = [
        "HTTP/1.1 200 OK\r\nX-CFF-Request-Id: r\r\nContent-Length: 100\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nX-CFF-Request-Id: r\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ];
    assert_survives(responses.map(|text| raw(text, Afterwards::Close)));
}

#[test]
fn bytes_after_a_response_are_not_read_as_the_next_one() {
    let twice = "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nX-CFF-Request-Id: forged\r\nContent-Length: 2\r\n\r\n{}";
    assert_survives([
        raw(twice, Afterwards::KeepOpen),
        raw("HTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\nabc", Afterwards::KeepOpen),
    ]);
}

#[test]
fn a_head_of_ten_megabytes_is_given_up() {
    let large = "x".repeat(10 << 20);
    let one_header =
        format!("HTTP/1.1 200 OK\r\nX-CFF-Request-Id: {large}\r\nContent-Length: 2\r\n\r\n{{}}");
    let many_headers = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-Many: more\r\n".repeat(1000));
    assert_survives([raw(one_header, Afterwards::Close), raw(many_headers, Afterwards::Close)]);
}

#[test]
fn a_connection_that_closes_or_breaks_is_replaced() {
    assert_survives([
        Misbehaviour::CloseBeforeReading,
        Misbehaviour::CloseAfterReading(1),
        Misbehaviour::CloseAfterReading(1000),
        Misbehaviour::Reset,
        Misbehaviour::HalfClose,
    ]);
}

#[test]
fn an_event_may_have_any_framing_of_http() {
    let trailers = vec![
        ("X-Checksum".to_owned(), "17".to_owned()),
        ("X-CFF-Request-Id".to_owned(), "another".to_owned()),
    ];
    assert_survives([
        Misbehaviour::Chunked { sizes: vec![], extension: None, trailers: vec![] },
        Misbehaviour::Chunked {
            sizes: vec![1; 9],
            extension: Some("name=\"value\"".to_owned()),
            trailers,
        },
        Misbehaviour::CloseDelimited,
        Misbehaviour::InterimFirst(vec![100]),
        Misbehaviour::InterimFirst(vec![103, 100, 102]),
        Misbehaviour::Drip { bytes_per_write: 1, pause: Duration::ZERO },
        Misbehaviour::Delay(Duration::from_millis(10)),
        Misbehaviour::ConnectionClose,
        Misbehaviour::CloseAfterResponse,
    ]);
}

#[test]
fn a_repeated_header_is_read_once() {
    let api = api();
    let _function = act().start(&api);
    let event = Event::new(r#"{"echo":"hello"}"#).request_id("first");
    let event = event
        .header("X-CFF-Request-Id", "first")
        .header("X-CFF-Request-Id", "second")
        .header("X-Other", "\u{e9}");
    let answer = api.invoke(event).wait(LIMIT).expect("there is an answer");
    assert_eq!((answer.kind, api.posts().len()), (AnswerKind::Response, 1));
}

#[test]
fn an_event_that_is_cut_at_any_byte_is_not_handled_before_it_is_whole() {
    let api = api();
    let event = r#""count""#;
    let whole = length_of_response(&api, event);
    assert!(whole > 100, "{whole}");
    let function = act().start(&api);
    for length in 0..=whole {
        api.script(Fault::OnPoll(Misbehaviour::CutAt(length)));
        let answer = ask(&api, event);
        // The handler counts its calls, which detects one too many.
        assert_eq!(
            (answer.kind, &*answer.text()),
            (AnswerKind::Response, &*(length + 1).to_string()),
            "cut at byte {length}"
        );
    }
    assert_eq!(api.posts().len(), whole + 1);
    assert_eq!(function.stop().code, 0);
}

/// The length of the response to a poll for this event. The event is not answered.
fn length_of_response(api: &RuntimeApi, event: &str) -> usize {
    api.invoke(Event::new(event));
    let mut client = TcpStream::connect(api.address()).expect("the API listens");
    client
        .write_all(b"GET /v1/runtime/invocation/request HTTP/1.1\r\nConnection: close\r\n\r\n")
        .expect("it reads");
    let with_close = client.read_to_end(&mut Vec::new()).expect("it answers");
    with_close - "Connection: close\r\n".len()
}

#[test]
fn an_event_above_the_size_limit_is_answered() {
    let api = api();
    let function = act().start(&api);
    let answer = ask_event(&api, Event::new("{}").header("Content-Length", "99999999999999999999"));
    let expected = "the payload is larger than 67108864 bytes and was not read";
    assert_eq!(type_and_message(&failure(&answer)), ("InvalidPayload", expected));
    assert_serves(&api);
    assert_eq!(function.stop().code, 0);
}

#[test]
fn a_repeated_event_is_answered_once() {
    let api = api();
    let function = act().start(&api);
    assert_eq!(ask(&api, r#""count""#).text(), "1");
    api.script(Fault::OnPoll(Misbehaviour::Duplicate));
    assert!(api.wait_until(LIMIT, |counts| counts.posts == 2));
    assert_serves(&api);
    let verdicts: Vec<_> = api.posts().iter().map(|post| post.verdict).collect();
    assert_eq!(verdicts, [Verdict::Accepted, Verdict::Duplicate, Verdict::Accepted]);
    assert_eq!(function.stop().code, 0);
}

#[test]
fn an_event_of_six_megabytes_arrives_whole() {
    let api = api();
    let _function = echo().start(&api);
    let event: Vec<u8> = (0..6_u32 << 20).map(|index| (index % 251) as u8).collect();
    for sizes in [vec![], vec![100_000; 40]] {
        api.script(Fault::OnPoll(Misbehaviour::Chunked {
            sizes,
            extension: None,
            trailers: vec![],
        }));
        assert!(ask(&api, event.clone()).body == event, "the event has changed");
    }
    assert!(ask(&api, event.clone()).body == event, "the event has changed");
}
