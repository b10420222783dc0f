//! HTTP functions: each event is a request to a server that the emulator has started.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fg_emulator::{
    Builder, Credentials, Emulator, Event, Execution, PlatformError, PlatformErrorKind,
};
use serde_json::{Value, json};

use crate::scripted::{LIMIT, example, start};

const SHORT: Duration = Duration::from_secs(1);

/// `examples/scripted_server.rs` with generous limits.
pub(crate) fn server() -> Builder {
    Emulator::builder(example("scripted_server")).http_function().init_timeout(LIMIT).timeout(LIMIT)
}

pub(crate) fn get(path: &str) -> Event {
    Event::new(json!({"httpMethod": "GET", "path": path}).to_string()).request_id("r-1")
}

/// The platform's JSON of a response, and the body in it.
fn response_of(execution: &Execution) -> (Value, Vec<u8>) {
    let response = execution.response().unwrap_or_else(|| panic!("no response: {execution}"));
    let response: Value = serde_json::from_str(&response).expect("JSON");
    assert_eq!(response["isBase64Encoded"], true);
    let body = BASE64_STANDARD.decode(response["body"].as_str().expect("a string"));
    (response, body.expect("base64"))
}

fn error_of(emulator: &Emulator, path: &str) -> PlatformError {
    let execution = emulator.invoke(get(path));
    execution.platform_error().unwrap_or_else(|| panic!("it should fail: {execution}")).clone()
}

#[test]
fn a_request_reaches_the_function_with_the_platforms_headers_and_variables() {
    let credentials = Credentials {
        access_key: "deprecated".into(),
        auth_token: "token".into(),
        ..Credentials::default()
    };
    let emulator = start(
        server()
            .name("shop")
            .memory(512)
            .variable("COLOUR", "red")
            .user_data("SECRET", "x")
            .credentials(credentials),
    );
    assert!(emulator.is_http_function());
    let event = json!({
        "httpMethod": "POST",
        "path": "/echo/a%20b",
        "queryStringParameters": {"x": ["1", "2"]},
        "headers": {"host": "shop.example", "x-cff-auth-token": "forged"},
        "body": "aGVsbG8=",
        "isBase64Encoded": true,
    });
    let execution = emulator.invoke(Event::new(event.to_string()).request_id("r-1"));
    let (response, body) = response_of(&execution);
    assert_eq!(response["statusCode"], 200);
    let echo: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(
        (&echo["method"], &echo["target"], &echo["body"]),
        (&json!("POST"), &json!("/echo/a%20b?x=1&x=2"), &json!("hello"))
    );
    let pairs = |of: &str| -> Vec<(String, String)> {
        serde_json::from_value(echo[of].clone()).expect("pairs")
    };
    let value = |of: &str, name: &str| {
        let all = pairs(of);
        let mut values = all.into_iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value);
        assert_eq!(values.next(), None, "{name} comes once");
        value
    };
    for (name, expected) in [
        ("Host", Some("shop.example")),
        ("X-CFF-Request-Id", Some("r-1")),
        ("X-CFF-Func-Name", Some("shop")),
        ("X-CFF-Memory", Some("512")),
        ("X-CFF-Timeout", Some("60")),
        ("X-CFF-Auth-Token", Some("token")),
        ("X-CFF-Access-Key", None),
    ] {
        assert_eq!(value("headers", name).as_deref(), expected, "{name}");
    }
    for (name, expected) in [
        ("RUNTIME_FUNC_NAME", Some("shop")),
        ("COLOUR", Some("red")),
        ("SECRET", Some("x")),
        ("RUNTIME_API_ADDR", None),
    ] {
        assert_eq!(value("environment", name).as_deref(), expected, "{name}");
    }
    let port = value("environment", "PORT");
    assert!(
        port.is_some()
            && port == value("environment", "FG_PORT")
            && port.as_deref() != Some("8000")
    );
}

#[test]
fn any_response_becomes_the_platforms_json() {
    let emulator = start(server());
    let (response, body) = response_of(&emulator.invoke(get("/cookies")));
    assert_eq!((response["statusCode"].as_u64(), body.as_slice()), (Some(200), &b"hi"[..]));
    // What belongs to the connection is not passed on.
    assert_eq!(
        response["headers"],
        json!({"Set-Cookie": ["a=1", "b=2"], "Content-Type": ["text/plain"]})
    );
    let (response, _) = response_of(&emulator.invoke(get("/status/503")));
    assert_eq!(response["statusCode"], 503, "the function's own status is no error");
    let (_, body) = response_of(&emulator.invoke(get("/close")));
    assert_eq!(body, b"until the end");
    let (_, body) = response_of(&emulator.invoke(get("/chunked/100000")));
    assert_eq!(body.len(), 100_000);
    assert_eq!(emulator.instances().started, 1);
}

