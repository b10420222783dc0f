//! Connections that a service takes over, as WebSocket does; and protocols that are not spoken.

use super::Server;
use super::client::Client;
use super::services::{assert_serves, get, service};
use crate::function::echo;

const UPGRADE: &str = "Connection: upgrade\r\nUpgrade: echo\r\nX-Cff-Request-Id: r-1\r\n";

fn upgraded(server: &Server) -> Client {
    let mut client = server.send(get("/upgrade", UPGRADE));
    let response = client.read_head();
    assert_eq!((response.status, response.header("upgrade")), (101, Some("echo")));
    assert_eq!(client.line(), "ready\n");
    client
}

fn assert_echoes(client: &mut Client, line: &str) {
    client.send(line);
    assert_eq!(client.line(), line);
}

#[test]
fn a_service_that_takes_a_connection_over_gets_and_sends_any_bytes() {
    let server = Server::start(service());
    let mut client = upgraded(&server);
    // What would be refused in a head.
    for line in [
        "hello\n",
        "\n",
        "GET / HTTP/1.1\n",
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        "\u{0}\u{1}\u{e9}\n",
    ] {
        line.split_inclusive('\n').for_each(|line| assert_echoes(&mut client, line));
    }
    let mut others: Vec<_> = (0..20).map(|_| upgraded(&server)).collect();
    for (number, client) in others.iter_mut().enumerate() {
        assert_echoes(client, &format!("{number}\n"));
    }
    assert_serves(&server);
    drop(others);
    drop(client);
    let ended = server.stop();
    assert_eq!(
        (ended.code, ended.count("r-1 INFO the echo has ended"), ended.count(" ERROR ")),
        (0, 21, 0),
        "{ended:#?}"
    );
}

#[test]
fn the_end_waits_for_connections_that_were_taken_over_and_not_for_ever() {
    let server = Server::start(service());
    let mut client = upgraded(&server);
    server.function.signal("TERM");
    for _ in 0..3 {
        assert_echoes(&mut client, "still here\n");
    }
    drop(client);
    let ended = server.function.wait();
    assert_eq!(
        (ended.code, ended.count("r-1 INFO the echo has ended"), ended.count("not all requests")),
        (0, 1, 0),
        "{ended:#?}"
    );
}

#[test]
fn a_connection_that_was_taken_over_lasts_no_longer_than_an_invocation_may() {
    let server = Server::start(service().with("RUNTIME_TIMEOUT", "1"));
    let mut client = upgraded(&server);
    assert_echoes(&mut client, "hello\n");
    client.wait_for_the_end();
    server.function.wait_for_line(
        "r-1 ERROR the upgraded connection was open for all of its 1s, and is closed",
    );
    assert_serves(&server);
}

#[test]
fn an_upgrade_that_nobody_takes_is_an_ordinary_request() {
    let server = Server::start(service());
    let mut client = server.send(get("/path", UPGRADE));
    assert_eq!(client.read_response().text(), "/path");
    client.send(get("/path", ""));
    assert_eq!(client.read_response().text(), "/path");
}

#[test]
fn a_client_of_http_2_is_told_so_and_the_log_says_it_once() {
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    for setup in [service, echo] {
        let server = Server::start(setup());
        for _ in 0..3 {
            let mut client = server.send(preface);
            let response = client.read_response();
            assert_eq!((response.status, response.is_cut), (505, false));
            assert_eq!(
                response.text(),
                "this server speaks HTTP/1.1; HTTP/2, and so gRPC, are not available here"
            );
            client.assert_closed();
        }
        let ended = server.stop();
        assert_eq!(
            (ended.code, ended.count(" WARN a client speaks HTTP/2 ")),
            (0, 1),
            "{ended:#?}"
        );
    }
}

#[test]
fn a_client_of_tls_is_told_and_the_log_says_it_once() {
    let server = Server::start(echo());
    for _ in 0..2 {
        let mut client = server.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
        assert_eq!(client.read_response().status, 400);
        client.assert_closed();
    }
    assert_eq!(server.stop().count(" WARN a client speaks TLS "), 1);
}
