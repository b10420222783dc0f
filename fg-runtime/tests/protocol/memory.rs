//! An invocation leaves neither its data nor large buffers in the memory of the process.

#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use fg_core::header_names;
use fg_emulator::{AnswerKind, Event, RuntimeApi};
use serde_json::json;

use crate::function::{Function, LIMIT, Setup, act, api, ask, ask_event, echo, failure};

/// The writable memory of a process.
fn memory_of(function: &Function) -> Vec<u8> {
    let path = |name| format!("/proc/{}/{name}", function.id());
    let maps = std::fs::read_to_string(path("maps")).expect("it runs");
    let mut file = File::open(path("mem")).expect("the memory of a child can be read");
    let mut memory = Vec::new();
    for line in maps.lines() {
        let mut words = line.split(' ');
        let (range, rights) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if !rights.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').expect("a range has a start and an end");
        let number = |digits| u64::from_str_radix(digits, 16).expect("an address");
        file.seek(SeekFrom::Start(number(start))).expect("the range is mapped");
        // A part of the address space may be unmapped.
        let _ = (&mut file).take(number(end) - number(start)).read_to_end(&mut memory);
    }
    memory
}

fn count(memory: &[u8], text: &str) -> usize {
    memory.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
}

/// Waits until the function has finished its last invocation and polls again.
fn wait_until_idle(api: &RuntimeApi) {
    let answered = api.posts().len() as u64;
    assert!(api.wait_until(LIMIT, |counts| counts.polls > answered));
}

/// An event with credentials in known headers, in a header of the caller's own, and in the body.
fn event(length: usize) -> Event {
    let secret = |name: &str| format!("C4N4RY-{name}-{}", "s".repeat(length));
    let event = Event::new(json!({"echo": "hello", "token": secret("body")}).to_string());
    let event = event
        .header("Authorization", secret("authorization"))
        .header("X-Bytes", secret("caf\u{e9}"));
    header_names::SECRETS.iter().fold(event, |event, name| event.header(*name, secret(name)))
}

fn assert_forgets(setup: Setup, events: impl IntoIterator<Item = Event>) {
    let api = api();
    let function = setup.start(&api);
    for event in events {
        ask_event(&api, event);
        wait_until_idle(&api);
        assert_eq!(count(&memory_of(&function), "C4N4RY-"), 0);
    }
}

#[test]
fn nothing_of_an_event_is_left_when_the_next_one_is_polled() {
    // The long ones grow the buffer in the middle of the head.
    assert_forgets(act(), [event(8), event(3000), event(8), event(20_000)]);
}

#[test]
fn nothing_is_left_of_a_pipelined_event() {
    let api = api();
    let function = act().with("FG_PIPELINE", "1").start(&api);
    let pending: Vec<_> = [8, 3000, 8, 20_000].map(|length| api.invoke(event(length))).into();
    pending.iter().for_each(|pending| drop(pending.wait(LIMIT).expect("there is an answer")));
    // The next event overwrites it.
    ask(&api, r#"{"echo":"hello"}"#);
    assert_eq!(count(&memory_of(&function), "C4N4RY-"), 0);
}

#[test]
fn nothing_is_left_of_an_event_that_is_too_large_or_whose_handler_panics() {
    let with_secrets = |body: &str| {
        Event::new(body)
            .header("X-CFF-Auth-Token", "C4N4RY-token")
            .header("Cookie", "C4N4RY-cookie")
    };
    assert_forgets(
        act().with("RUNTIME_TIMEOUT", "2"),
        [
            with_secrets("{"),
            with_secrets("\"fail\""),
            with_secrets(r#"{"panic":"plain"}"#),
            with_secrets("\"hang\""),
        ],
    );
}

#[test]
fn the_buffers_of_a_large_event_and_its_response_are_freed() {
    let resident = |function: &Function| {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", function.id())).expect("it runs");
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is there");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("it is a number") * 1024
    };
    let api = api();
    let function = echo().with("RUNTIME_MAX_RESP_BODY_SIZE", "100000000").start(&api);
    ask(&api, "{}");
    wait_until_idle(&api);
    let before = resident(&function);
    let large = vec![b'x'; 60_000_000];
    assert_eq!((ask(&api, large.clone()).kind, api.posts().len()), (AnswerKind::Response, 2));
    wait_until_idle(&api);
    let after = resident(&function);
    assert!(after < before + 8_000_000, "{before} bytes before, {after} after");
    // An event that is refused leaves nothing either.
    let refused = [&large[..], &large[..]].concat();
    assert_eq!(failure(&ask(&api, refused))["errorType"], "InvalidPayload");
    wait_until_idle(&api);
    let after = resident(&function);
    assert!(after < before + 8_000_000, "{before} bytes before, {after} after");
}
