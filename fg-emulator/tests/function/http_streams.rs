//! Responses of HTTP functions that are read while the function writes them.

use std::io::{ErrorKind, Read};
use std::sync::mpsc::channel;
use std::time::Duration;

use fg_emulator::{Outcome, PlatformError, PlatformErrorKind};

use crate::http_function::{get, server};
use crate::scripted::{LIMIT, start};

#[test]
fn a_response_in_chunks_is_streamed_with_its_status_and_its_headers() {
    let emulator = start(server().streaming());
    let mut response = emulator.invoke_streaming(get("/chunked/300000"));
    let head = response.head().expect("it is streamed");
    assert_eq!((head.status, head.header("content-type")), (Some(201), Some("text/event-stream")));
    assert_eq!(head.header("Transfer-Encoding"), None);
    let mut bytes = Vec::new();
    response.read_to_end(&mut bytes).expect("a complete response");
    assert_eq!(bytes.len(), 300_000);
    assert_eq!(response.finish().outcome, Outcome::Streamed { bytes: 300_000 });
}

#[test]
fn a_response_of_a_known_size_comes_as_a_whole_unless_it_is_too_large_for_that() {
    let emulator = start(server().streaming().response_limit(1000));
    let response = emulator.invoke_streaming(get("/length/10"));
    assert_eq!(response.head(), None);
    assert!(response.finish().response().is_some_and(|json| json.contains("\"statusCode\":200")));
    let response = emulator.invoke_streaming(get("/length/5000"));
    assert_eq!(response.head().expect("it is streamed").status, Some(200));
    assert_eq!(response.finish().outcome, Outcome::Streamed { bytes: 5000 });
    // Without a reader it is collected.
    assert!(emulator.invoke(get("/chunked/5000")).response().is_some());
}

#[test]
fn a_caller_that_cancels_is_noticed_by_the_function_which_lives_on() {
    let (lines, told) = channel();
    let emulator =
        start(server().streaming().on_line(move |line| drop(lines.send(line.to_owned()))));
    for path in ["/tick", "/endless"] {
        let mut response = emulator.invoke_streaming(get(path));
        assert!(response.next_chunk().expect("a chunk").is_some());
        response.canceller().cancel();
        while told.recv_timeout(LIMIT).as_deref() != Ok("the caller has gone") {}
        let execution = response.finish();
        assert_eq!(
            execution.platform_error().map(PlatformError::kind),
            Some(PlatformErrorKind::CallerGone),
            "{execution}"
        );
    }
    assert_eq!(emulator.instances().started, 1);
}

#[test]
fn the_timeout_ends_a_response_whether_it_is_read_or_not() {
    let emulator = start(server().streaming().timeout(Duration::from_secs(1)));
    let mut read = emulator.invoke_streaming(get("/tick"));
    assert!(read.next_chunk().expect("a chunk").is_some());
    let error = read.next_chunk().expect_err("it is killed");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    let kind = read.finish().platform_error().map(PlatformError::kind);
    assert_eq!(kind, Some(PlatformErrorKind::TimedOut));

    let unread = emulator.invoke_streaming(get("/endless"));
    assert!(unread.head().is_some());
    assert!(emulator.wait_until(LIMIT, |instances| instances.busy == 0));
    let kind = unread.finish().platform_error().map(PlatformError::kind);
    assert_eq!(kind, Some(PlatformErrorKind::TimedOut));
}

#[test]
fn an_emulator_that_is_stopped_ends_a_response_that_is_not_read() {
    let emulator = start(server().streaming());
    let unread = emulator.invoke_streaming(get("/endless"));
    assert!(unread.head().is_some());
    emulator.stop();
    assert!(emulator.wait_until(LIMIT, |instances| instances.busy == 0));
    let kind = unread.finish().platform_error().map(PlatformError::kind);
    assert_eq!(kind, Some(PlatformErrorKind::Stopped));
}
