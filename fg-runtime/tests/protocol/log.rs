//! The log on standard output, and the runtime's own messages on standard error.

use fg_emulator::{Event, Fault, Misbehaviour, RuntimeApi};
use serde_json::{Value, json};

use crate::function::{LIMIT, Setup, Stream, act, api, assert_serves};

/// The lines that contain this string after one event.
fn lines_of(setup: Setup, text: &str) -> Vec<String> {
    let event = Event::new(format!(r#"{{"log":"{text}"}}"#)).request_id("r-1");
    lines_of_event(setup, event).into_iter().filter(|line| line.contains(text)).collect()
}

fn lines_of_event(setup: Setup, event: Event) -> Vec<String> {
    let api = api();
    let function = setup.start(&api);
    api.invoke(event).wait(LIMIT).expect("there is an answer");
    let ended = function.stop();
    assert_eq!(ended.stderr.len(), 0, "{ended:#?}");
    ended.stdout.into_iter().filter(|line| !line.contains("pre_stop")).collect()
}

#[test]
fn a_line_has_the_platforms_format() {
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
        lines
            .iter()
            .map(|line| line.split(' ').nth(2).expect("there is a level").to_owned())
            .collect()
    };
    assert_eq!(levels("DEBUG"), ["DEBUG", "INFO", "WARN", "ERROR"]);
    assert_eq!(levels(""), ["INFO", "WARN", "ERROR"]);
    assert_eq!(levels("warn"), ["WARN", "ERROR"]);
    assert_eq!(levels("ERROR"), ["ERROR"]);
}

#[test]
fn a_line_is_json_if_this_is_set() {
    let lines = lines_of(act().with("PROBE_JSON", "1"), "hello");
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let line: Value = serde_json::from_str(&lines[0]).expect("it is JSON");
    let keys: Vec<_> = line.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["level", "message", "requestId", "time"]);
    assert_eq!(
        (&line["level"], &line["message"], &line["requestId"]),
        (&"INFO".into(), &"hello".into(), &"r-1".into())
    );
}

/// The lines of this event without their times.
fn lines_without_times(setup: Setup, event: Event) -> Vec<String> {
    let api = api();
    let function = setup.start(&api);
    api.invoke(event).wait(LIMIT).expect("there is an answer");
    let stdout = function.stop().stdout.into_iter().filter(|line| !line.contains("pre_stop"));
    stdout.map(|line| line.split_once(' ').unwrap_or_default().1.to_owned()).collect()
}

#[test]
fn a_caller_can_forge_neither_a_record_nor_a_control_character() {
    let event = json!({"log": "a\r\n2026-01-01T00:00:00.000Z r-2 ERROR forged\x1b[31m\u{9b}\u{2028}\u{202e}"});
    let lines = lines_without_times(
        act().with("RUNTIME_LOG_LEVEL", "ERROR"),
        Event::new(event.to_string()).request_id("r-1"),
    );
    let forged = r"r-1 | 2026-01-01T00:00:00.000Z r-2 ERROR forged\u{1b}[31m\u{9b}\u{2028}\u{202e}";
    assert_eq!(lines, ["r-1 ERROR a", forged]);
    for event in [json!({"fail_with": "a\nb\x1b[2J"}), json!({"panic_with": "a\nb\x1b[2J"})] {
        let lines = lines_without_times(act(), Event::new(event.to_string()).request_id("r-1"));
        assert!(lines[0].starts_with("r-1 ERROR ") && lines[0].ends_with(": a"), "{lines:#?}");
        assert!(lines[1..].iter().all(|line| line.starts_with("r-1 | b\\u{1b}[2J")), "{lines:#?}");
    }
}

