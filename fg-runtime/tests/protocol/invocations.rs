//! Each invocation gets exactly one answer, whatever the handler does, and the same process serves
//! the next one on the same connection.

use fg_emulator::{AnswerKind, Event};
use serde_json::Value;

use crate::function::{accepted, act, api, ask_event, assert_serves, failure, type_and_message};

/// Sends an event that fails, and returns the error response after the assertions that hold for
/// every failure.
fn failure_of(event: &[u8]) -> Value {
    let api = api();
    let function = act().with("RUNTIME_MAX_RESP_BODY_SIZE", "1000").start(&api);
    assert_serves(&api);
    let answer = ask_event(&api, Event::new(event).request_id("the-failing-one"));
    assert_serves(&api);
    assert_eq!(answer.content_type(), Some("application/json"));
    assert_eq!(
        (accepted(&api, "the-failing-one").len(), api.posts().len()),
        (1, 3),
        "one POST for each invocation"
    );
    assert_eq!(api.connections(), 1);
    let ended = function.stop();
    assert_eq!(ended.code, 0, "{ended:#?}");
    let failure = failure(&answer);
    let (error_type, message) = type_and_message(&failure);
    let first_line = message.lines().next().expect("there is a message");
    // A value that cannot be decoded is sent to the caller, but not logged.
    let line =
        format!(" the-failing-one ERROR {error_type}: {}", first_line.replace(" \"two\"", ""));
    assert_eq!(
        ended.count(&line),
        1,
        "the failure is logged once with its request id: {line:?} in {ended:#?}"
    );
    failure
}

fn assert_failure(event: &str, error_type: &str, message: &str) {
    assert_eq!(type_and_message(&failure_of(event.as_bytes())), (error_type, message));
}

/// Asserts a panic with its location, and returns the functions of its frames.
fn assert_panic(event: &str, message: &str, file: &str) -> Vec<String> {
    let failure = failure_of(event.as_bytes());
    let (error_type, actual) = type_and_message(&failure);
    assert_eq!(error_type, "panic");
    let location = actual
        .strip_prefix(message)
        .unwrap_or_else(|| panic!("{actual:?} does not begin with {message:?}"));
    let location = location
        .strip_prefix(" (at ")
        .and_then(|location| location.strip_suffix(')'))
        .expect("a panic has a location");
    let (path, line_and_column) =
        location.split_once(".rs:").expect("a location has a file and a line");
    assert!(path.ends_with(file), "{location} is not in {file}");
    assert!(line_and_column.split(':').all(|number| number.parse::<u32>().is_ok()), "{location}");
    let frames = failure["stackTrace"].as_array().expect("a panic has frames");
    frames.iter().map(|frame| frame.as_str().expect("a frame is a string").to_owned()).collect()
}

