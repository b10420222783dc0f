//! The response to the caller of a synchronous invocation.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fg_emulator::{Execution, Log, Outcome, ResponseHead};
use serde_json::json;

use super::refusal;
use crate::error::ApiError;
use crate::invoker::streamed_response::StreamedBody;

/// How the caller wants its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Inside JSON, with the log and the status.
    pub(super) is_v1: bool,
    has_log: bool,
}

impl Form {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let is = |name: &str, wanted: &str| {
            headers.get(name).is_some_and(|value| {
                value.as_bytes().trim_ascii().eq_ignore_ascii_case(wanted.as_bytes())
            })
        };
        Self { is_v1: is("X-CFF-Request-Version", "v1"), has_log: is("X-Cff-Log-Type", "tail") }
    }
}

/// The response to an invocation that has ended.
pub(super) fn response_of(execution: &Execution, form: Form) -> Result<Response, ApiError> {
    let Execution { outcome, summary, log, .. } = execution;
    let Form { is_v1, has_log } = form;
    if let Outcome::Platform(error) = outcome {
        if error.http_status() != 200 {
            let mut response = refusal(error).into_response();
            add(&mut response, "x-request-id", &summary.request_id);
            return Ok(response);
        }
    }
    let (error_code, status) = match outcome {
        Outcome::Response(_) | Outcome::Streamed { .. } => ("0", 200),
        Outcome::Error(_) => ("4002", 500),
        Outcome::Platform(error) => (error.code(), 500),
    };
    let log = if has_log { log.tail(Log::SHORT) } else { String::new() };
    let body = if is_v1 {
        let result = String::from_utf8_lossy(&outcome.body()).into_owned();
        let body = json!({"result": result, "log": &log, "status": status, "request_id": summary.request_id});
        body.to_string().into_bytes()
    } else {
        outcome.body().into_owned()
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::OK;
    for (name, value) in [
        ("content-type", "application/json"),
        ("x-cff-request-id", &summary.request_id),
        ("x-cff-invoke-summary", &summary.to_json()),
        ("x-cff-billing-duration", &summary.billed_duration.as_millis().to_string()),
        ("x-cff-response-version", if is_v1 { "v1" } else { "v0" }),
        ("x-func-err-code", error_code),
        ("x-is-func-err", if outcome.is_response() { "false" } else { "true" }),
    ] {
        add(&mut response, name, value);
    }
    if has_log {
        // The log in JSON is plain, that in the header is not (API reference, "executing a function
        // synchronously").
        add(&mut response, "x-cff-function-log", &BASE64_STANDARD.encode(log));
    }
    Ok(response)
}

/// The response to an invocation whose response is streamed. It ends the connection.
pub(super) fn streamed_response(
    request_id: &str,
    head: &ResponseHead,
    body: StreamedBody,
) -> Response {
    let mut response = Response::new(Body::new(body));
    let content_type = head.header("Content-Type").filter(|value| !value.is_empty());
    for (name, value) in [
        ("content-type", content_type.unwrap_or("application/octet-stream")),
        ("x-cff-request-id", request_id),
        ("x-request-id", request_id),
        ("x-cff-response-version", "v0"),
        ("x-func-err-code", "0"),
        ("x-is-func-err", "false"),
        ("connection", "close"),
    ] {
        add(&mut response, name, value);
    }
    response
}

/// Adds a header, unless its value cannot be one.
fn add(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}
