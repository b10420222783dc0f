//! Answers that are read while they come.

use std::io::ErrorKind;
use std::thread;
use std::time::Duration;

use fg_emulator::{
    Afterwards, AnswerKind, AnswerStream, Event, Fault, Misbehaviour, NoAnswer, RuntimeApi,
    StreamError, Verdict,
};

use crate::client::{Client, LIMIT, POLL, error, response};

const HEAD: &str = "POST /v1/runtime/invocation/response/r-1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/event-stream\r\n\
    Transfer-Encoding: chunked\r\n\r\n";

/// An API, the answer to its event `r-1`, and a client that has the event.
fn invoked() -> (RuntimeApi, AnswerStream, Client) {
    let api = RuntimeApi::start().expect("a free port");
    let answer = api.invoke_streaming(Event::new("{}").request_id("r-1"));
    let mut client = Client::connect(&api);
    assert_eq!(client.ask(POLL).request_id(), "r-1");
    (api, answer, client)
}

fn next(answer: &mut AnswerStream) -> Result<Option<String>, StreamError> {
    let chunk = answer.next_chunk(LIMIT)?;
    Ok(chunk.map(|chunk| String::from_utf8(chunk).expect("text")))
}

fn chunk(text: &str) -> Result<Option<String>, StreamError> {
    Ok(Some(text.to_owned()))
}

/// Nothing but an end is there to be read.
fn assert_closed(client: &mut Client) {
    let read = client.read_to_end();
    assert!(
        read.as_ref().is_ok_and(String::is_empty)
            || read.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
    );
}

#[test]
fn each_chunk_is_there_before_the_next_one_is_sent() {
    let (api, mut answer, mut client) = invoked();
    client.send(HEAD);
    let head = answer.head(LIMIT).expect("the head");
    assert_eq!((head.kind, head.content_type()), (AnswerKind::Response, Some("text/event-stream")));
    client.send("2\r\nab\r\n");
    assert_eq!(next(&mut answer), chunk("ab"));
    // Not even the end of a chunk is waited for.
    client.send("5;a=b\r\ncd");
    assert_eq!(next(&mut answer), chunk("cd"));
    client.send("efg\r\n");
    assert_eq!(next(&mut answer), chunk("efg"));

    assert_eq!(client.ask(format!("0\r\nX-Sum: 1\r\n\r\n{POLL}")).status, 200);
    assert_eq!((next(&mut answer), next(&mut answer)), (Ok(None), Ok(None)));
    let posts: Vec<_> =
        api.posts().into_iter().map(|post| (post.request_id, post.body, post.verdict)).collect();
    assert_eq!(posts, [("r-1".to_owned(), vec![], Verdict::Accepted)]);
    assert_eq!(api.raw_requests()[1], HEAD.as_bytes());
    // The poll that came with the last chunk waits.
    assert!(api.wait_until(LIMIT, |counts| counts.polls == 2));
    let _second = api.invoke(Event::new("two"));
    assert_eq!((client.read_response().body.as_str(), api.connections()), ("two", 1));
}

#[test]
fn an_answer_that_is_not_in_chunks_is_one_chunk() {
    let (_api, mut answer, mut client) = invoked();
    assert_eq!(client.ask(response("r-1", "whole")).status, 200);
    assert_eq!((next(&mut answer), next(&mut answer)), (chunk("whole"), Ok(None)));

    let (_api, mut answer, mut client) = invoked();
    assert_eq!(client.ask(error("r-1", "no")).status, 200);
    assert_eq!(answer.head(LIMIT).map(|head| head.kind), Ok(AnswerKind::Error));
    assert_eq!((next(&mut answer), next(&mut answer)), (chunk("no"), Ok(None)));
}

#[test]
fn an_answer_that_meets_a_fault_is_one_chunk() {
    let (api, mut answer, mut client) = invoked();
    api.script(Fault::OnPost(Misbehaviour::ConnectionClose));
    client.send(format!("{HEAD}1\r\na\r\n1\r\nb\r\n0\r\n\r\n"));
    assert_eq!(client.read_response().header("Connection"), Some("close"));
    assert_eq!((next(&mut answer), next(&mut answer)), (chunk("ab"), Ok(None)));
}

#[test]
fn an_answer_without_its_last_chunk_is_never_complete() {
    for begun in ["2\r\nab\r\n", "4\r\nab", "2\r\nab\r\n0\r\n"] {
        let (api, mut answer, mut client) = invoked();
        client.send(format!("{HEAD}{begun}"));
        assert_eq!(next(&mut answer), chunk("ab"));
        drop(client);
        let cut_short = StreamError::CutShort { bytes: 2 };
        assert_eq!(
            (next(&mut answer), next(&mut answer)),
            (Err(cut_short.clone()), Err(cut_short))
        );
        // Whoever reads it has a part of it already, so that no other one can take its place.
        assert_eq!(Client::connect(&api).ask(response("r-1", "again")).status, 400);
    }
}

#[test]
fn a_chunk_that_is_none_ends_the_answer_with_400() {
    let (_api, mut answer, mut client) = invoked();
    client.send(format!("{HEAD}2\r\nab\r\nrubbish\r\n"));
    assert_eq!(next(&mut answer), chunk("ab"));
    let refusal = client.read_response();
    assert_eq!(
        (refusal.status, refusal.body.as_str()),
        (400, "invalid request: a chunk without a valid size")
    );
    assert_eq!(next(&mut answer), Err(StreamError::CutShort { bytes: 2 }));
}