#[test]
fn a_request_id_is_always_one_word_of_a_line() {
    let api = api();
    let function = act().start(&api);
    api.invoke(Event::new(r#"{"log":"hello"}"#).request_id("r INFO \u{9b}2J\u{a0}x"));
    let line = function.wait_for_line("hello");
    assert!(line.ends_with(r"Z r\u{20}INFO\u{20}\u{9b}2J\u{a0}x INFO hello"), "{line}");
}

#[cfg(all(feature = "log", feature = "tracing"))]
#[test]
fn directives_filter_each_target_for_every_logging_crate() {
    let lines = |directives| {
        lines_without_times(
            act().with("FG_LOG", directives),
            Event::new(r#"{"log_everywhere":"hello"}"#).request_id("r-1"),
        )
    };
    let (own, target) = ("r-1 INFO hello", "r-1 INFO probe::act: hello");
    assert_eq!(lines("warn,probe=info"), [target, target]);
    assert_eq!(lines("off,fg=debug"), [own]);
    assert_eq!(lines("info,probe::act=error"), [own]);
    assert_eq!(lines("probe=info"), [own, target, target]);
    let lines = lines_without_times(act().with("FG_LOG", "loud=er,off"), Event::new("\"count\""));
    assert_eq!(lines, [""; 0], "the warning is off as well");
    let lines = lines_without_times(act().with("FG_LOG", "loud=er"), Event::new("\"count\""));
    assert!(lines[0].starts_with("- WARN FG_LOG: `loud=er` is no level"), "{lines:#?}");
}

#[cfg(feature = "tracing")]
#[test]
fn a_variable_makes_fields_and_spans_json_objects() {
    let event = || Event::new("\"log_fields\"").request_id("r-1");
    let lines = lines_of_event(act().with("FG_LOG_FORMAT", "json"), event());
    let [line] = &lines[..] else { panic!("{lines:#?}") };
    let mut line: Value = serde_json::from_str(line).expect("it is JSON");
    assert!(line.as_object_mut().expect("an object").remove("time").is_some());
    let expected = json!({
        "requestId": "r-1", "level": "WARN", "target": "probe::act", "message": "few left",
        "fields": {"count": 3}, "spans": [{"name": "order", "id": 7}],
    });
    assert_eq!(line, expected);
    let text =
        lines_without_times(act().with("PROBE_JSON", "1").with("FG_LOG_FORMAT", "text"), event());
    assert_eq!(
        text,
        ["r-1 WARN order{id=7}: probe::act: few left count=3"],
        "the variable comes before the program"
    );
}

#[cfg(feature = "tracing")]
#[test]
fn an_event_outside_of_any_invocation_is_logged_by_every_subscriber() {
    let lines = |name, value| {
        lines_without_times(
            act().with(name, value),
            Event::new(r#"{"log_everywhere":"hello"}"#).request_id("r-1"),
        )
    };
    let (hello, text) = ("r-1 INFO hello", "r-1 INFO probe::act: hello");
    let of_log = if cfg!(feature = "log") { vec![hello, text, text] } else { vec![hello, text] };
    let expected = |before: &[&'static str]| [before, &of_log].concat();
    assert_eq!(lines("PROBE_INIT", "logs"), expected(&["- INFO probe: from init"]));
    let both = ["- INFO probe: before its own", "- INFO probe: after its own"];
    assert_eq!(lines("PROBE_INIT", "sets a subscriber"), expected(&both));
    assert_eq!(lines("PROBE_SUBSCRIBER", "1"), expected(&["- INFO probe: before the function"]));
}

#[test]
fn a_line_is_written_before_the_answer_is_sent() {
    let api = api();
    let function = act().start(&api);
    // The answer is never accepted, so the line cannot have been written after it.
    for _ in 0..100 {
        api.script(Fault::OnPost(Misbehaviour::CloseBeforeReading));
    }
    api.invoke(Event::new(r#"{"log":"hello"}"#));
    function.wait_for_line("hello");
    assert_eq!(api.posts().len(), 0);
}

fn assert_runs_without(setup: Setup, api: &RuntimeApi) {
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
fn a_function_runs_without_a_standard_output() {
    assert_runs_without(act().close(Stream::Stdout), &api());
}

#[test]
fn a_function_runs_without_a_standard_error() {
    assert_runs_without(act().close(Stream::Stderr), &api());
}
