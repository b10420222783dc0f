//! Asynchronous invocations, their retries, and their notifications.

use std::sync::mpsc::channel;

use fg_emulator::{AsyncPolicy, Event, PlatformErrorKind};
use serde_json::{Value, json};

use crate::scripted::{LIMIT, event, function, start};

#[test]
fn an_accepted_event_is_handled_later_and_its_success_is_told() {
    let (notes, told) = channel();
    let emulator = start(function().on_success(move |note| drop(notes.send(note.to_json()))));
    let invocation =
        emulator.invoke_async(event(r#"{"text":"hello world!"}"#)).expect("it is accepted");
    assert_eq!(invocation.request_id(), "r-1");
    assert_eq!(
        invocation.wait(LIMIT).expect("it ends").response().as_deref(),
        Some("hello world!")
    );
    let mut note: Value =
        serde_json::from_str(&told.try_recv().expect("it was told before")).expect("JSON");
    assert_eq!(
        note["timestamp"].take().as_str().map(str::len),
        Some("2020-08-20T12:00:00.000Z".len())
    );
    let expected = json!({
        "timestamp": null,
        "request_context": {"request_id": "r-1", "function_urn": emulator.urn(), "condition": "", "approximate_invoke_count": 0},
        "request_payload": r#"{"text":"hello world!"}"#,
        "response_context": {"status_code": 200, "function_error": ""},
        "response_payload": "hello world!",
    });
    assert_eq!(note, expected);
}

#[test]
fn a_failure_is_repeated_as_often_as_the_policy_says_and_then_told() {
    let (notes, told) = channel();
    let (lines, written) = channel();
    let emulator = start(
        function()
            .async_policy(AsyncPolicy::default().retries(2))
            .on_failure(move |note| drop(notes.send(note.to_json())))
            .on_line(move |line| drop(lines.send(line.to_owned()))),
    );
    let invocation = emulator
        .invoke_async(event(r#"{"say":"tried","do":"fail","text":"no"}"#))
        .expect("it is accepted");
    assert!(invocation.wait(LIMIT).expect("it ends").function_error().is_some());
    assert_eq!(written.try_iter().collect::<Vec<_>>(), ["tried"; 3]);
    let note: Value =
        serde_json::from_str(&told.try_recv().expect("it was told before")).expect("JSON");
    assert_eq!(note["request_context"]["condition"], "UnhandledInvocationError");
    assert_eq!(note["request_context"]["approximate_invoke_count"], 2);
    assert_eq!(note["response_context"], json!({"status_code": 500, "function_error": "Scripted"}));
    assert!(told.try_recv().is_err());
}

#[test]
fn a_failure_is_not_repeated_by_default() {
    let emulator = start(function());
    let invocation = emulator.invoke_async(event(r#"{"do":"exit"}"#)).expect("it is accepted");
    assert!(invocation.wait(LIMIT).expect("it ends").platform_error().is_some());
    assert_eq!(emulator.instances().started, 1);
}

#[test]
fn what_waits_when_the_emulator_stops_is_told_so() {
    let emulator = start(function().instances(1));
    let running = emulator.invoke_async(event(r#"{"do":"hang"}"#)).expect("it is accepted");
    assert!(emulator.wait_until(LIMIT, |instances| instances.busy == 1));
    let waiting = emulator.invoke_async(event("{}")).expect("it is accepted");
    emulator.stop();
    assert!(running.wait(LIMIT).expect("it ends").platform_error().is_some());
    let kind = waiting
        .wait(LIMIT)
        .expect("it ends")
        .platform_error()
        .map(fg_emulator::PlatformError::kind);
    assert_eq!(kind, Some(PlatformErrorKind::Stopped));
    assert_eq!(
        emulator.invoke_async(event("{}")).expect_err("it has stopped").kind(),
        PlatformErrorKind::Stopped
    );
}

#[test]
fn an_event_that_is_handled_can_be_cancelled_and_the_next_one_gets_a_new_process() {
    let (lines, written) = channel();
    let emulator = start(function().on_line(move |line| drop(lines.send(line.to_owned()))));
    let invocation =
        emulator.invoke_async(event(r#"{"say":"begun","do":"hang"}"#)).expect("it is accepted");
    assert!(!emulator.cancel("r-2"), "this event is not there");
    assert_eq!(written.recv_timeout(LIMIT).as_deref(), Ok("begun"));
    assert!(emulator.cancel(invocation.request_id()));
    let execution = invocation.wait(LIMIT).expect("it ends");
    let error = execution.platform_error().expect("there is no response");
    assert_eq!(error.kind(), PlatformErrorKind::ExitedInRequest);
    assert_eq!(emulator.invoke(event(r#"{"text":"next"}"#)).response().as_deref(), Some("next"));
}

#[test]
fn asynchronous_events_are_refused_when_too_many_wait() {
    let emulator = start(function().instances(1));
    let mut refused = None;
    for _ in 0..1100 {
        if let Err(error) = emulator.invoke_async(Event::new(r#"{"do":"hang"}"#)) {
            refused = Some(error);
            break;
        }
    }
    let error = refused.expect("the queue has an end");
    assert_eq!((error.code(), error.http_status()), ("FSS.0429", 429));
    assert_eq!(error.to_string(), "1000 asynchronous events are waiting already");
}
