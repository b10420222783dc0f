//! Responses that are read while the function writes them.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use fg_emulator::{Emulator, Outcome, PlatformError, PlatformErrorKind, ResponseStream};

use crate::by_hand::Function;
use crate::scripted::{LIMIT, event, function, start};

/// The rest of a response, and why it is not complete.
fn read_broken(response: &mut ResponseStream) -> (u64, PlatformError) {
    let mut bytes = 0;
    loop {
        match response.next_chunk() {
            Ok(Some(chunk)) => bytes += chunk.len() as u64,
            Ok(None) => panic!("it is taken for complete after {bytes} bytes"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
                let source =
                    error.get_ref().and_then(|source| source.downcast_ref::<PlatformError>());
                return (bytes, source.expect("a platform error").clone());
            }
        }
    }
}

/// A response of which one chunk has come, and the function that sends it.
fn begin(emulator: &Emulator) -> (ResponseStream, Function) {
    let mut response = emulator.invoke_streaming(event("{}"));
    let mut function = Function::begin_response(emulator);
    function.send_chunk("one");
    assert!(response.next_chunk().expect("a chunk").is_some());
    (response, function)
}

#[test]
fn a_caller_has_each_chunk_before_the_function_sends_the_next_one() {
    let emulator = start(Emulator::attach().streaming());
    let mut response = emulator.invoke_streaming(event("{}"));
    let mut function = Function::begin_response(&emulator);
    for text in ["one", "three"] {
        function.send_chunk(text);
        assert_eq!(response.next_chunk().expect("a chunk").as_deref(), Some(text.as_bytes()));
    }
    function.send("0\r\n\r\n");
    assert_eq!(response.next_chunk().expect("the end"), None);
    let execution = response.finish();
    assert_eq!(execution.outcome, Outcome::Streamed { bytes: 8 });
    assert!(
        execution.to_string().starts_with("--- function return ---\n(8 bytes, streamed)\n"),
        "{execution}"
    );
    assert_eq!((execution.summary.request_id.as_str(), execution.response()), ("r-1", None));
}

