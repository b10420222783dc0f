//! A program built with `panic = "abort"`: a panic aborts the process, and the caller still gets
//! the error.

use fg_emulator::Event;

use crate::function::{LIMIT, act, api, assert_serves, failure, type_and_message};

#[test]
fn a_panic_is_answered_before_the_process_aborts() {
    let api = api();
    let function = act().built_as("abort").start(&api);
    assert_serves(&api);
    let answer = api
        .invoke(Event::new(r#"{"panic":"plain"}"#).request_id("the-last-one"))
        .wait(LIMIT)
        .expect("there is an answer");
    let failure = failure(&answer);
    let (error_type, message) = type_and_message(&failure);
    assert_eq!(error_type, "panic");
    let place = "article 17 is out of stock (at fg-runtime/examples/probe/act.rs:";
    assert!(message.starts_with(place), "{message}");
    let innermost = failure["stackTrace"][0].as_str().expect("a panic has frames");
    assert!(innermost.contains("out_of_stock") && innermost.contains("act.rs:"), "{failure:#}");
    let ended = function.wait();
    let sigabrt = 6;
    assert_eq!((ended.code, api.posts().len()), (-sigabrt, 2), "{ended:#?}");
    assert_eq!(
        ended.count(
            "fg: ending the process: request the-last-one: panic: article 17 is out of stock"
        ),
        1,
        "{ended:#?}"
    );
}
