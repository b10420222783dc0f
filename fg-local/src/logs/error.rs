//! Errors in the form of LTS: `error_code` with `LTS.` and four digits, and `error_msg`.

use std::fmt;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request to LTS is refused. The codes and the first words of the messages are those of its
/// API reference, "Error Codes".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LtsError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl LtsError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(crate) fn not_json(reason: impl fmt::Display) -> Self {
        let message = format!("The request body format must be json: {reason}");
        Self::new(StatusCode::BAD_REQUEST, "LTS.0007", message)
    }

    /// A parameter is missing or has a wrong value.
    pub(crate) fn invalid(reason: impl fmt::Display) -> Self {
        let message = format!("Failed to validate the request body: {reason}");
        Self::new(StatusCode::BAD_REQUEST, "LTS.0009", message)
    }

    pub(crate) fn no_group(id: &str) -> Self {
        let message = format!("The log group is not existed: {}", id.escape_debug());
        Self::new(StatusCode::BAD_REQUEST, "LTS.0201", message)
    }

    pub(crate) fn no_stream(id: &str) -> Self {
        let message = format!("The log stream does not existed: {}", id.escape_debug());
        Self::new(StatusCode::BAD_REQUEST, "LTS.0208", message)
    }

    pub(crate) fn wildcard_first(word: &str) -> Self {
        let message = format!(
            "'*' and '?' not allowed as first character: {:?}",
            word.chars().take(100).collect::<String>()
        );
        Self::new(StatusCode::BAD_REQUEST, "LTS.0301", message)
    }

    /// The stream could not be read.
    pub(crate) fn failed(reason: impl fmt::Display) -> Self {
        let message = format!("Failed to query lts log: {reason}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "LTS.0202", message)
    }
}

impl fmt::Display for LtsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for LtsError {}

impl IntoResponse for LtsError {
    fn into_response(self) -> Response {
        let body = json!({"error_code": self.code, "error_msg": self.message});
        (self.status, axum::Json(body)).into_response()
    }
}
