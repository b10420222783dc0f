//! Each example does what its first lines say.

mod program;

use program::{one_shot, stderr, stdout};

#[test]
fn greet_prints_the_reply_alone_and_everything_else_to_standard_error() {
    let output = one_shot("greet", br#"{"name":"Ada"}"#, &[]);
    assert_eq!(stdout(&output), "{\"message\":\"Hello, Ada!\"}\n");
    assert_eq!(output.status.code(), Some(0));
    let log = stderr(&output);
    let request_id = log
        .lines()
        .find_map(|line| line.strip_prefix("request id:"))
        .expect("the summary names it")
        .trim();
    assert!(
        log.lines().any(|line| line.contains(&format!("{request_id} INFO {request_id} has "))),
        "{log}"
    );
    for line in ["configured memory: 128 MB", "duration: ", "memory used: ", "billed duration: "] {
        assert!(log.contains(line), "{log}");
    }
    assert!(!log.contains("WARN"), "{log}");
}

#[test]
fn a_wrong_event_is_the_json_of_the_failure_and_exit_code_1() {
    let output = one_shot("greet", br#"{"nmae":"Ada"}"#, &[]);
    let failure: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(failure["errorType"], "InvalidPayload");
    assert_eq!(
        failure["errorMessage"],
        "the payload does not fit `Greeting`: missing field `name` at line 1 column 14"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_platforms_variables_can_be_set_by_hand() {
    let variables =
        [("RUNTIME_MEMORY", "512"), ("RUNTIME_TIMEOUT", "sixty"), ("RUNTIME_LOG_LEVEL", "WARN")];
    let log = stderr(&one_shot("greet", br#"{"name":"Ada"}"#, &variables));
    assert!(log.contains("configured memory: 512 MB"), "{log}");
    assert!(
        log.contains(
            " - WARN RUNTIME_TIMEOUT is `sixty`, which is not a number above 0; using 3 s"
        ),
        "{log}"
    );
    assert!(!log.contains("INFO"), "{log}");
}

#[test]
fn a_borrowed_event_copies_only_texts_with_escapes() {
    let plain = one_shot("borrowed_event", br#"{"customer":"Ada","note":"a small one"}"#, &[]);
    assert_eq!(stdout(&plain), "{\"customer\":\"Ada\",\"note_was_copied\":false}\n");
    let escaped =
        one_shot("borrowed_event", br#"{"customer":"Ada","note":"a \"small\" one"}"#, &[]);
    assert_eq!(stdout(&escaped), "{\"customer\":\"Ada\",\"note_was_copied\":true}\n");
}

#[test]
fn raw_bytes_come_out_as_they_are() {
    let output = one_shot("raw_bytes", b"name,\xff\x00price", &[]);
    assert_eq!(output.stdout, b"NAME,\xff\x00PRICE");
}

#[test]
fn state_is_made_before_and_let_go_after() {
    let output = one_shot("state", br#"{"item":"tea"}"#, &[("GREETING", "Welcome")]);
    assert_eq!(stdout(&output), "{\"text\":\"Welcome! One tea.\",\"number\":1}\n");
    let log = stderr(&output);
    assert!(log.contains(" - INFO open"), "{log}");
    assert!(log.contains("closed after 1 orders"), "{log}");
}

#[test]
fn an_init_that_fails_is_told_with_its_reason() {
    let output = one_shot("state", br#"{"item":"tea"}"#, &[]);
    let failure: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(failure["errorType"], "InitError");
    assert_eq!(
        failure["errorMessage"],
        "the function could not be initialised: the variable GREETING is not set"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_blocking_handler_computes() {
    assert_eq!(stdout(&one_shot("blocking", b"27", &[])), "111\n");
}

#[test]
fn the_handler_variable_chooses_between_two() {
    let run = |handler| one_shot("two_handlers", br#""Ada""#, &[("RUNTIME_HANDLER", handler)]);
    assert_eq!(stdout(&run("greet")), "\"Hello, Ada!\"\n");
    assert_eq!(stdout(&run("bootstrap.farewell")), "\"Good-bye, Ada!\"\n");
    let unknown = run("great");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        stderr(&unknown).contains("the handlers are `greet`, `farewell`"),
        "{}",
        stderr(&unknown)
    );
}

#[test]
fn an_error_of_the_users_own_has_its_code() {
    let run = |event: &str| {
        let output = one_shot("own_error", event.as_bytes(), &[]);
        (output.status.code(), stdout(&output))
    };
    let not_found = "{\"errorMessage\":\"there is no coffee\",\"errorType\":\"Order.NotFound\"}\n";
    assert_eq!(run(r#"{"item":"coffee","pieces":2}"#), (Some(1), not_found.to_owned()));
    let out_of_stock = "{\"errorMessage\":\"only 5 left\",\"errorType\":\"Order.OutOfStock\"}\n";
    assert_eq!(run(r#"{"item":"tea","pieces":6}"#), (Some(1), out_of_stock.to_owned()));
    assert_eq!(run(r#"{"item":"tea","pieces":5}"#), (Some(0), String::new()));
}

#[test]
fn an_anyhow_error_keeps_its_chain() {
    let output = one_shot("anyhow_error", br#"{"port":"http"}"#, &[]);
    let expected = "{\"errorMessage\":\"`http` is not a port\",\"errorType\":\"FunctionReturnError\",\"cause\":[\"invalid digit found in string\"]}\n";
    assert_eq!(stdout(&output), expected);
}

#[test]
fn work_after_the_response_is_done_before_the_process_ends() {
    let output = one_shot("after_response", br#""Ada""#, &[]);
    assert_eq!(stdout(&output), "\"Hello, Ada!\"\n");
    assert!(stderr(&output).contains(" INFO Ada has been greeted"), "{}", stderr(&output));
}
