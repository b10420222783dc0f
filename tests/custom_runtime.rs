//! The example programs as the platform runs them: as a process that takes events from the Runtime
//! API.

mod program;

use std::time::Duration;

use fg_emulator::{AnswerKind, Event, RuntimeApi};
use program::on_platform;

const LONG: Duration = Duration::from_secs(20);

#[test]
fn a_function_serves_one_event_after_another_on_one_connection() {
    let api = RuntimeApi::start().expect("loopback has a free port");
    let mut function = on_platform("greet", &api, &[]);
    for name in ["Ada", "Grace", "Barbara"] {
        let answer = api
            .invoke(Event::new(format!("{{\"name\":\"{name}\"}}")))
            .wait(LONG)
            .expect("it is answered");
        assert_eq!(
            (answer.kind, answer.text()),
            (AnswerKind::Response, format!("{{\"message\":\"Hello, {name}!\"}}").into())
        );
    }
    let refused =
        api.invoke(Event::new("{}").request_id("r-4")).wait(LONG).expect("it is answered");
    assert_eq!(refused.kind, AnswerKind::Error);
    assert_eq!(api.connections(), 1);
    function.kill().expect("it runs");
    let output = function.wait_with_output().expect("it ends");
    let log = program::stdout(&output);
    assert!(
        log.contains(
            " r-4 ERROR InvalidPayload: the payload does not fit `Greeting`: missing field `name`"
        ),
        "{log}"
    );
}

#[test]
fn the_handler_is_chosen_by_the_functions_settings() {
    let api = RuntimeApi::start().expect("loopback has a free port");
    let mut function = on_platform("two_handlers", &api, &[("RUNTIME_HANDLER", "farewell")]);
    let answer = api.invoke(Event::new("\"Ada\"")).wait(LONG).expect("it is answered");
    assert_eq!(answer.text(), "\"Good-bye, Ada!\"");
    function.kill().expect("it runs");
    function.wait().expect("it ends");
}

#[test]
fn a_handler_that_is_not_there_is_told_to_one_caller_and_ends_the_process() {
    let api = RuntimeApi::start().expect("loopback has a free port");
    let function = on_platform("two_handlers", &api, &[("RUNTIME_HANDLER", "great")]);
    let answer = api.invoke(Event::new("\"Ada\"")).wait(LONG).expect("it is answered");
    assert_eq!(answer.kind, AnswerKind::Error);
    assert!(answer.text().contains("the handlers are `greet`, `farewell`"), "{}", answer.text());
    let output = function.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        program::stderr(&output).contains("RUNTIME_HANDLER is `great`"),
        "{}",
        program::stderr(&output)
    );
}

#[cfg(unix)]
#[test]
fn a_function_that_is_told_to_end_says_good_bye_and_exits_with_0() {
    let api = RuntimeApi::start().expect("loopback has a free port");
    let function = on_platform("state", &api, &[("RUNTIME_USERDATA", r#"{"GREETING":"Welcome"}"#)]);
    for number in 1..=2 {
        let answer =
            api.invoke(Event::new(r#"{"item":"tea"}"#)).wait(LONG).expect("it is answered");
        assert_eq!(
            answer.text(),
            format!("{{\"text\":\"Welcome! One tea.\",\"number\":{number}}}")
        );
    }
    let killed = std::process::Command::new("kill")
        .args(["-TERM", &function.id().to_string()])
        .status()
        .expect("kill is there");
    assert!(killed.success());
    let output = function.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(
        program::stderr(&output).contains("closed after 2 orders"),
        "{}",
        program::stderr(&output)
    );
}

#[test]
fn missing_variables_are_one_warning_each_and_no_reason_to_fail() {
    let api = RuntimeApi::start().expect("loopback has a free port");
    let mut function = on_platform(
        "greet",
        &api,
        &[("RUNTIME_TIMEOUT", "0"), ("RUNTIME_MEMORY", "null"), ("RUNTIME_USERDATA", "null")],
    );
    api.invoke(Event::new(r#"{"name":"Ada"}"#)).wait(LONG).expect("it is answered");
    function.kill().expect("it runs");
    let log = program::stdout(&function.wait_with_output().expect("it ends"));
    let warnings: Vec<&str> =
        log.lines().filter_map(|line| line.split_once(" - WARN ").map(|(_, text)| text)).collect();
    assert_eq!(
        warnings,
        [
            "RUNTIME_TIMEOUT is `0`, which is not a number above 0; using 3 s",
            "RUNTIME_MEMORY is not set; using 128 MB"
        ]
    );
}
