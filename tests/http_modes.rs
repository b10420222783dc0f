//! One binary, driven in each of the ways in which a function can run.
#![cfg(feature = "http")]

mod program;

use std::io::Read;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fg_emulator::{AnswerKind, Emulator, Event, Execution, RuntimeApi};
use program::http::Server;
use program::{on_platform, one_shot, path_of, stdout};
use serde_json::{Value, json};

const LONG: Duration = Duration::from_secs(20);

/// An event of API Gateway.
fn gateway_event(method: &str, path: &str, query: &Value, body: &str) -> String {
    let event = json!({
        "httpMethod": method, "path": path, "queryStringParameters": query, "body": body, "isBase64Encoded": false,
        "headers": {"content-type": "application/json"}, "pathParameters": {},
        "requestContext": {"apiId": "a", "requestId": "r", "stage": "RELEASE"},
    });
    event.to_string()
}

/// The body of an answer to API Gateway, and its status.
fn answered(answer: &[u8]) -> (u64, String) {
    let answer: Value = serde_json::from_slice(answer).expect("an answer is JSON");
    assert_eq!(answer["isBase64Encoded"], false, "{answer}");
    (
        answer["statusCode"].as_u64().expect("a number"),
        answer["body"].as_str().expect("a text").to_owned(),
    )
}

#[test]
fn an_axum_app_is_a_server_with_streaming_both_ways() {
    let server = Server::start("axum_app", &[]);
    let shown = server.send("GET /orders/17?currency=EUR HTTP/1.1", b"");
    assert_eq!((shown.status, shown.text().as_str()), (200, "order 17 in EUR"));
    // As the engine writes the path of an event.
    assert_eq!(
        server
            .send(
                "POST //orders HTTP/1.1\nContent-Type: application/json",
                br#"{"id":1,"item":"tea"}"#
            )
            .status,
        201
    );
    assert_eq!(server.send("GET /nothing HTTP/1.1", b"").status, 404);
    assert_eq!(server.send("GET /healthz HTTP/1.1", b"").status, 404, "all paths are the user's");

    let mut ticks = server.send("GET /ticks HTTP/1.1", b"");
    assert_eq!(
        (ticks.header("content-type"), ticks.header("content-length")),
        (Some("text/event-stream"), None)
    );
    for number in 1..=3 {
        let piece = ticks.piece().expect("it is complete").expect("there are three");
        assert_eq!(String::from_utf8_lossy(&piece), format!("event: tick\ndata: {number}\n\n"));
    }
    assert_eq!(ticks.piece().expect("it is complete"), None);

    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    assert!(server.send("POST /upload HTTP/1.1", &bytes).body() == bytes);
    let log = server.kill();
    assert!(log.contains(" INFO order 1 for tea"), "{log}");
}

