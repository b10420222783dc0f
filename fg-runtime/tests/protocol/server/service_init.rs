//! A service with an init phase: requests wait for it, the probe tells of it, and what it opens is
//! closed before the end.

use super::Server;
use super::services::{assert_serves, get};
use crate::function::{self, Setup, act, api, ask, failure};
use crate::gate::Gate;

fn service() -> Setup {
    act().with("PROBE_SERVICE", "init")
}

fn healthz(server: &Server) -> u16 {
    server.ask(get("/healthz", "")).status
}

#[test]
fn requests_wait_for_the_init_phase_and_the_probe_does_not() {
    let gate = Gate::new();
    let server = Server::start(service().with("PROBE_INIT", gate.address()));
    let waiting = gate.reached();
    let mut requests: Vec<_> = (0..10).map(|_| server.send(get("/path", ""))).collect();
    assert_eq!(healthz(&server), 503);
    drop(waiting);
    for request in &mut requests {
        assert_eq!(request.read_response().text(), "/path");
    }
    assert_eq!(healthz(&server), 200);
    for path in ["/invoke", "/init", "/shutdown"] {
        assert_eq!(server.ask(get(path, "")).text(), format!("nothing at {path}"), "it is its own");
    }
}

#[test]
fn what_the_init_phase_has_opened_is_closed_last_first() {
    let server = Server::start(service());
    assert_serves(&server);
    let ended = server.stop();
    let closed: Vec<_> = ended
        .stdout
        .iter()
        .filter_map(|line| line.split_once("closed what was ").map(|(_, name)| name))
        .collect();
    assert_eq!(
        (ended.code, &closed[..]),
        (0, &["opened second", "opened first"][..]),
        "{ended:#?}"
    );
}

#[test]
fn a_failed_init_phase_is_the_answer_to_each_request() {
    let server =
        Server::start(service().with("PROBE_INIT", "fails").with("FG_HTTP_ERRORS", "full"));
    for _ in 0..2 {
        let response = server.ask(get("/path", ""));
        assert_eq!(response.error_type(500), "InitError");
        assert!(response.error_message().contains("no connection at db:5432"));
        assert_eq!(healthz(&server), 503);
    }
    assert_eq!(server.stop().code, 0);

    let server = Server::start(service().with("PROBE_INIT", "fails"));
    let response = server.ask(get("/path", ""));
    assert_eq!(response.error_type(500), "InternalServerError");
    assert!(!response.text().contains("db:5432"), "{}", response.text());
}

const EVENT: &str = r#"{"httpMethod":"GET","path":"/path","body":"","isBase64Encoded":false,"headers":{},"requestContext":{}}"#;

#[test]
fn on_the_custom_runtime_it_is_initialised_before_the_first_event() {
    let api = api();
    let function = service().start(&api);
    let answer = ask(&api, EVENT);
    assert!(answer.text().contains(r#""statusCode":200"#), "{}", answer.text());
    let ended = function.stop();
    assert_eq!((ended.code, ended.count("closed what was opened")), (0, 2), "{ended:#?}");

    // An API of its own: the first one may not have noticed yet that its function has ended.
    let api = function::api();
    let function = service().with("PROBE_INIT", "fails").with("FG_HTTP_ERRORS", "full").start(&api);
    let failure = failure(&ask(&api, EVENT));
    assert_eq!(failure["errorType"], "InitError");
    let ended = function.wait();
    assert_eq!((ended.code, ended.count("closed what")), (1, 0), "{ended:#?}");
}

#[test]
fn layers_go_around_each_of_several_handlers() {
    let api = api();
    let function = act().with("PROBE_LAYERS", "1").start(&api);
    assert_eq!(ask(&api, r#"{"echo":"hello"}"#).text(), r#""hello""#);
    assert!(failure(&ask(&api, r#"{"fail":"no"}"#))["errorType"].is_string());
    assert_eq!(function.stop().count("pre_stop after 2 calls"), 1);
}
