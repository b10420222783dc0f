//! CloudEvents, as the specification's HTTP binding sends them: each is an invocation, and its
//! reply is nothing or an event.

use serde_json::{Value, json};

use super::client::Response;
use super::{Server, post};
use crate::function::{echo, mirror};

const ATTRIBUTES: [(&str, &str); 4] = [
    ("specversion", "1.0"),
    ("id", "A234-1234-1234"),
    ("source", "/orders/7"),
    ("type", "com.example.order"),
];

/// An event in the binary mode, without the attribute of this name.
fn binary(without: &str, headers: &str, data: &[u8]) -> Vec<u8> {
    let given = ATTRIBUTES.iter().filter(|(name, _)| *name != without);
    let given: String = given.map(|(name, value)| format!("ce-{name}: {value}\r\n")).collect();
    post("/", &format!("{given}{headers}"), data)
}

fn structured(content_type: &str, event: &Value) -> Vec<u8> {
    post("/", &format!("Content-Type: {content_type}\r\n"), event.to_string().as_bytes())
}

fn event(more: Value) -> Value {
    let mut event: serde_json::Map<_, _> =
        ATTRIBUTES.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let Value::Object(more) = more else { panic!("{more} is no object") };
    event.extend(more);
    Value::Object(event)
}

/// The event that the handler has got.
fn got(response: &Response) -> Value {
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["event"].clone()
}

