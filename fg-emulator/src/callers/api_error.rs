//! The responses of the platform's API to requests that it refuses.

use serde_json::json;

use crate::execution::platform_error::PlatformError;
use crate::http::response::Response;

/// The platform's JSON for an error, with this code and message.
pub(super) fn error_response(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, json!({"error_code": code, "error_msg": message}).to_string())
}

/// The response to an invocation that the platform refuses.
pub(super) fn platform_error_response(error: &PlatformError) -> Response {
    error_response(error.http_status(), error.code(), &error.platform_message())
}

/// The response to a request that is refused before its path is looked at.
pub(super) fn early_error_response(status: u16, reason: &str) -> Response {
    let code = match status {
        403 => "FSS.0403",
        408 => "FSS.0408",
        413 => "FSS.0413",
        501 => "FSS.0501",
        503 => "FSS.0503",
        _ => "FSS.0400",
    };
    error_response(status, code, reason)
}
