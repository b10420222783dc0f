//! Answers and log lines are bounded, whatever a caller sends.

use fg_core::limits;
use fg_emulator::{AnswerKind, Event, Fault, Misbehaviour};
use serde_json::json;

use crate::function::{
    accepted, act, api, ask, ask_event, assert_serves, failure, type_and_message,
};

/// Events whose errors contain a part of what was sent.
fn events(long: &str) -> Vec<String> {
    let events = [
        json!(long),
        json!({ long: 1 }),
        json!({"fail_with": long}),
        json!({"panic_with": long}),
        json!({"order": {"items": [{"price": long}]}}),
    ];
    events.iter().map(ToString::to_string).collect()
}

#[test]
fn the_size_of_an_error_response_is_bounded() {
    let api = api();
    let function = act().start(&api);
    for part in ["k", "\u{ad}", "\"", "\u{1}", "line\n"] {
        for event in events(&part.repeat(600_000 / part.len())) {
            let answer = ask(&api, event);
            let failure = failure(&answer);
            assert!(answer.body.len() <= limits::ERROR, "{} bytes", answer.body.len());
            assert!(type_and_message(&failure).1.contains(" bytes cut)"), "{failure}");
        }
    }
    assert_serves(&api);
    let ended = function.stop();
    let written: usize = ended.stdout.iter().chain(&ended.stderr).map(|line| line.len() + 1).sum();
    assert!(written < 25 * limits::ERROR * 4, "{written} bytes of log");
}

#[test]
fn a_payload_that_cannot_be_decoded_is_not_logged() {
    let api = api();
    let function = act().start(&api);
    for event in
        [json!("s3cr3t"), json!({"s3cr3t": 1}), json!({"order": {"items": [{"price": "s3cr3t"}]}})]
    {
        assert!(ask(&api, event.to_string()).text().contains("s3cr3t"), "the caller gets it");
    }
    let ended = function.stop();
    assert_eq!(
        (ended.count("s3cr3t"), ended.count(" ERROR InvalidPayload: ")),
        (0, 3),
        "{ended:#?}"
    );
}

#[test]
fn an_error_response_that_the_platform_refuses_as_too_large_becomes_a_short_one() {
    let api = api();
    let function = act().start(&api);
    let refusal =
        || Fault::OnPost(Misbehaviour::Status { code: 413, headers: vec![], body: vec![] });
    // One for the response, which becomes an error response, and one for that.
    for (event, refusals, size) in [(r#""fail""#, 1, 91), (r#"{"echo":"hello"}"#, 2, 115)] {
        (0..refusals).for_each(|_| api.script(refusal()));
        let answer = ask_event(&api, Event::new(event).request_id(format!("r-{refusals}")));
        let expected = format!("the platform refused the error of {size} bytes as too large");
        let failure = failure(&answer);
        assert_eq!(
            (answer.kind, type_and_message(&failure)),
            (AnswerKind::Error, ("FunctionResponseTooLarge", expected.as_str()))
        );
        assert_eq!(accepted(&api, &format!("r-{refusals}")).len(), 1);
    }
    assert_serves(&api);
    assert_eq!(function.stop().stderr.len(), 0);
}