#[test]
fn an_error_is_answered_with_its_type_and_its_cause() {
    let failure = failure_of(br#""fail""#);
    assert_eq!(type_and_message(&failure), ("OrderNotFound", "there is no order 17"));
    assert_eq!(failure["cause"], serde_json::json!(["no such row"]));
    assert_eq!(
        failure.as_object().expect("an object").len(),
        3,
        "there is nothing else: {failure}"
    );
}

#[test]
fn a_panic_is_answered_with_its_message_its_location_and_the_users_frames() {
    let frames =
        assert_panic(r#"{"panic":"plain"}"#, "article 17 is out of stock", "examples/probe/act");
    assert!(
        frames[0].contains("out_of_stock") && frames[0].contains("examples/probe/act.rs:"),
        "{frames:#?}"
    );
    assert!(frames.iter().any(|frame| frame.contains("probe::act::panic")), "{frames:#?}");
    assert!(
        !frames.iter().any(|frame| frame.contains("panicking") || frame.contains("fg_runtime")),
        "{frames:#?}"
    );
}

#[test]
fn a_panic_when_the_event_is_dropped_is_answered() {
    assert_panic(r#"{"panic":"in_drop"}"#, "the bomb went off", "examples/probe/event");
}

#[test]
fn a_panic_while_the_event_is_deserialized_is_answered() {
    assert_panic(r#"{"panic_in_deserialize":null}"#, "cannot read this", "examples/probe/event");
}

#[test]
fn a_panic_while_the_response_is_serialized_is_answered() {
    assert_panic(r#""panic_in_serialize""#, "cannot write this", "examples/probe/event");
}

#[test]
fn a_panic_with_a_value_that_is_not_a_string_is_answered() {
    let message = "the handler panicked with a value that is not a string";
    assert_panic(r#"{"panic":"with_number"}"#, message, "examples/probe/act");
    assert_panic(r#"{"panic":"with_bomb"}"#, message, "examples/probe/act");
}

#[test]
fn a_panic_that_the_handler_resumes_from_a_task_is_answered() {
    assert_failure(r#"{"panic":"resumed"}"#, "panic", "in a task");
}

#[test]
fn a_panic_that_the_handler_has_caught_is_not_mistaken_for_a_later_one() {
    let api = api();
    let _function = act().start(&api);
    assert_eq!(ask_event(&api, Event::new(r#"{"panic":"caught"}"#)).text(), r#""survived""#);
    let later = failure(&ask_event(&api, Event::new(r#"{"panic":"resumed"}"#)));
    assert_eq!(type_and_message(&later), ("panic", "in a task"));
}

#[test]
fn a_panic_during_a_panic_is_answered_before_the_process_aborts() {
    let api = api();
    let function = act().start(&api);
    let answer = ask_event(&api, Event::new(r#"{"panic":"in_drop_while_unwinding"}"#));
    let failure = failure(&answer);
    let (error_type, message) = type_and_message(&failure);
    assert_eq!(error_type, "panic");
    assert!(
        message.contains("the bomb went off (at ") && message.contains("event.rs:"),
        "{message}"
    );
    let ended = function.wait();
    assert_eq!((ended.code, api.posts().len()), (-6, 1), "{ended:#?}");
}

#[test]
fn a_response_that_json_cannot_represent_is_answered_with_an_error() {
    assert_failure(
        r#""unserialisable""#,
        "InvalidResponse",
        "the response cannot be serialized as JSON: key must be a string",
    );
}

#[test]
fn a_response_above_the_limit_is_not_sent() {
    let message =
        "the response has 1001 bytes, and the platform takes 1000 (RUNTIME_MAX_RESP_BODY_SIZE)";
    assert_failure(r#"{"large":999}"#, "FunctionResponseTooLarge", message);
}

#[test]
fn a_response_at_the_limit_is_sent() {
    let api = api();
    let _function = act().with("RUNTIME_MAX_RESP_BODY_SIZE", "1000").start(&api);
    let answer = ask_event(&api, Event::new(r#"{"large":998}"#));
    assert_eq!((answer.kind, answer.body.len()), (AnswerKind::Response, 1000));
}

#[test]
fn a_payload_that_is_not_json_is_answered_with_line_and_column() {
    assert_failure(
        "{\n hello}",
        "InvalidPayload",
        "the payload is not valid JSON: key must be a string at line 2 column 2",
    );
}

#[test]
fn a_payload_that_is_not_utf_8_is_answered() {
    let failure = failure_of(b"{\"echo\":\"\xff\xfe\"}");
    assert_eq!(failure["errorType"], "InvalidPayload");
    let message = failure["errorMessage"].as_str().expect("a string");
    assert!(message.contains("invalid unicode code point at line 1 column"), "{message}");
}

#[test]
fn a_payload_of_the_wrong_shape_is_answered_with_path_line_and_column() {
    let failure = failure_of(br#"{"order":{"items":[{"price":1},{"price":"two"}]}}"#);
    let expected = "the payload does not fit `Event`: `order.items[1].price`: invalid type: string \"two\", expected u32 at line 1 column 45";
    assert_eq!(type_and_message(&failure), ("InvalidPayload", expected));
}

#[test]
fn an_empty_payload_that_cannot_be_decoded_is_answered() {
    let failure = failure_of(b"");
    let (error_type, message) = type_and_message(&failure);
    assert_eq!(error_type, "InvalidPayload");
    assert!(
        message.starts_with("the payload is empty and was read as `null`, which is not `Event`: "),
        "{message}"
    );
}