#[test]
fn an_event_in_the_binary_mode_is_handed_over_as_json() {
    let server = Server::start(mirror());
    for (content_type, data, more) in [
        ("application/json", &br#"{"total": 12.50, "big": 12345678901234567890123}"#[..], None),
        ("application/json", b"", Some(json!({"datacontenttype": "application/json"}))),
        (
            "application/json",
            b"null",
            Some(json!({"datacontenttype": "application/json", "data": null})),
        ),
        (
            "application/vnd.shop+json; charset=utf-8",
            b"[1]",
            Some(
                json!({"datacontenttype": "application/vnd.shop+json; charset=utf-8", "data": [1]}),
            ),
        ),
        ("text/json", b"7", Some(json!({"datacontenttype": "text/json", "data": 7}))),
        (
            "text/plain; charset=\"utf-8\"",
            "Grüße \"}".as_bytes(),
            Some(json!({"datacontenttype": "text/plain; charset=\"utf-8\"", "data": "Grüße \"}"})),
        ),
        (
            "application/xml",
            b"<a/>",
            Some(json!({"datacontenttype": "application/xml", "data": "<a/>"})),
        ),
        (
            "image/svg+xml",
            b"<svg/>",
            Some(json!({"datacontenttype": "image/svg+xml", "data": "<svg/>"})),
        ),
        (
            "text/plain",
            b"\xff\xfe",
            Some(json!({"datacontenttype": "text/plain", "data_base64": "//4="})),
        ),
        (
            "image/png",
            b"\x89PNG",
            Some(json!({"datacontenttype": "image/png", "data_base64": "iVBORw=="})),
        ),
    ] {
        let response = server.ask(binary("", &format!("Content-Type: {content_type}\r\n"), data));
        match more {
            Some(more) => assert_eq!(got(&response), event(more), "{content_type}"),
            None => assert_eq!(got(&response)["data"]["total"], 12.5),
        }
    }
    // Without a type the data is JSON.
    assert_eq!(got(&server.ask(binary("", "", b"{}"))), event(json!({"data": {}})));
}

#[test]
fn data_in_json_reaches_the_handler_as_it_was_written() {
    let server = Server::start(echo());
    let data = r#"{ "total":12.50,"big":12345678901234567890123,"total":1e2 }"#;
    let payload =
        server.ask(binary("", "Content-Type: application/json\r\n", data.as_bytes())).text();
    assert!(payload.ends_with(&format!(r#","data":{data}}}"#)), "{payload}");
}

#[test]
fn attributes_in_headers_are_unescaped() {
    let server = Server::start(mirror());
    let headers = "ce-subject: Euro%20%E2%82%AC%20%F0%9F%98%80 100%25 %zz\r\nce-Time: 2026-11-24T00:00:00Z\r\nce-traceparent: \"a \\\"b\\\\ %41\"\r\nX-Other: c\r\n";
    assert_eq!(
        got(&server.ask(binary("", headers, b""))),
        event(
            json!({"subject": "Euro € 😀 100% %zz", "time": "2026-11-24T00:00:00Z", "traceparent": "a \"b\\ A"})
        )
    );
    let response = server.ask(binary("", "ce-subject: %ff\r\n", b""));
    assert_eq!(
        (response.error_type(400), response.error_message().contains("ce-subject")),
        ("InvalidPayload".to_owned(), true)
    );
}

#[test]
fn an_event_in_the_structured_mode_is_handed_over_as_it_is() {
    let server = Server::start(mirror());
    let given =
        event(json!({"datacontenttype": "text/xml", "data": "<a/>", "comexampleextension": 5}));
    for content_type in [
        "application/cloudevents+json",
        "application/cloudevents+json; charset=UTF-8",
        "Application/CloudEvents+JSON;charset=utf-8",
    ] {
        assert_eq!(got(&server.ask(structured(content_type, &given))), given);
    }
}

#[test]
fn what_is_no_event_is_refused_with_what_is_missing() {
    let server = Server::start(mirror());
    let refused = |request: Vec<u8>, status: u16| {
        let response = server.ask(request);
        assert_eq!(response.error_type(status), "InvalidPayload");
        response.error_message()
    };
    for (name, _) in ATTRIBUTES {
        let mut without = event(json!({}));
        without.as_object_mut().expect("it is an object").remove(name);
        let empty = [without.clone(), event(json!({(name): ""})), event(json!({(name): 7}))];
        let structured =
            empty.iter().map(|event| structured("application/cloudevents+json", event));
        for request in structured
            .chain([binary(name, "", b"{}"), binary(name, &format!("ce-{name}: \r\n"), b"{}")])
        {
            let message = refused(request, 400);
            assert!(
                message.starts_with(&format!("this is not a CloudEvent: `{name}` is missing. ")),
                "{message}"
            );
        }
    }
    let message = refused(post("/", "", br#"{"name":"x"}"#), 400);
    assert!(message.contains("`specversion`, `id`, `source` and `type` are missing"), "{message}");
    assert!(message.contains("POST /invoke"), "{message}");
    let message = refused(binary("specversion", "ce-specversion: 0.3\r\n", b"{}"), 400);
    assert_eq!(message, "CloudEvents 0.3 is not understood; 1.0 is");
    for data in ["{", "", "[]", "7"] {
        let message = refused(
            post("/", "Content-Type: application/cloudevents+json\r\n", data.as_bytes()),
            400,
        );
        assert!(message.starts_with("the CloudEvent is not a JSON object: "), "{message}");
    }
    let message = refused(binary("", "Content-Type: application/json\r\n", b"{"), 400);
    assert_eq!(message, "the data of the CloudEvent is said to be JSON, and is not");
    let message = refused(binary("", "ce-data: 1\r\n", b"{}"), 400);
    assert!(message.contains("ce-data"), "{message}");
    let batch = post("/", "Content-Type: application/cloudevents-batch+json\r\n", b"[]");
    assert_eq!(refused(batch, 415), "a batch of CloudEvents is not taken: send each one by itself");
    let avro = post("/", "Content-Type: application/cloudevents+avro\r\n", b"x");
    assert_eq!(
        refused(avro, 415),
        "a CloudEvent as application/cloudevents+avro is not taken: send it as JSON"
    );
    assert_eq!(server.stop().count("ERROR"), 0);
}

#[test]
fn an_empty_reply_is_no_content() {
    let server = Server::start(mirror());
    let mut client =
        server.send(structured("application/cloudevents+json", &event(json!({"data": "nothing"}))));
    let response = client.read_response();
    assert_eq!((response.status, &*response.text(), response.header("ce-id")), (204, "", None));
    for nothing in [&br#""nothing""#[..], br#""null""#] {
        client.send(binary("", "", nothing));
        let response = client.read_response();
        assert_eq!((response.status, &*response.text(), response.header("ce-id")), (204, "", None));
    }
}

#[test]
fn a_reply_that_is_no_event_becomes_the_data_of_one() {
    let server = Server::start(mirror());
    let response = server.ask(binary("", "", b"{}"));
    let attributes = |response: &Response, names: &[&str]| -> Vec<String> {
        names.iter().map(|name| response.header(name).expect("it is there").to_owned()).collect()
    };
    assert_eq!(
        attributes(&response, &["content-type", "ce-specversion", "ce-source", "ce-type"]),
        ["application/json", "1.0", "/functions/probe", "com.example.order.reply"]
    );
    assert_eq!(response.header("ce-id").expect("it is there").len(), 36);
    assert_ne!(response.header("ce-id"), server.ask(binary("", "", b"{}")).header("ce-id"));
    // The type of the content is no attribute, and is not escaped; the attributes are.
    let response =
        server.ask(binary("type", "ce-type: caf%C3%A9 %22a%22 100%25\r\n", br#""text""#));
    assert_eq!(response.text(), "as text");
    assert_eq!(
        attributes(&response, &["content-type", "ce-type"]),
        ["text/plain; charset=\"utf-8\"", "caf%C3%A9%20%22a%22%20100%25.reply"]
    );
}

#[test]
fn a_reply_that_is_an_event_is_one_in_the_structured_mode() {
    let server = Server::start(mirror());
    let response = server.ask(binary("", "", br#""itself""#));
    assert_eq!(
        (response.status, response.header("content-type")),
        (200, Some("application/cloudevents+json"))
    );
    assert_eq!(response.json(), event(json!({"data": "itself"})));
    assert_eq!(response.header("ce-id"), None);
}

#[test]
fn an_event_that_does_not_fit_is_not_worth_sending_again_and_any_other_failure_is() {
    let server = Server::start(mirror());
    assert_eq!(server.ask(binary("", "", br#""a number""#)).error_type(400), "InvalidPayload");
    assert_eq!(server.ask(binary("", "", br#""fail""#)).error_type(500), "OrderNotFound");
    assert_eq!(
        server.ask(binary("", "", br#""large""#)).error_type(500),
        "FunctionResponseTooLarge"
    );
    let ended = server.stop();
    assert_eq!((ended.code, ended.count("ERROR")), (0, 3), "{ended:#?}");
}

#[test]
fn an_event_whose_type_fits_no_header_is_refused_and_a_function_name_that_fits_none_is_left_out() {
    let server = Server::start(mirror().with("RUNTIME_FUNC_NAME", "").with("FG_PORT", "0"));
    for length in [1_200, 3_000_000] {
        let event = event(json!({"type": "t".repeat(length), "data": "text"}));
        let response = server.ask(structured("application/cloudevents+json", &event));
        assert_eq!(response.error_type(400), "InvalidPayload");
        assert_eq!(
            response.error_message(),
            format!("the type of the CloudEvent has {length} bytes; 1024 are taken")
        );
    }
    let headers =
        format!("Content-Type: text/plain\r\nX-CFF-Func-Name: {}\r\n", "n".repeat(20_000));
    let response = server.ask(binary("", &headers, b"text"));
    assert_eq!((response.status, response.header("ce-source")), (200, Some("/functions/fg")));
}
