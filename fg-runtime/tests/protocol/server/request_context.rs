//! What a handler learns of its invocation from the headers of the request.

use serde_json::{Value, json};

use super::{Server, invocation};
use crate::function::{Setup, act};

const INVOKE: &[u8] = include_bytes!("engine/invoke.http");

/// As in a container image: hardly any variables.
fn image() -> Setup {
    act()
        .with("RUNTIME_FUNC_NAME", "")
        .with("RUNTIME_TIMEOUT", "")
        .with("RUNTIME_MEMORY", "")
        .with("FG_PORT", "0")
}

fn context(server: &Server, headers: &str) -> Value {
    let response = server.ask(invocation(headers, r#""context""#));
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

#[test]
fn the_headers_of_the_engine_tell_what_no_variable_does() {
    let server = Server::start(image());
    let request =
        std::str::from_utf8(INVOKE).expect("it is text").replace("{\"name\":\"x\"}", "\"context\"");
    let request = request.replace("Content-Length: 12", "Content-Length: 9");
    assert_eq!(
        server.ask(request).json(),
        json!({
            "request_id": "4bbf2e2f-4e93-48e6-b080-e3d723d77816",
            "trace_id": "4bbf2e2f-4e93-48e6-b080-e3d723d77816",
            "function_name": "hello",
            "version": "latest",
            "package": "",
            "project_id": "default",
            "memory_size": 512,
            "timeout": 5,
            "x-client": "c1",
            "has_credentials": false,
            "has_token": false,
        })
    );
}

#[test]
fn an_empty_header_a_missing_one_and_null_are_the_same() {
    let server = Server::start(image());
    let names = [
        "X-CFF-Auth-Token",
        "X-CFF-Func-Name",
        "X-CFF-Func-Version",
        "X-CFF-Memory",
        "X-CFF-Package",
        "X-CFF-Project-Id",
        "X-CFF-Security-Access-Key",
        "X-CFF-Security-Secret-Key",
        "X-CFF-Security-Token",
        "X-CFF-Timeout",
        "X-Client",
    ];
    let with = |value: &str| {
        let headers: String = names.iter().map(|name| format!("{name}:{value}\r\n")).collect();
        context(&server, &format!("X-CFF-Request-Id: r-1\r\n{headers}"))
    };
    let without = context(&server, "X-CFF-Request-Id: r-1\r\n");
    assert_eq!(with(""), without);
    assert_eq!(with(" "), without);
    assert_eq!(with(" null"), without);
    assert_ne!(with(" 7"), without);
}

#[test]
fn the_request_id_is_the_platforms_else_the_engines_else_a_new_one() {
    let server = Server::start(act());
    let id = |headers: &str| {
        context(&server, headers)["request_id"].as_str().expect("a text").to_owned()
    };
    assert_eq!(id("X-CFF-Request-Id: r-1\r\nX-Request-Id: r-2\r\n"), "r-1");
    assert_eq!(id("X-Request-Id: r-2\r\nX-CFF-Request-Id: r-1\r\n"), "r-1");
    assert_eq!(id("X-CFF-Request-Id: \r\nX-Request-Id: r-2\r\n"), "r-2");
    assert_eq!(id("X-CFF-Request-Id: null\r\nX-Request-Id: r-2\r\n"), "r-2");
    let mut ids: Vec<_> =
        ["", "X-Request-Id: \r\n", "X-Request-Id: null\r\n", "X-CFF-Request-Id: null\r\n"]
            .map(id)
            .to_vec();
    for id in &ids {
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[test]
fn the_time_of_an_invocation_is_what_its_header_says() {
    let server = Server::start(act());
    let response = server.ask(invocation("X-Cff-Timeout: 1\r\n", r#""hang""#));
    assert_eq!(response.error_type(500), "FunctionTimeout");
    assert!(response.error_message().contains("of 1s (RUNTIME_TIMEOUT)"), "{}", response.text());
}

#[test]
fn an_id_that_is_too_long_to_be_one_is_not_taken() {
    let server = Server::start(image());
    for name in ["X-CFF-Request-Id", "X-Request-Id"] {
        let id = |length: usize| {
            context(&server, &format!("{name}: {}\r\n", "i".repeat(length)))["request_id"]
                .to_string()
        };
        assert_eq!(id(128).len(), 130);
        assert_eq!(id(20_000).len(), 38, "a new one");
    }
}
