//! What the features `log` and `tracing` write.

#![cfg(any(feature = "log", feature = "tracing"))]

mod program;

use program::{one_shot, stderr};

/// The lines of the invocation, without time and request id, which is the same in each of them.
fn lines(example: &str) -> Vec<String> {
    let log = stderr(&one_shot(example, br#"{"id":7}"#, &[]));
    let request_id = log
        .lines()
        .find_map(|line| line.strip_prefix("request id:"))
        .expect("the summary names it")
        .trim()
        .to_owned();
    let of_request = log.lines().filter_map(|line| {
        line.split_once(&format!(" {request_id} ")).map(|(_, text)| text.to_owned())
    });
    of_request.collect()
}

#[cfg(feature = "tracing")]
#[test]
fn tracing_events_are_lines_with_the_request_id_also_from_other_tasks() {
    let expected = [
        "INFO order{id=7}: tracing_lines: accepted",
        "WARN order{id=7}: tracing_lines: nearly sold out stock=3",
    ];
    assert_eq!(lines("tracing_lines"), expected);
}

#[cfg(feature = "log")]
#[test]
fn log_records_are_lines_with_the_request_id() {
    assert_eq!(lines("log_lines"), ["INFO log_lines: order 7 accepted"]);
}
