//! Invocations: the platform's two forms of answers, and the errors of functions.

use fg_client::invocations::{InvokeOptions, ResponseVersion};
use fg_client::{Error, TransportErrorKind};
use serde::{Deserialize, Serialize};

use crate::server::{Act, Reply, Server, builder, client, misbehave, urn};

#[derive(Serialize)]
struct Greeting {
    name: &'static str,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Response {
    message: String,
}

fn v1(result: &str, status: u16) -> Reply {
    let answer = serde_json::json!({
        "result": result, "log": "a line\n", "status": status, "request_id": "inv-1",
    });
    Reply::json(200, answer.to_string())
}

#[tokio::test]
async fn an_invocation_is_typed_both_ways() {
    let server = Server::start(|_, seen| {
        assert_eq!(seen.body, br#"{"name":"Ada"}"#);
        assert_eq!(seen.header("x-cff-request-version"), Some("v1"));
        v1(r#"{"message":"Hello, Ada!"}"#, 200)
    })
    .await;
    let function = client(&server.url()).function(urn());
    let response: Response = function.invoke(&Greeting { name: "Ada" }).await.expect("a response");
    assert_eq!(response, Response { message: "Hello, Ada!".to_owned() });
}

#[tokio::test]
async fn an_empty_response_is_null() {
    let server = Server::start(|_, _| v1("", 200)).await;
    let function = client(&server.url()).function(urn());
    function.invoke::<()>(&()).await.expect("nothing");
    assert_eq!(function.invoke::<Option<Response>>(&()).await.expect("nothing"), None);
}

#[tokio::test]
async fn a_functions_error_keeps_type_message_trace_and_id() {
    let server = Server::start(|_, _| {
        let error = r#"{"errorMessage":"no\u001b[31m such order","errorType":"OrderNotFound","stackTrace":["a()","    b.rs:1"]}"#;
        v1(error, 500)
    })
    .await;
    let function = client(&server.url()).function(urn());
    let error = function.invoke::<Response>(&()).await.expect_err("an error");
    let Error::Function(error) = error else { panic!("{error}") };
    assert_eq!(error.error_type(), Some("OrderNotFound"));
    assert_eq!(error.message(), "no?[31m such order");
    assert_eq!(error.stack_trace(), ["a()", "    b.rs:1"].map(str::trim));
    assert_eq!((error.request_id(), error.status(), error.log()), (Some("inv-1"), 500, "a line\n"));
    assert!(error.to_string().contains("OrderNotFound: no?[31m such order (request id inv-1)"));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_response_of_another_type_is_told_without_its_content() {
    let server = Server::start(|_, _| v1(r#"{"message":["s3cr3t"]}"#, 200)).await;
    let function = client(&server.url()).function(urn());
    let error = function.invoke::<Response>(&()).await.expect_err("an error");
    let text = error.to_string();
    assert!(text.contains("not of the type that is expected") && text.contains("inv-1"), "{text}");
    assert!(!text.contains("s3cr3t"), "{text}");
}

#[tokio::test]
async fn the_older_form_has_bytes_and_headers() {
    let server = Server::start(|number, seen| {
        assert_eq!(seen.header("x-cff-request-version"), Some("v0"));
        assert_eq!(seen.header("x-cff-log-type"), Some("tail"));
        assert_eq!(seen.header("x-cff-instance-memory"), Some("512"));
        let code = if number == 1 { "0" } else { "4002" };
        Reply(200, Vec::new(), vec![0, 159, 146, 150])
            .header("x-cff-request-id", "inv-2")
            .header("x-cff-function-log", "YSBsaW5lCg==")
            .header("x-func-err-code", code)
            .header("x-is-func-err", if number == 1 { "false" } else { "true" })
            .header("x-cff-invoke-summary", "{}")
    })
    .await;
    let mut options = InvokeOptions::default();
    options.version = ResponseVersion::V0;
    options.log_tail = true;
    options.instance_memory = Some(512);
    let function = client(&server.url()).function(urn());
    let invocation = function.invoke_with("{}", &options).await.expect("an invocation");
    assert_eq!(invocation.payload.as_ref(), [0, 159, 146, 150]);
    assert_eq!((invocation.is_error, invocation.status), (false, 200));
    assert_eq!(invocation.request_id.as_deref(), Some("inv-2"));
    assert_eq!((invocation.log.as_str(), invocation.summary.as_deref()), ("a line\n", Some("{}")));
    assert!(!format!("{invocation:?}").contains("a line"));
    let failed = function.invoke_with("{}", &options).await.expect("an invocation");
    assert_eq!((failed.is_error, failed.status), (true, 4002));
    failed.into_result(&function).expect_err("the function's error");
}

#[tokio::test]
async fn an_asynchronous_invocation_has_an_id() {
    let server = Server::start(|_, _| Reply::json(202, r#"{"request_id":"inv-3"}"#)).await;
    let function = client(&server.url()).function(urn());
    assert_eq!(function.invoke_async(&Greeting { name: "Ada" }).await.expect("an id"), "inv-3");
}

#[tokio::test]
async fn an_invocation_may_take_its_own_time() {
    let (url, _) = misbehave(vec![Act::Wait]).await;
    let client = builder(&url).build().expect("a client");
    let mut options = InvokeOptions::default();
    options.timeout = Some(std::time::Duration::from_millis(50));
    let error = client.function(urn()).invoke_with("{}", &options).await.expect_err("too long");
    let Error::Transport(error) = error else { panic!("{error}") };
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
}