#[test]
fn a_request_has_its_figures_and_its_lines() {
    let emulator = start(server().version("v1"));
    let first = emulator.invoke(get("/say/one"));
    assert_eq!(
        (first.log.before(), first.log.lines()),
        (&["listening".to_owned()][..], &["one".to_owned()][..])
    );
    assert!(first.summary.duration > Duration::ZERO && first.summary.duration < LIMIT);
    assert_eq!(first.summary.memory_used.is_some(), cfg!(target_os = "linux"));
    let second = emulator.invoke(get("/say/two"));
    assert_eq!((second.log.before(), second.log.lines()), (&[][..], &["two".to_owned()][..]));
}

#[test]
fn an_event_that_is_no_request_is_refused_with_a_sentence() {
    let emulator = start(server());
    let execution = emulator.invoke(Event::new(r#"{"name":"Ada"}"#));
    let error = execution.platform_error().expect("it is refused");
    assert_eq!(
        error.to_string(),
        "an HTTP function is invoked with a request of API Gateway: the event has no httpMethod"
    );
    assert_eq!((error.kind(), error.http_status()), (PlatformErrorKind::InvalidEvent, 400));
    let error = emulator.invoke_async(get("/echo")).expect_err("the platform has no such thing");
    assert_eq!(error.kind(), PlatformErrorKind::Unsupported);
    let error = Emulator::attach().http_function().start().expect_err("there is no program");
    assert_eq!(error.kind(), PlatformErrorKind::Unsupported);
}

#[test]
fn a_response_has_the_platforms_limit() {
    let emulator = start(server().response_limit(1000));
    let (_, body) = response_of(&emulator.invoke(get("/length/1100")));
    assert_eq!(body.len(), 1100);
    for path in ["/length/1101", "/chunked/1101"] {
        let error = error_of(&emulator, path);
        assert_eq!((error.kind(), error.code()), (PlatformErrorKind::ResponseTooLarge, "4004"));
    }
    assert_eq!(emulator.instances().started, 1);
}

#[test]
fn what_is_no_complete_response_is_told_and_the_function_lives_on() {
    let emulator = start(server());
    for (path, reason) in [
        ("/nothing", "the connection was closed before the end of the head"),
        ("/cut", "the connection was closed after 4 bytes of the body, before its end"),
        ("/garbage", "invalid HTTP version"),
    ] {
        let error = error_of(&emulator, path);
        assert_eq!((error.kind(), error.code()), (PlatformErrorKind::InvalidResponse, "4002"));
        let begin = format!("the function did not respond to request r-1 with HTTP: {reason}");
        assert!(error.to_string().starts_with(&begin), "{error}");
    }
    assert_eq!(emulator.instances().started, 1);
}

#[test]
fn a_process_that_exits_in_a_request_is_told_and_replaced() {
    let emulator = start(server());
    let error = error_of(&emulator, "/exit/3");
    assert_eq!(
        error.to_string(),
        "the function exited with code 3 while it handled request r-1; its last output:\n    listening\n    exiting"
    );
    assert_eq!(error.platform_message(), "process exits with 3");
    let (response, _) = response_of(&emulator.invoke(get("/echo")));
    assert_eq!(response["statusCode"], 200);
    assert_eq!(emulator.instances().started, 2);
}

#[test]
fn a_request_that_takes_too_long_ends_the_process_and_the_next_one_has_a_new_one() {
    let emulator = start(server().timeout(SHORT));
    let execution = emulator.invoke(get("/hang"));
    let error = execution.platform_error().expect("it is killed");
    assert_eq!(
        (error.kind(), error.code(), error.platform_message().as_str()),
        (PlatformErrorKind::TimedOut, "4010", "call invoke timeout 1s")
    );
    assert!(error.last_output().iter().any(|line| line == "waiting"), "{error}");
    assert!(execution.summary.duration >= SHORT && execution.summary.duration < LIMIT);
    assert!(emulator.invoke(get("/echo")).response().is_some());
    assert_eq!(emulator.instances().started, 2);
}

#[test]
fn a_process_that_exits_or_never_listens_is_told_with_what_was_tried() {
    let emulator = start(server().variable("AT_START", "exit"));
    let error = error_of(&emulator, "/echo");
    let text = error.to_string();
    assert!(
        text.starts_with(
            "the function exited with code 7 before it accepted connections on 127.0.0.1:"
        ) && text.ends_with("; its last output:\n    no database"),
        "{text}"
    );
    assert_eq!((error.kind(), error.code()), (PlatformErrorKind::ExitedBeforeEvent, "4201"));

    let emulator = start(server().variable("AT_START", "hang").init_timeout(SHORT));
    let text = emulator.wait_until_ready().expect_err("it never listens").to_string();
    assert!(
        text.starts_with("the function did not accept connections on 127.0.0.1:")
            && text.contains(", the port in PORT and FG_PORT")
            && text.contains("8000")
            && text.contains(" within 1s"),
        "{text}"
    );
    let error = error_of(&emulator, "/echo");
    assert_eq!((error.kind(), error.code()), (PlatformErrorKind::NeverPolled, "4211"));
}

#[test]
fn requests_at_the_same_time_share_an_instance_up_to_the_concurrency() {
    let emulator = start(server().concurrency(2).instances(1));
    thread::scope(|scope| {
        // Each waits for the other.
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| emulator.invoke(get("/meet")))).collect();
        for one in all {
            assert_eq!(response_of(&one.join().expect("no panic")).1, b"met");
        }
    });
    assert_eq!(emulator.instances().started, 1);
}