#[test]
fn what_has_not_come_in_time_is_told() {
    let (_api, mut answer, mut client) = invoked();
    let absent = answer.next_chunk(Duration::ZERO).expect_err("no answer");
    assert!(matches!(absent, StreamError::NoAnswer(NoAnswer { .. })), "{absent}");
    client.send(HEAD);
    answer.head(LIMIT).expect("the head");
    let absent = answer.next_chunk(Duration::ZERO).expect_err("no chunk");
    assert_eq!(absent.to_string(), "the answer has begun, but no further chunk of it came in time");
}

#[test]
fn a_body_that_waits_to_be_asked_for_is_asked_for() {
    let (_api, mut answer, mut client) = invoked();
    client.send(HEAD.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"));
    assert_eq!(client.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(client.ask("1\r\na\r\n0\r\n\r\n").status, 200);
    assert_eq!(next(&mut answer), chunk("a"));
}

#[test]
fn a_reader_who_goes_away_closes_the_functions_connection() {
    let (api, mut answer, mut client) = invoked();
    client.send(format!("{HEAD}2\r\nab\r\n"));
    assert_eq!(next(&mut answer), chunk("ab"));
    drop(answer);
    assert_closed(&mut client);
    assert!(api.posts().is_empty());

    let (_api, answer, mut client) = invoked();
    drop(answer);
    client.send(HEAD);
    assert_closed(&mut client);
}

#[test]
fn no_more_is_read_than_what_is_taken_and_a_little() {
    const CHUNK: usize = 16 << 10;
    const CHUNKS: usize = 1024;
    const MOST: usize = 256 << 10;
    let (_api, mut answer, mut client) = invoked();
    let function = thread::spawn(move || {
        let chunk = format!("{CHUNK:x}\r\n{}\r\n", "x".repeat(CHUNK));
        client.send(HEAD);
        for _ in 0..CHUNKS {
            client.send(&chunk);
        }
        client.ask("0\r\n\r\n").status
    });
    // A socket takes some MB by itself, so the API is asked.
    while answer.in_flight() < MOST - CHUNK {
        thread::yield_now();
    }
    let mut taken = 0;
    loop {
        assert!(answer.in_flight() <= MOST, "{} bytes", answer.in_flight());
        let Some(chunk) = answer.next_chunk(LIMIT).expect("a complete answer") else { break };
        taken += chunk.len();
    }
    assert_eq!((taken, function.join().expect("no panic")), (CHUNK * CHUNKS, 200));
}

#[test]
fn a_stop_ends_an_answer_that_nobody_takes() {
    let (api, mut answer, mut client) = invoked();
    let function = thread::spawn(move || {
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        client.send(format!("{HEAD}{chunk}{chunk}{chunk}{chunk}{chunk}{chunk}"));
        assert_closed(&mut client);
    });
    while answer.in_flight() < 0x30000 {
        thread::yield_now();
    }
    api.stop();
    let end = loop {
        match answer.next_chunk(LIMIT) {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    assert!(matches!(end, Err(StreamError::CutShort { .. })), "{end:?}");
    function.join().expect("no panic");
}

#[test]
fn an_early_answer_comes_in_the_middle_of_the_body() {
    let early = |after, then| Misbehaviour::RespondEarly {
        after,
        status: 413,
        body: b"enough".to_vec(),
        then,
    };
    let (api, _answer, mut client) = invoked();
    api.script(Fault::OnPost(early(3, Afterwards::Close)));
    client.send(format!("{HEAD}2\r\nab\r\n"));
    let refusal = client.ask("2\r\ncd\r\n");
    assert_eq!(
        (refusal.status, refusal.body.as_str(), refusal.header("Connection")),
        (413, "enough", Some("close"))
    );
    // What is still under way does not turn the close into a reset.
    client.send("2\r\nef\r\n");
    assert_eq!(client.read_to_end().expect("an orderly close"), "");
    drop(client);
    assert!(api.posts().is_empty() && api.faults_left().is_empty());

    // The invocation still waits, on another connection as well as on the same one.
    let mut client = Client::connect(&api);
    api.script(Fault::OnPost(early(0, Afterwards::KeepOpen)));
    assert_eq!(client.ask(HEAD).status, 413);
    client.send("2\r\nab\r\n0\r\n\r\n");
    assert_eq!(client.ask(response("r-1", "answer")).status, 200);
    let posts: Vec<_> = api.posts().into_iter().map(|post| (post.body, post.verdict)).collect();
    assert_eq!(
        posts,
        [(b"ab".to_vec(), Verdict::Refused), (b"answer".to_vec(), Verdict::Accepted)]
    );
}

#[test]
fn a_close_in_the_middle_of_the_body_does_not_count() {
    let (api, mut answer, mut client) = invoked();
    api.script(Fault::OnPost(Misbehaviour::CloseAfterReading(HEAD.len() + 5)));
    client.send(format!("{HEAD}2\r\nab\r\n2\r\ncd\r\n"));
    assert_closed(&mut client);
    assert_eq!(Client::connect(&api).ask(format!("{HEAD}1\r\nx\r\n0\r\n\r\n")).status, 200);
    assert_eq!((next(&mut answer), next(&mut answer)), (chunk("x"), Ok(None)));
}
