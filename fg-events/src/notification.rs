//! Asynchronous notifications: sent to a function that is the destination of another function's
//! asynchronous invocations.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Time;
use crate::content::{ContentError, json};
use crate::record::{fixture, record};

record! {
    /// An asynchronous invocation of another function has ended. Two functions must not be
    /// destinations of each other.
    pub struct AsyncNotification {
        payload {
            /// The invocation.
            pub request_context: RequestContext as "request_context" => with_request_context,
            /// Its outcome.
            pub response_context: ResponseContext as "response_context" => with_response_context,
        }
        /// When it ended.
        pub timestamp: Option<Time> => with_timestamp,
        /// Its event, as a string; see [`request_as`](Self::request_as).
        pub request_payload: Value => with_request_payload,
        /// Its response, as a string; see [`response_as`](Self::response_as).
        pub response_payload: Value => with_response_payload,
    }
}

record! {
    /// An invocation.
    pub struct RequestContext {
        /// Its id.
        pub request_id: String => with_request_id,
        /// The function.
        pub function_urn: String => with_function_urn,
        /// Empty in all samples.
        pub condition: String => with_condition,
        /// The approximate number of attempts.
        pub approximate_invoke_count: Option<u64> => with_approximate_invoke_count,
    }
}

record! {
    /// The outcome of an invocation.
    pub struct ResponseContext {
        /// The status of the invocation, 200 if it succeeded.
        pub status_code: Option<i64> => with_status_code,
        /// The error, empty if it succeeded.
        pub function_error: String => with_function_error,
    }
}

impl AsyncNotification {
    /// Whether the invocation succeeded: it has no error, and no status other than 200.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.response_context.function_error.is_empty()
            && self.response_context.status_code.is_none_or(|status| status == 200)
    }

    /// Deserializes the event of the invocation, which may be a string with JSON in it.
    ///
    /// # Errors
    ///
    /// If it does not fit.
    pub fn request_as<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        json::open("request_payload", &self.request_payload)
    }

    /// Deserializes the response of the invocation, which may be a string with JSON in it.
    ///
    /// # Errors
    ///
    /// If it does not fit.
    pub fn response_as<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        json::open("response_payload", &self.response_payload)
    }
}

fixture!(AsyncNotification, "notification.json");
