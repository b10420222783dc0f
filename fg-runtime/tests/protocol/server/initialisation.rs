//! The initialisation: once, however many ask for it, and what is answered until it is over, or
//! when it fails.

use super::{Server, post};
use crate::function::{Setup, act};
use crate::gate::Gate;

fn healthz(server: &Server) -> u16 {
    server.ask("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").status
}

#[test]
fn whoever_comes_before_the_end_of_the_initialisation_waits_for_it_and_it_happens_once() {
    let gate = Gate::new();
    let server = Server::start(act().with("PROBE_INIT", gate.address()));
    let waiting = gate.reached();
    assert_eq!(healthz(&server), 503);
    let mut inits: Vec<_> = (0..10).map(|_| server.send(post("/init", "", b"{}"))).collect();
    let mut calls: Vec<_> =
        (0..10).map(|_| server.send(post("/invoke", "", br#"{"echo":"hello"}"#))).collect();
    assert_eq!(healthz(&server), 503);
    // A second initialisation would find nobody at the gate, and panic.
    drop(waiting);
    assert!(inits.iter_mut().all(|client| client.read_response().status == 200));
    assert!(calls.iter_mut().all(|client| client.read_response().text() == r#""hello""#));
    assert_eq!((healthz(&server), server.ask(post("/init", "", b"")).status), (200, 200));
    let ended = server.stop();
    assert_eq!(
        (ended.code, ended.count("ERROR"), ended.count("pre_stop after 10 calls")),
        (0, 0, 1),
        "{ended:#?}"
    );
}

fn assert_refuses(setup: Setup, expected: &str) {
    let server = Server::start(setup);
    for _ in 0..2 {
        for path in ["/init", "/invoke"] {
            let response = server.ask(post(path, "", b"{}"));
            assert_eq!(response.error_type(500), "InitError");
            assert!(response.error_message().contains(expected), "{}", response.text());
        }
        assert_eq!(healthz(&server), 503);
    }
    let ended = server.stop();
    assert_eq!(
        (ended.code, ended.count("ERROR InitError: "), ended.count("pre_stop")),
        (0, 1, 0),
        "{ended:#?}"
    );
}

#[test]
fn a_function_that_cannot_be_initialised_says_so_to_everybody_and_the_process_stays() {
    assert_refuses(
        act().with("PROBE_INIT", "fails"),
        "the function could not be initialised: no connection to the database",
    );
    assert_refuses(
        act().with("PROBE_INIT", "panics"),
        "the function could not be initialised: no configuration",
    );
    assert_refuses(
        act().with("PROBE_INIT", "hangs").with("RUNTIME_INITIALIZER_TIMEOUT", "1"),
        "of 1s (RUNTIME_INITIALIZER_TIMEOUT)",
    );
}

#[test]
fn an_initialisation_may_block_for_longer_than_an_invocation() {
    let setup = act().with("PROBE_INIT", "blocks for three seconds");
    let server =
        Server::start(setup.with("RUNTIME_TIMEOUT", "1").with("RUNTIME_INITIALIZER_TIMEOUT", "60"));
    server.assert_serves();
    assert_eq!(server.stop().code, 0);
}
