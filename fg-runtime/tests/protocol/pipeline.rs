//! Pipelining: the answer and the request for the next event in one write. The conformance kit also
//! runs in this mode; see `.ci/run`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use fg_emulator::{Event, Fault, Misbehaviour};

use crate::function::{LIMIT, Setup, act, api, assert_serves, echo};
use crate::gate::Gate;

fn pipelined(setup: Setup) -> Setup {
    setup.with("FG_PIPELINE", "1")
}

/// Reads the available bytes of the connection.
fn read(connection: &mut TcpStream) -> String {
    let mut bytes = [0; 64 * 1024];
    let length = connection.read(&mut bytes).expect("the function writes");
    String::from_utf8(bytes[..length].to_vec()).expect("a request is a string")
}

fn event(request_id: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nX-CFF-Request-Id: {request_id}\r\nContent-Length: 5\r\n\r\nhello")
}

const ACKNOWLEDGEMENT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#[test]
fn an_answer_and_the_next_poll_are_one_write_and_may_be_answered_by_one() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let function =
        pipelined(echo()).start_at(&server.local_addr().expect("it is bound").to_string());
    let (mut connection, _) = server.accept().expect("the function connects");
    connection.set_read_timeout(Some(LIMIT)).expect("it can be set");
    assert!(read(&mut connection).starts_with("GET "));
    connection.write_all(event("r-1").as_bytes()).expect("it reads");
    for next in ["r-2", "r-3"] {
        let both = read(&mut connection);
        assert!(
            both.starts_with("POST ")
                && both.contains("\r\n\r\nhelloGET /v1/runtime/invocation/request HTTP/1.1\r\n"),
            "{both}"
        );
        connection
            .write_all(format!("{ACKNOWLEDGEMENT}{}", event(next)).as_bytes())
            .expect("it reads");
    }
    assert!(read(&mut connection).starts_with("POST /v1/runtime/invocation/response/r-3 "));
    connection.write_all(ACKNOWLEDGEMENT.as_bytes()).expect("it reads");
    assert_eq!(function.stop().code, 0);
}

#[test]
fn an_event_that_came_with_the_acknowledgement_is_answered_before_the_end() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let function =
        pipelined(echo()).start_at(&server.local_addr().expect("it is bound").to_string());
    let (mut connection, _) = server.accept().expect("the function connects");
    connection.set_read_timeout(Some(LIMIT)).expect("it can be set");
    read(&mut connection);
    connection.write_all(event("r-1").as_bytes()).expect("it reads");
    assert!(read(&mut connection).contains("helloGET "));
    function.signal("TERM");
    // The signal may arrive before or after these bytes. The event has been received in both cases.
    connection
        .write_all(format!("{ACKNOWLEDGEMENT}{}", event("r-2")).as_bytes())
        .expect("it reads");
    assert!(read(&mut connection).starts_with("POST /v1/runtime/invocation/response/r-2 "));
    connection.write_all(ACKNOWLEDGEMENT.as_bytes()).expect("it reads");
    assert_eq!(function.wait().code, 0);
}

#[test]
fn a_server_that_closes_after_an_answer_turns_pipelining_off() {
    for closing in [Misbehaviour::ConnectionClose, Misbehaviour::CloseAfterResponse] {
        let api = api();
        let function = pipelined(act()).start(&api);
        for _ in 0..3 {
            api.script(Fault::OnPost(closing.clone()));
            assert_serves(&api);
        }
        assert_serves(&api);
        let posts = api.posts().len();
        let ended = function.stop();
        assert_eq!(
            (posts, ended.count("pipelining is off from now on")),
            (4, 1),
            "{closing:?}: {ended:#?}"
        );
        assert_eq!(ended.code, 0);
    }
}

#[test]
fn an_answer_that_has_to_be_sent_again_does_not_wait_for_the_next_event() {
    let api = api();
    let function = pipelined(act()).start(&api);
    // The first connection waits for an event, so the second attempt needs another one.
    api.script(Fault::OnPost(Misbehaviour::Status { code: 503, headers: vec![], body: vec![] }));
    assert_serves(&api);
    assert_serves(&api);
    assert_eq!((api.posts().len(), api.connections()), (3, 2));
    assert_eq!(function.stop().code, 0);
}

#[test]
fn work_after_the_response_is_finished_before_the_next_poll() {
    let api = api();
    let gate = Gate::new();
    let function = pipelined(act()).start(&api);
    let pending =
        api.invoke(Event::new(format!(r#"{{"after":{{"wait_at":"{}"}}}}"#, gate.address())));
    pending.wait(LIMIT).expect("there is an answer");
    let waiting = gate.reached();
    assert_eq!(api.polls(), 1, "the work is not done");
    drop(waiting);
    assert_serves(&api);
    let ended = function.stop();
    assert_eq!((ended.count(" INFO waited"), ended.code), (1, 0), "{ended:#?}");
}