#[test]
fn a_response_can_be_read_like_a_file() {
    let emulator = start(function().streaming());
    let mut response =
        emulator.invoke_streaming(event(r#"{"do":"stream","bytes":100000,"times":3}"#));
    let mut bytes = Vec::new();
    assert_eq!(response.read_to_end(&mut bytes).expect("a complete response"), 300_000);
    assert_eq!(emulator.instances().started, 1);

    let mut response = emulator
        .invoke_streaming(event(r#"{"do":"stream","bytes":100000,"times":3,"then":"cut"}"#));
    let error = response.read_to_end(&mut bytes).expect_err("it is not complete");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn a_response_without_its_last_chunk_is_never_complete() {
    let emulator = start(function().streaming());
    let script = r#"{"do":"stream","bytes":10,"times":3,"then":"cut"}"#;
    let mut response = emulator.invoke_streaming(event(script));
    let (bytes, error) = read_broken(&mut response);
    assert_eq!((bytes, error.kind(), error.code()), (30, PlatformErrorKind::CutShort, "4002"));
    assert_eq!(
        error.to_string(),
        "the function ended its streamed response to request r-1 after 30 bytes, without the last chunk: the caller has an incomplete response"
    );
    assert_eq!(response.finish().platform_error(), Some(&error));

    // Nor for a caller who does not read while it comes, whether streaming is switched on or not;
    // and the instance serves on.
    assert_eq!(emulator.invoke(event(script)).platform_error(), Some(&error));
    assert_eq!(
        emulator.invoke(event(r#"{"text":"still here"}"#)).response().as_deref(),
        Some("still here")
    );
    assert_eq!(emulator.instances().started, 1);
    let kind = start(function()).invoke(event(script)).platform_error().map(PlatformError::kind);
    assert_eq!(kind, Some(PlatformErrorKind::CutShort));
}

#[test]
fn a_process_that_ends_in_its_response_is_named() {
    let emulator = start(function().streaming());
    let mut response =
        emulator.invoke_streaming(event(r#"{"do":"stream","bytes":10,"times":1,"then":"exit"}"#));
    let (bytes, error) = read_broken(&mut response);
    assert_eq!((bytes, error.kind()), (10, PlatformErrorKind::ExitedInRequest));
    assert!(
        error
            .to_string()
            .starts_with("the function exited with code 3 while it handled request r-1"),
        "{error}"
    );
    assert_eq!(
        emulator.invoke(event(r#"{"text":"another"}"#)).response().as_deref(),
        Some("another")
    );
}

#[test]
fn the_timeout_ends_a_response_that_has_begun() {
    let emulator = start(function().streaming().timeout(Duration::from_millis(500)));
    let mut response =
        emulator.invoke_streaming(event(r#"{"do":"stream","bytes":10,"times":1,"then":"hang"}"#));
    let (bytes, error) = read_broken(&mut response);
    assert_eq!((bytes, error.kind()), (10, PlatformErrorKind::TimedOut));
}

#[test]
fn the_timeout_ends_a_response_that_nobody_reads() {
    let emulator = start(function().streaming().timeout(Duration::from_millis(500)));
    let response =
        emulator.invoke_streaming(event(r#"{"do":"stream","bytes":100000,"times":1000}"#));
    assert!(emulator.wait_until(LIMIT, |instances| instances.busy == 1));
    assert!(emulator.wait_until(LIMIT, |instances| instances.busy == 0));
    let execution = response.finish();
    assert_eq!(
        execution.platform_error().map(PlatformError::kind),
        Some(PlatformErrorKind::TimedOut)
    );
}

#[test]
fn a_function_without_streaming_gives_its_response_as_a_whole() {
    let emulator = start(function().response_limit(1000));
    let mut response = emulator.invoke_streaming(event(r#"{"do":"stream","bytes":10,"times":3}"#));
    assert_eq!(response.next_chunk().expect("a chunk").map(|chunk| chunk.len()), Some(30));
    assert_eq!(response.next_chunk().expect("the end"), None);
    assert_eq!(response.finish().outcome, Outcome::Response(vec![b'x'; 30]));

    let mut response =
        emulator.invoke_streaming(event(r#"{"do":"stream","bytes":100,"times":20}"#));
    let (bytes, error) = read_broken(&mut response);
    assert_eq!(
        (bytes, error.kind(), error.code()),
        (0, PlatformErrorKind::ResponseTooLarge, "4004")
    );
    assert_eq!(
        error.to_string(),
        "the streamed response has more than 1000 bytes, the platform's limit"
    );
    assert_eq!(
        emulator.invoke(event(r#"{"text":"still here"}"#)).response().as_deref(),
        Some("still here")
    );
    assert_eq!(emulator.instances().started, 1);
}

#[test]
fn a_response_that_is_not_streamed_and_an_error_are_told_apart() {
    let emulator = start(function().streaming());
    let mut response = emulator.invoke_streaming(event(r#"{"text":"whole"}"#));
    let mut text = String::new();
    response.read_to_string(&mut text).expect("a complete response");
    assert_eq!(
        (text.as_str(), response.finish().outcome),
        ("whole", Outcome::Response(b"whole".to_vec()))
    );

    let mut response = emulator.invoke_streaming(event(r#"{"do":"fail","text":"no stock"}"#));
    let error = response.next_chunk().expect_err("an error");
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Other, "Scripted: no stock")
    );
    assert!(response.finish().function_error().is_some());

    let large = " ".repeat((6 << 20) + 101);
    let (_, error) = read_broken(&mut emulator.invoke_streaming(event(&large)));
    assert_eq!(error.kind(), PlatformErrorKind::RequestTooLarge);
}

#[test]
fn a_caller_who_goes_away_is_noticed_by_the_function() {
    let emulator = start(Emulator::attach().streaming());
    let (response, mut function) = begin(&emulator);
    drop(response);
    function.wait_for_close();
    drop(function);
    // The instance is free when it polls again.
    let _polling = Function::poll(&emulator);
    assert!(emulator.wait_until(LIMIT, |instances| instances.idle == 1));
}

#[test]
fn a_stop_ends_a_response_that_has_begun() {
    let emulator = start(Emulator::attach().streaming());
    let (mut response, _function) = begin(&emulator);
    emulator.stop();
    assert_eq!(read_broken(&mut response).1.kind(), PlatformErrorKind::Stopped);
}

#[test]
fn the_head_of_a_streamed_response_comes_before_its_first_chunk() {
    let emulator = start(Emulator::attach().streaming());
    let response = emulator.invoke_streaming(event("{}"));
    let mut function = Function::begin_response(&emulator);
    let head = response.head().expect("it is streamed");
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    function.send("0\r\n\r\n");
    assert_eq!(response.finish().outcome, Outcome::Streamed { bytes: 0 });
}

#[test]
fn a_response_that_is_not_streamed_has_no_head_and_then_comes_at_once() {
    let emulator = start(function().streaming());
    let mut response = emulator.invoke_streaming(event(r#"{"text":"whole"}"#));
    assert_eq!(response.head(), None);
    assert_eq!(response.next_chunk().expect("a response").as_deref(), Some(&b"whole"[..]));

    let response = emulator.invoke_streaming(event(r#"{"do":"fail","text":"no stock"}"#));
    assert_eq!(response.head(), None);
    assert!(response.finish().function_error().is_some());
}

#[test]
fn another_thread_can_cancel_a_response_while_its_next_chunk_is_waited_for() {
    let emulator = start(Emulator::attach().streaming());
    let (mut response, mut function) = begin(&emulator);
    let canceller = response.canceller();
    let reading = std::thread::spawn(move || read_broken(&mut response));
    canceller.cancel();
    // The function notices, although it sends nothing.
    function.wait_for_close();
    drop(function);
    let _polling = Function::poll(&emulator);
    let (_, error) = reading.join().expect("no panic");
    assert_eq!(error.kind(), PlatformErrorKind::CallerGone);
    canceller.cancel();
}
