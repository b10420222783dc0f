//! One port in front of functions, as a browser, curl and an SDK use it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use fg_emulator::{Builder, Emulator};
use fg_local::Local;
use serde_json::{Value, json};

use crate::scripted::{LIMIT, function};

/// The status, the head and the body of the answer.
fn send(gateway: &Local, request: &str, body: &str) -> (u16, String, String) {
    let mut socket = TcpStream::connect(gateway.address()).expect("it listens");
    socket.set_read_timeout(Some(LIMIT)).expect("a valid time limit");
    let request = format!(
        "{request} HTTP/1.1\r\nHost: localhost\r\nX-Colour: red\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head.to_owned(), body.to_owned())
}

/// A server that knows these functions by their names alone.
fn announce(functions: &[&str]) -> Local {
    let builder = functions.iter().fold(Local::builder(), |builder, name| builder.function(*name));
    builder.start_blocking().expect("a free port")
}

fn serve(gateway: &Local, name: &str, builder: &Builder) -> Option<Arc<Emulator>> {
    let emulator = builder.clone().name(name).start().expect("it starts");
    gateway.serve(name, Arc::new(emulator)).expect("it can be written")
}

fn gateway(functions: &[(&str, Builder)]) -> Local {
    let gateway = announce(&functions.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (name, builder) in functions {
        serve(&gateway, name, builder);
    }
    gateway
}

#[test]
fn a_post_to_the_root_is_an_event_and_its_result_the_answer() {
    let gateway = gateway(&[("greet", function())]);
    let (status, _, body) = send(&gateway, "POST /", r#"{"text":"\"hi\""}"#);
    assert_eq!((status, body.as_str()), (200, "\"hi\""));
    let (status, _, body) = send(&gateway, "POST /", r#"{"do":"fail","text":"no stock"}"#);
    assert_eq!(status, 500);
    assert_eq!(serde_json::from_str::<Value>(&body).expect("JSON")["errorMessage"], "no stock");
    let (status, _, body) = send(&gateway, "POST /", "{");
    assert_eq!((status, body.contains("the body is not JSON")), (406, true), "{body}");
}

#[test]
fn everything_else_is_a_request_of_api_gateway() {
    let gateway = gateway(&[("greet", function())]);
    for request in ["GET /orders/7?dry=1", "POST /?", "DELETE /"] {
        let (status, _, body) = send(&gateway, request, "");
        // The function answers with nothing that the gateway understands, and is told what it is.
        assert_eq!(status, 500, "{request}: {body}");
        assert_eq!(
            serde_json::from_str::<Value>(&body).expect("JSON")["error_code"],
            "FSS.1202",
            "{request}"
        );
    }
}

#[test]
fn several_functions_are_served_under_their_names() {
    let gateway = gateway(&[("one", function()), ("other", function())]);
    for name in ["one", "other"] {
        let (status, _, body) =
            send(&gateway, &format!("POST /{name}"), &json!({"text": name}).to_string());
        assert_eq!((status, body.as_str()), (200, name));
    }
    let urn = "urn%3Afss%3Alocal%3Ap%3Afunction%3Adefault%3Aother";
    let (status, head, body) =
        send(&gateway, &format!("POST /v2/p/fgs/functions/{urn}/invocations"), r#"{"text":"sdk"}"#);
    assert_eq!((status, body.as_str()), (200, "sdk"));
    assert!(head.contains("X-Is-Func-Err: false"), "{head}");
    let (status, _, body) = send(&gateway, "GET /elsewhere", "");
    assert_eq!((status, body.contains("there are: /one, /other")), (404, true), "{body}");
}

#[test]
fn a_function_that_is_not_ready_is_status_503_and_one_that_is_replaced_is_asked_no_more() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let observer = move |exchange: &fg_local::Exchange<'_>| {
        told.lock().expect("no panic").push(exchange.status);
    };
    let gateway = Local::builder().function("greet").observer(observer);
    let gateway = gateway.start_blocking().expect("a free port");
    assert_eq!(send(&gateway, "POST /", "{}").0, 503);
    assert!(serve(&gateway, "greet", &function()).is_none());
    assert_eq!(send(&gateway, "POST /", "{}").0, 200);
    let before: Arc<Emulator> = serve(&gateway, "greet", &function()).expect("it was served");
    assert_eq!(Arc::strong_count(&before), 1);
    drop(before);
    assert_eq!(send(&gateway, "POST /", "{}").0, 200);
    assert_eq!(*seen.lock().expect("no panic"), [503, 200, 200]);
}

#[test]
fn a_request_waits_for_a_function_that_is_expected_and_is_told_why_there_is_none() {
    let gateway = announce(&["greet"]);
    gateway.set_expected("greet");
    std::thread::scope(|scope| {
        let urn = "urn%3Afss%3Alocal%3Ap%3Afunction%3Adefault%3Agreet";
        let waiting = ["POST /".to_owned(), format!("POST /v2/p/fgs/functions/{urn}/invocations")]
            .map(|request| scope.spawn(|| send(&gateway, &{ request }, r#"{"text":"late"}"#)));
        serve(&gateway, "greet", &function());
        for waiting in waiting {
            let (status, _, body) = waiting.join().expect("no panic");
            assert_eq!((status, body.as_str()), (200, "late"));
        }
    });
    gateway.set_absent("greet", "it is served, and stays so");
    assert_eq!(send(&gateway, "POST /", "{}").0, 200);

    let gateway = announce(&["greet"]);
    gateway.set_expected("greet");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| send(&gateway, "POST /", "{}"));
        gateway.set_absent("greet", "greet does not run: no licence");
        let (status, _, body) = waiting.join().expect("no panic");
        assert_eq!(
            (status, body.contains("greet does not run: no licence")),
            (503, true),
            "{body}"
        );
    });
}

#[test]
fn functions_of_the_same_name_are_served_under_longer_ones_and_all_are_listed() {
    let gateway = announce(&["a/bootstrap", "b/bootstrap", "b"]);
    for name in ["a/bootstrap", "b/bootstrap"] {
        let emulator = function().name(name.replace('/', "-")).start().expect("it starts");
        let before = gateway.serve(name, Arc::new(emulator)).expect("it can be written");
        assert!(before.is_none());
    }
    for name in ["a/bootstrap", "b/bootstrap"] {
        let (status, _, body) =
            send(&gateway, &format!("POST /{name}"), &json!({"text": name}).to_string());
        assert_eq!((status, body.as_str()), (200, name));
    }
    let (status, _, body) = send(&gateway, "GET /", "");
    let listed: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, &listed["functions"][0]["path"]), (200, &json!("/a/bootstrap")), "{body}");
    assert_eq!(
        listed["functions"][1],
        json!({"name": "b", "path": "/b", "state": "absent", "reason": "b has not been built yet"})
    );
    assert_eq!(send(&gateway, "POST /", "{}").0, 404);
    assert_eq!(send(&gateway, "GET /bootstrap", "").0, 404);
}
