//! Responses to requests that are refused before anything is done for them, and to calls of the API
//! that are not emulated.

use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use fg_emulator::printable::excerpt;
use fg_emulator::random_request_id;
use serde_json::json;

use super::exchange::Told;
use crate::api::error::ApiError;

/// How much of a path is repeated in a message, in characters.
const MAX_QUOTED: usize = 200;

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

/// The response to a request whose body is not read: it ends the connection.
pub(super) fn refuse(status: StatusCode, reason: impl Into<String>) -> Response {
    let reason = reason.into();
    let mut response = ApiError::new(status, code(status), reason.as_str()).into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    Told::because(reason).with(response)
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

/// The response to a call of the platform's APIs that is not emulated.
pub(crate) async fn not_emulated(method: Method, uri: Uri) -> Response {
    let path = excerpt(uri.path(), MAX_QUOTED);
    let message = format!(
        "{method} {path} is a call of the platform's API that is not emulated here; POST /v2/PROJECT/fgs/functions/URN/invocations and \
         ../invocations-async are, and docs/local.md lists the others"
    );
    let error = ApiError::new(StatusCode::NOT_IMPLEMENTED, "FSS.0501", message);
    Told::because("it is not emulated").with(error.into_response())
}

/// The response to a call of the API with another method than those in `Allow`, which the router
/// adds.
pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> ApiError {
    let path = excerpt(uri.path(), MAX_QUOTED);
    let message =
        format!("{method} is not a method of {path}; the header Allow has those that are");
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "FSS.0405", message)
}
