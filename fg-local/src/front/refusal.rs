//! Responses to requests that are refused before anything is done for them.

use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use fg_emulator::random_request_id;
use serde_json::json;

use crate::error::ApiError;

/// The platform's code for a request that is refused before its path is looked at.
fn code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "FSS.0403",
        408 => "FSS.0408",
        413 => "FSS.0413",
        501 => "FSS.0501",
        503 => "FSS.0503",
        500 => "FSS.0500",
        _ => "FSS.0400",
    }
}

/// Why a request is refused before its body has been read.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    reason: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        closing(ApiError::new(self.status, code(self.status), self.reason).into_response())
    }
}

/// A response that ends the connection, since the body of the request is not read.
pub(super) fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The same as bytes, for what is no request that could be responded to.
pub(super) fn refusal_bytes(status: StatusCode, reason: &str) -> Vec<u8> {
    let body = json!({"error_code": code(status), "error_msg": reason}).to_string();
    let retry = if status == StatusCode::SERVICE_UNAVAILABLE { "Retry-After: 1\r\n" } else { "" };
    format!(
        "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nX-Request-Id: {}\r\n{retry}Connection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        status.as_u16(),
        status.canonical_reason().unwrap_or("Refused"),
        random_request_id(),
        body.len()
    )
    .into_bytes()
}
