//! The notification about the result of an asynchronous invocation.

use std::sync::Arc;
use std::time::SystemTime;

use humantime::format_rfc3339_millis;
use serde_json::{Value, json};

use super::Outcome;
use crate::runtime_api::event::Event;

/// Is called with notifications.
pub(crate) type Destination = Arc<dyn Fn(&Notification) + Send + Sync>;

/// What the destination of an asynchronous invocation gets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notification {
    /// The request id.
    pub request_id: String,
    /// Whether the function returned a response.
    pub succeeded: bool,
    payload: Value,
}

impl Notification {
    /// The platform's JSON: `timestamp`, `request_context`, `request_payload`, `response_context`,
    /// `response_payload`.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.payload.to_string()
    }

    /// The notification about an event, for the function with this URN, after this number of
    /// invocations.
    #[must_use]
    pub fn new(urn: &str, event: &Event, invocations: u32, outcome: &Outcome) -> Self {
        let (status, function_error) = match outcome {
            Outcome::Response(_) | Outcome::Streamed { .. } => (200, String::new()),
            Outcome::Error(error) => (500, error.error_type.clone()),
            Outcome::Platform(error) => (
                if error.http_status() == 200 { 500 } else { error.http_status() },
                error.code().to_owned(),
            ),
        };
        let condition = match outcome {
            Outcome::Response(_) | Outcome::Streamed { .. } => "",
            Outcome::Error(_) => "UnhandledInvocationError",
            Outcome::Platform(_) => "InvocationError",
        };
        let payload = json!({
            "timestamp": format_rfc3339_millis(SystemTime::now()).to_string(),
            "request_context": {
                "request_id": event.id(),
                "function_urn": urn,
                "condition": condition,
                // The documented payload of an invocation that succeeds at the first attempt has 0.
                "approximate_invoke_count": invocations.saturating_sub(1),
            },
            "request_payload": String::from_utf8_lossy(event.body()),
            "response_context": {"status_code": status, "function_error": function_error},
            "response_payload": String::from_utf8_lossy(&outcome.body()),
        });
        Self { request_id: event.id().to_owned(), succeeded: outcome.is_response(), payload }
    }
}
