//! What a function does after its answer, and at the end of everything.

#[cfg(unix)]
use fg_emulator::Emulator;
use fg_emulator::Event;

use crate::scripted::{LIMIT, function, start};

#[test]
fn a_last_line_without_its_end_is_in_the_log_of_its_request() {
    let (lines, told) = std::sync::mpsc::channel();
    let emulator = start(function().on_line(move |line| drop(lines.send(line.to_owned()))));
    let execution = emulator.invoke(Event::new(r#"{"print":"no end"}"#));
    assert_eq!(execution.log.lines(), ["no end"]);
    assert_eq!(told.try_recv().as_deref(), Ok("no end"));
    let ending = emulator.finish();
    assert!(ending.lines.is_empty() && ending.errors.is_empty(), "{ending:?}");
}

#[test]
fn a_last_line_without_its_end_after_the_answer_is_told_with_the_next_poll() {
    let (lines, told) = std::sync::mpsc::channel();
    let emulator = start(function().on_line(move |line| drop(lines.send(line.to_owned()))));
    assert!(emulator.invoke(Event::new(r#"{"print_after":"no end"}"#)).log.lines().is_empty());
    assert_eq!(told.recv_timeout(LIMIT).as_deref(), Ok("no end"));
    assert_eq!(emulator.finish().lines, ["no end"]);
}

#[test]
fn what_is_written_and_what_goes_wrong_after_the_answer_is_told() {
    let emulator = start(function());
    let script =
        r#"{"text":"ok","after":"2026-11-23T03:21:00.123Z r-1 ERROR the mail could not be sent"}"#;
    let execution = emulator.invoke(Event::new(script));
    assert_eq!(execution.response().as_deref(), Some("ok"));
    let ending = emulator.finish();
    assert_eq!(ending.lines, ["2026-11-23T03:21:00.123Z r-1 ERROR the mail could not be sent"]);
    assert_eq!(ending.errors, ending.lines);
}

#[test]
fn an_exit_after_the_answer_is_told() {
    let emulator = start(function());
    assert!(emulator.invoke(Event::new(r#"{"text":"ok","exit_after":7}"#)).response().is_some());
    assert_eq!(emulator.finish().errors, ["after its answer, the function exited with code 7"]);
}

#[test]
fn an_exit_between_two_requests_is_told_where_the_lines_are() {
    let (lines, told) = std::sync::mpsc::channel();
    let emulator = start(function().on_line(move |line| drop(lines.send(line.to_owned()))));
    assert!(emulator.invoke(Event::new(r#"{"text":"ok","exit_after":7}"#)).response().is_some());
    assert_eq!(
        told.recv_timeout(LIMIT).as_deref(),
        Ok("the function exited with code 7, while it handled no request")
    );
    assert!(emulator.invoke(Event::new(r#"{"text":"ok"}"#)).response().is_some());
    drop(emulator);
    assert_eq!(told.try_iter().count(), 0, "an end that was asked for is none");
}

#[cfg(unix)]
#[test]
fn what_is_written_at_the_end_is_told_and_an_end_that_was_asked_for_is_no_error() {
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bootstrap.sh");
    if std::process::Command::new("curl")
        .arg("--version")
        .stdout(std::process::Stdio::null())
        .status()
        .is_err()
    {
        println!("SKIPPED: a function in shell needs curl");
        return;
    }
    let wrapped = format!(
        "trap 'printf good-bye; exit 0' TERM; sh '{}' & while :; do wait; done",
        script.display()
    );
    let emulator = start(
        Emulator::builder("sh")
            .arg("-c")
            .arg(wrapped)
            .init_timeout(LIMIT)
            .timeout(LIMIT)
            .stop_grace(LIMIT),
    );
    assert!(emulator.invoke(Event::new("{}")).response().is_some());
    let ending = emulator.finish();
    assert!(ending.lines.iter().any(|line| line == "good-bye"), "{ending:?}");
    assert!(ending.errors.is_empty(), "{ending:?}");
}