#[test]
fn requests_beyond_the_concurrency_have_another_instance() {
    let emulator = start(server().concurrency(1).instances(2));
    assert!(emulator.invoke(get("/echo")).response().is_some());
    thread::scope(|scope| {
        let all: Vec<_> = (0..2).map(|_| scope.spawn(|| emulator.invoke(get("/hang")))).collect();
        assert!(emulator.wait_until(LIMIT, |instances| instances.busy == 2));
        emulator.stop();
        for one in all {
            let execution = one.join().expect("no panic");
            let kind = execution.platform_error().map(PlatformError::kind);
            assert_eq!(kind, Some(PlatformErrorKind::Stopped), "{execution}");
        }
    });
    assert_eq!(emulator.instances().started, 2);
}

#[test]
fn a_timeout_also_ends_the_other_requests_of_the_instance_and_says_so() {
    let emulator = start(server().concurrency(2).instances(1).timeout(2 * SHORT));
    thread::scope(|scope| {
        let first = scope.spawn(|| emulator.invoke(get("/hang")));
        assert!(emulator.wait_until(LIMIT, |instances| instances.busy == 1));
        // Not to wait for something: its own timeout has to be later.
        thread::sleep(SHORT);
        let second = emulator.invoke(get("/hang").request_id("r-2"));
        let error = second.platform_error().expect("it is killed");
        assert!(
            error.to_string().starts_with(
                "the function was killed at the timeout of request r-1 while it handled request r-2"
            ),
            "{error}"
        );
        let first = first.join().expect("no panic");
        assert_eq!(
            first.platform_error().map(PlatformError::kind),
            Some(PlatformErrorKind::TimedOut)
        );
    });
}

/// The only test that needs port 8000, which another program may have.
#[test]
fn a_function_on_the_platforms_port_has_one_instance_and_others_are_told_that_it_is_taken() {
    // To listen on it would not do: processes that other tests start have a copy of the socket for
    // a moment.
    if TcpStream::connect("127.0.0.1:8000").is_ok() {
        println!("SKIPPED: another program listens on port 8000");
        return;
    }
    let on_8000 = || server().variable("LISTEN_ON", "8000");
    let emulator = start(on_8000().instances(3).queue_limit(Duration::from_millis(50)));
    assert!(emulator.invoke(get("/echo")).response().is_some());
    thread::scope(|scope| {
        let hanging = scope.spawn(|| emulator.invoke(get("/hang")));
        assert!(emulator.wait_until(LIMIT, |instances| instances.busy == 1));
        let error = error_of(&emulator, "/echo");
        assert_eq!(error.kind(), PlatformErrorKind::Overload);

        // A second function cannot have the port, and does not get the requests of the first one.
        let other = start(on_8000());
        let error = error_of(&other, "/echo").to_string();
        assert!(
            error.contains("before it accepted connections")
                && error.contains("(the platform's port, 8000, was in use by another program)")
                && error.contains("cannot listen on 8000"),
            "{error}"
        );
        emulator.stop();
        hanging.join().expect("no panic");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn no_process_is_left_behind() {
    let emulator = start(server());
    assert!(emulator.invoke(get("/echo")).response().is_some());
    let processes = emulator.process_ids();
    assert_eq!(processes.len(), 1);
    drop(emulator);
    for process in processes {
        assert!(!std::path::Path::new(&format!("/proc/{process}")).exists());
    }
}
