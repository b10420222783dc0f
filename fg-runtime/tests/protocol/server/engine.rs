//! The platform's open-source engine, with the requests that it was seen to send, byte for byte.

use std::net::{Ipv4Addr, TcpStream};
use std::thread;

use super::client::Client;
use super::{Server, invocation, pipeline};
use crate::function::{act, echo};

const INIT: &[u8] = include_bytes!("engine/init.http");
const HEALTHZ: &[u8] = include_bytes!("engine/healthz.http");
/// A call in the format of the gateway, whose event has the path /hello.
const HELLO: &[u8] = include_bytes!("engine/hello.http");
const INVOKE: &[u8] = include_bytes!("engine/invoke.http");
const SHUTDOWN: &[u8] = include_bytes!("engine/shutdown.http");

fn replaced(request: &[u8], from: &str, to: &str) -> String {
    let request = std::str::from_utf8(request).expect("it is text");
    assert!(request.contains(from));
    request.replacen(from, to, 1)
}

#[test]
fn connections_that_send_nothing_are_nothing_special() {
    let server = Server::start(act());
    for _ in 0..500 {
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).expect("the function listens"));
    }
    server.assert_serves();
    let ended = server.stop();
    assert_eq!((ended.code, ended.count("ERROR"), ended.stderr.len()), (0, 0, 0), "{ended:#?}");
}

#[test]
fn the_engine_starts_calls_and_ends_a_function() {
    let server = Server::start(echo());
    let mut client = server.send(INIT);
    let response = client.read_response();
    assert_eq!((response.status, &*response.text()), (200, ""));
    client.assert_closed();
    assert_eq!(server.ask(HEALTHZ).status, 200);
    for _ in 0..2 {
        let mut client = server.send(INVOKE);
        let response = client.read_response();
        assert_eq!((response.status, &*response.text()), (200, r#"{"name":"x"}"#));
        client.assert_closed();
    }
    let mut client = server.send(SHUTDOWN);
    assert_eq!(client.read_response().status, 200);
    client.assert_closed();
    assert_eq!(server.function.wait().code, 0);
}

#[test]
fn a_gateways_event_for_a_path_is_told_where_events_go() {
    let server = Server::start(echo());
    let response = server.ask(HELLO);
    assert_eq!(response.error_type(404), "NotFound");
    assert_eq!(
        response.error_message(),
        "there is nothing at /hello; this is an event function, and an event goes to POST /invoke"
    );
    let response = server.ask(replaced(HELLO, "//hello?q=1&z=a+b", "//invoke?q=1"));
    assert_eq!((response.status, &*response.text()), (200, r#"{"a":1}"#));
}

#[test]
fn of_two_connection_headers_the_one_that_closes_counts() {
    let server = Server::start(echo());
    for headers in [
        "Connection: keep-alive\r\nX-A: b\r\nConnection: close\r\n",
        "Connection: close\r\nX-A: b\r\nConnection: keep-alive\r\n",
        "Connection: keep-alive, close\r\n",
    ] {
        let mut client = server.send(invocation(headers, "hello"));
        let response = client.read_response();
        assert_eq!((response.status, &*response.text()), (200, "hello"));
        client.assert_closed();
    }
    let both = replaced(INVOKE, "Accept: */*\r\n", "Accept: */*\r\nConnection: keep-alive\r\n");
    let mut client = server.send(both);
    assert_eq!(client.read_response().status, 200);
    client.assert_closed();
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let server = Server::start(echo());
    let mut client = server.connect();
    for number in 0..100 {
        client.send(invocation("", number.to_string()));
        let response = client.read_response();
        assert_eq!((response.status, response.text()), (200, number.to_string()));
        client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(client.read_response().status, 200);
    }
}

#[test]
fn requests_that_are_sent_without_waiting_are_answered_in_their_order() {
    let server = Server::start(echo());
    let requests: Vec<_> = (0..50).map(|number| invocation("", number.to_string())).collect();
    for (number, response) in pipeline(&server, &requests).into_iter().enumerate() {
        assert_eq!((response.status, response.text()), (200, number.to_string()));
    }
}

#[test]
fn many_connections_at_once_each_get_their_own_reply() {
    let server = Server::start(echo().with("RUNTIME_CPU", "2000"));
    thread::scope(|scope| {
        for client in 0..8 {
            let port = server.port;
            scope.spawn(move || {
                for number in 0..50 {
                    let payload = format!("{client}-{number}");
                    let mut connection = Client::connect(port);
                    connection.send(invocation("", &payload));
                    assert_eq!(connection.read_response().text(), payload);
                }
            });
        }
    });
}

#[test]
fn what_is_asked_in_the_wrong_way_is_told_the_right_one() {
    let server = Server::start(act());
    for (request, allowed) in [
        ("GET /invoke", "POST"),
        ("PUT /init", "POST"),
        ("DELETE /", "POST"),
        ("OPTIONS /invoke", "POST"),
        ("TRACE /invoke", "POST"),
        ("BREW /invoke", "POST"),
        ("POST /healthz", "GET"),
        ("POST /shutdown", "GET"),
    ] {
        let response = server.ask(format!("{request} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(response.error_type(405), "MethodNotAllowed", "{request}");
        assert_eq!(response.header("allow"), Some(allowed), "{request}");
        assert_eq!(response.error_message(), format!("{request} is not possible; {allowed} is"));
    }
    // The response to HEAD has no body, and the connection goes on.
    let mut client = server
        .send("HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\nHEAD /invoke HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((client.read_head().status, client.read_head().status), (200, 405));
    server.assert_serves();
}