#[test]
fn the_same_app_is_an_http_function_of_the_platform() {
    let emulator = Emulator::builder(path_of("axum_app"))
        .http_function()
        .concurrency(8)
        .streaming()
        .init_timeout(LONG)
        .timeout(LONG)
        .start()
        .expect("it starts");
    // With the body in base64, and each header as a list.
    let wrapped = |execution: &Execution| -> (Value, String) {
        let response = execution.response().unwrap_or_else(|| panic!("no response: {execution}"));
        let response: Value = serde_json::from_str(&response).expect("a response is JSON");
        let body = BASE64_STANDARD.decode(response["body"].as_str().expect("a string"));
        let body = String::from_utf8(body.expect("base64")).expect("text");
        (response["statusCode"].clone(), body)
    };
    let show = gateway_event("GET", "/orders/17", &json!({"currency": "EUR"}), "");
    let shown = emulator.invoke(Event::new(show));
    assert_eq!(wrapped(&shown), (json!(200), "order 17 in EUR".to_owned()));
    let place = gateway_event("POST", "/orders", &json!({}), r#"{"id":1,"item":"tea"}"#);
    let placed = emulator.invoke(Event::new(place).request_id("r-1"));
    assert_eq!(wrapped(&placed).0, 201);
    assert!(
        placed.log.lines().iter().any(|line| line.contains(" r-1 INFO order 1 for tea")),
        "{placed:#}"
    );
    let ticks = Event::new(gateway_event("GET", "/ticks", &json!({}), ""));
    let mut ticks = emulator.invoke_streaming(ticks);
    let head = ticks.head().expect("it is streamed");
    assert_eq!((head.status, head.header("content-type")), (Some(200), Some("text/event-stream")));
    let mut text = String::new();
    ticks.read_to_string(&mut text).expect("it is complete");
    assert!(text.ends_with("event: tick\ndata: 3\n\n"), "{text}");
    assert_eq!(emulator.instances().started, 1);
}

#[test]
fn the_same_app_answers_events_of_api_gateway_on_the_custom_runtime_and_in_a_shell() {
    let show = gateway_event("GET", "/orders/17", &json!({"currency": "EUR"}), "");
    let place = gateway_event("POST", "/orders", &json!({}), r#"{"id":1,"item":"tea"}"#);
    let api = RuntimeApi::start().expect("loopback has a free port");
    let mut function = on_platform("axum_app", &api, &[]);
    let answer = api.invoke(Event::new(show.clone())).wait(LONG).expect("it is answered");
    assert_eq!(
        (answer.kind, answered(&answer.body)),
        (AnswerKind::Response, (200, "order 17 in EUR".to_owned()))
    );
    let answer =
        api.invoke(Event::new(place).request_id("r-1")).wait(LONG).expect("it is answered");
    assert_eq!(answered(&answer.body), (201, r#"{"id":1,"item":"tea"}"#.to_owned()));
    function.kill().expect("it runs");
    let log = stdout(&function.wait_with_output().expect("it ends"));
    assert!(log.contains(" r-1 INFO order 1 for tea"), "{log}");

    let output = one_shot("axum_app", show.as_bytes(), &[]);
    assert_eq!(answered(&output.stdout), (200, "order 17 in EUR".to_owned()));
}

#[test]
fn a_typed_handler_answers_requests_and_events_alike() {
    let greet = gateway_event("GET", "/greet", &json!({"name": "Ada"}), "");
    let server = Server::start("http_api", &[]);
    let greeted = server.send("GET /greet?name=A%20d%C3%A4 HTTP/1.1", b"");
    assert_eq!((greeted.status, greeted.text().as_str()), (200, "Hello, A d\u{e4}!"));
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    assert!(server.send("PUT /echo HTTP/1.1", &bytes).body() == bytes);
    assert_eq!(server.send("GET /nothing HTTP/1.1", b"").status, 404);
    // In a container image, an event function is called so.
    let invoked = server.send("POST /invoke HTTP/1.1", greet.as_bytes());
    assert_eq!(answered(&invoked.body()), (200, "Hello, Ada!".to_owned()));
    assert_eq!(server.send("GET /healthz HTTP/1.1", b"").status, 200);
    drop(server);

    let api = RuntimeApi::start().expect("loopback has a free port");
    let mut function = on_platform("http_api", &api, &[]);
    let answer = api.invoke(Event::new(greet.clone())).wait(LONG).expect("it is answered");
    assert_eq!(answered(&answer.body), (200, "Hello, Ada!".to_owned()));
    function.kill().expect("it runs");
    function.wait().expect("it ends");
    assert_eq!(
        answered(&one_shot("http_api", greet.as_bytes(), &[]).stdout),
        (200, "Hello, Ada!".to_owned())
    );
}

#[test]
fn server_sent_events_come_one_by_one_wherever_the_function_runs() {
    let prompt = br#"{"question":"Why is the sky blue?"}"#;
    let whole = "event: word\ndata: Because\n\nevent: word\ndata: of\n\nevent: word\ndata: Rayleigh\n\nevent: word\ndata: scattering.\n\nevent: done\ndata: \n\n";

    let server = Server::start("server_sent_events", &[]);
    let mut events = server.send("POST /invoke HTTP/1.1", prompt);
    assert_eq!(events.header("content-type"), Some("text/event-stream"));
    let mut pieces = Vec::new();
    while let Some(piece) = events.piece().expect("it is complete") {
        pieces.push(String::from_utf8(piece).expect("it is text"));
    }
    assert_eq!((pieces.len() >= 2, pieces.concat().as_str()), (true, whole), "{pieces:?}");
    let refused = server.send("POST /invoke HTTP/1.1", br#"{"question":""}"#);
    assert_eq!((refused.status, refused.text().contains("ask something")), (500, true));
    drop(server);

    let api = RuntimeApi::start().expect("loopback has a free port");
    let mut function = on_platform("server_sent_events", &api, &[]);
    let answer = api.invoke(Event::new(&prompt[..])).wait(LONG).expect("it is answered");
    assert_eq!((&*answer.text(), answer.content_type()), (whole, Some("text/event-stream")));
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    function.kill().expect("it runs");
    function.wait().expect("it ends");

    assert_eq!(stdout(&one_shot("server_sent_events", prompt, &[])), whole);
}

#[test]
fn layers_go_around_a_handler_wherever_it_runs() {
    let server = Server::start("layers", &[("RUNTIME_TIMEOUT", "10")]);
    let rested =
        server.send("POST /invoke HTTP/1.1\nX-CFF-Request-Id: r-1", br#"{"milliseconds":1}"#);
    assert_eq!((rested.status, rested.text().as_str()), (200, r#""rested""#));
    let late = server.send("POST /invoke HTTP/1.1", br#"{"milliseconds":5000}"#);
    assert_eq!((late.status, late.text().contains("request timed out")), (500, true));
    let log = server.kill();
    assert!(log.contains(" r-1 INFO status 200 OK after "), "{log}");

    let api = RuntimeApi::start().expect("loopback has a free port");
    let mut function = on_platform("layers", &api, &[]);
    let answer =
        api.invoke(Event::new(r#"{"milliseconds":5000}"#)).wait(LONG).expect("it is answered");
    assert_eq!(
        (answer.kind, answer.text().contains("request timed out")),
        (AnswerKind::Error, true)
    );
    function.kill().expect("it runs");
    function.wait().expect("it ends");
}
