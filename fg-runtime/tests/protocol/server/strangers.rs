//! What an HTTP client learns of an error: that there was one, and the id under which the log has
//! the rest.

use fg_emulator::Event;

use super::Server;
use super::client::Response;
use super::services::{get, service};
use crate::function::{Setup, api, api_that_fails, ask_event, failure, type_and_message};

const REQUESTS: [&str; 2] = ["/panic", "/fail"];

/// Nothing but the status, the id, and words that say nothing.
fn assert_bare(response: &Response, id: &str) {
    assert_eq!(
        (response.error_type(500), response.header("x-request-id")),
        ("InternalServerError".to_owned(), Some(id))
    );
    let expected =
        format!("the request could not be served; the log has the error under its id {id}");
    assert_eq!(
        (response.error_message(), response.json().as_object().map(serde_json::Map::len)),
        (expected, Some(2))
    );
}

#[test]
fn the_client_of_a_service_or_of_a_typed_handler_is_told_nothing_of_an_error_but_its_id() {
    for setup in [service, api_that_fails] {
        let server = Server::start(setup());
        for path in REQUESTS {
            let id = format!("id-of{}", path.replace('/', "-"));
            assert_bare(&server.ask(get(path, &format!("X-Cff-Request-Id: {id}\r\n"))), &id);
            server.function.wait_for_line(&format!(" {id} ERROR "));
        }
        // An id of the client's own comes back; one that is too long is not taken, and the request
        // gets another.
        let id = "x".repeat(128);
        assert_bare(&server.ask(get("/fail", &format!("X-Request-Id: {id}\r\n"))), &id);
        let response = server.ask(get("/fail", &format!("X-Request-Id: {id}x\r\n")));
        let id = response.header("x-request-id").expect("it has one").to_owned();
        assert!(id.len() == 36 && !id.contains('x'), "{id}");
        assert_bare(&response, &id);
        let ended = server.stop();
        assert_eq!(
            (
                ended.code,
                ended.count("ERROR panic: cannot connect to postgres://app:hunter2@10.0.0.5 (at ")
            ),
            (0, 1)
        );
    }
}

#[test]
fn behind_a_gateway_the_platform_is_told_no_more() {
    for setup in [service, api_that_fails] {
        let api = api();
        let _function = setup().start(&api);
        for path in REQUESTS {
            let event = format!(
                r#"{{"httpMethod":"GET","path":"{path}","headers":{{}},"body":"","requestContext":{{}}}}"#
            );
            let answer = ask_event(&api, Event::new(event).request_id("r-1"));
            let told = failure(&answer);
            assert_eq!(
                type_and_message(&told),
                (
                    "InternalServerError",
                    "the request could not be served; the log has the error under its id r-1"
                )
            );
            assert_eq!(told.as_object().map(serde_json::Map::len), Some(2));
        }
    }
}

#[test]
fn a_developer_can_have_all_of_it() {
    for setup in [service, api_that_fails] {
        let with_errors = |setup: Setup, value| Server::start(setup.with("FG_HTTP_ERRORS", value));
        let server = with_errors(setup(), "full");
        let response = server.ask(get("/panic", ""));
        assert_eq!(response.error_type(500), "panic");
        assert!(response.error_message().contains("hunter2"), "{}", response.text());
        let server = with_errors(setup(), "true");
        assert_eq!(server.ask(get("/panic", "")).error_type(500), "InternalServerError");
        server.function.wait_for_line(
            "FG_HTTP_ERRORS is `true`; it can be `bare` or `full`, and is taken for `bare`",
        );
    }
}
