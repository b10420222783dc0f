//! What is written where: the log on standard output, the runtime's own last resort on standard error.

use fg_emulator::{Event, Fault, Misbehaviour, RuntimeApi};
use serde_json::Value;

use crate::function::{LIMIT, Setup, Stream, act, api, assert_serves};

/// The lines with this text that one event leaves behind.
fn lines_of(setup: Setup, text: &str) -> Vec<String> {
    let api = api();
    let function = setup.start(&api);
    let event = Event::new(format!(r#"{{"log":"{text}"}}"#)).request_id("r-1");
    api.invoke(event).wait(LIMIT).expect("there is an answer");
    let ended = function.stop();
    assert_eq!(ended.stderr.len(), 0, "{ended:#?}");
    ended.stdout.into_iter().filter(|line| line.contains(text)).collect()
}

#[test]
fn a_line_has_the_platforms_form() {
    let lines = lines_of(act(), "hello");
    let [info, _, _] = &lines[..] else { panic!("{lines:#?}") };
    let (time, rest) = info.split_once(' ').expect("there is a time");
    let digits = time.replace(|character: char| character.is_ascii_digit(), "0");
    assert_eq!((digits.as_str(), rest), ("0000-00-00T00:00:00.000Z", "r-1 INFO hello"));
}

#[test]
fn the_level_is_the_lowest_that_is_written() {
    let levels = |level: &str| -> Vec<String> {
        let lines = lines_of(act().with("RUNTIME_LOG_LEVEL", level), "hello");
        lines.iter().map(|line| line.split(' ').nth(2).expect("there is a level").to_owned()).collect()
    };
    assert_eq!(levels("DEBUG"), ["DEBUG", "INFO", "WARN", "ERROR"]);
    assert_eq!(levels(""), ["INFO", "WARN", "ERROR"]);
    assert_eq!(levels("warn"), ["WARN", "ERROR"]);
    assert_eq!(levels("ERROR"), ["ERROR"]);
}

#[test]
fn a_line_is_json_where_this_is_set() {
    let lines = lines_of(act().with("PROBE_JSON", "1"), "hello");
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let line: Value = serde_json::from_str(&lines[0]).expect("it is JSON");
    let keys: Vec<_> = line.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["level", "message", "requestId", "time"]);
    assert_eq!((&line["level"], &line["message"], &line["requestId"]), (&"INFO".into(), &"hello".into(), &"r-1".into()));
}

#[test]
fn a_line_is_written_before_the_answer_is_sent() {
    let api = api();
    let function = act().start(&api);
    // The answer is never accepted, and so the line cannot have been written after it.
    for _ in 0..100 {
        api.script(Fault::OnPost(Misbehaviour::CloseBeforeReading));
    }
    api.invoke(Event::new(r#"{"log":"hello"}"#));
    function.wait_for_line("hello");
    assert_eq!(api.posts().len(), 0);
}

fn assert_does_without(setup: Setup, api: &RuntimeApi) {
    let function = setup.start(api);
    assert_serves(api);
    let failing = api.invoke(Event::new(r#""fail""#));
    failing.wait(LIMIT).expect("there is an answer");
    api.script(Fault::OnPost(Misbehaviour::Status { code: 404, headers: vec![], body: vec![] }));
    api.invoke(Event::new(r#"{"log":"hello"}"#));
    assert_serves(api);
    assert_eq!((api.connections(), function.stop().code), (1, 0));
}

#[test]
fn a_function_does_without_a_standard_output() {
    assert_does_without(act().close(Stream::Stdout), &api());
}

#[test]
fn a_function_does_without_a_standard_error() {
    assert_does_without(act().close(Stream::Stderr), &api());
}
