//! Cloud Trace Service: who did what to which resource.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::Time;
use crate::content::{ContentError, json};
use crate::record::{fixture, record};

record! {
    /// An operation was recorded (trigger `CTS`).
    pub struct CtsEvent {
        payload(cts = bare_trace) {
            /// The record. A record that is not wrapped in an object is accepted, too.
            pub cts: CtsTrace as "cts" => with_cts,
        }
    }
}

record! {
    /// A record. Services send many more fields than these; they are in [`extra`](Self::extra).
    pub struct CtsTrace {
        payload {
            /// The operation.
            pub trace_name: String as "trace_name" => with_trace_name,
            /// A unique id.
            pub trace_id: String as "trace_id" => with_trace_id,
        }
        /// When it happened.
        pub time: Option<Time> => with_time,
        /// Who did it.
        pub user: CtsUser => with_user,
        /// The request: an object, or a string with its JSON; see
        /// [`request_as`](Self::request_as).
        pub request: Value => with_request,
        /// The response: an object, or a string with its JSON; see
        /// [`response_as`](Self::response_as).
        pub response: Value => with_response,
        /// The HTTP status; older records do not have it.
        pub code: Option<i64> => with_code,
        /// The service.
        pub service_type: String => with_service_type,
        /// The kind of resource.
        pub resource_type: String => with_resource_type,
        /// The name of the resource.
        pub resource_name: String => with_resource_name,
        /// The id of the resource.
        pub resource_id: String => with_resource_id,
        /// The address of the client.
        pub source_ip: String => with_source_ip,
        /// `normal`, `warning` or `incident`, in older records.
        pub trace_rating: String => with_trace_rating,
        /// `normal`, `warning` or `incident`.
        pub trace_status: String => with_trace_status,
        /// `ConsoleAction`, `ApiCall` or `SystemAction`.
        pub trace_type: String => with_trace_type,
        /// The version of the API that was called.
        pub api_version: String => with_api_version,
        /// When it was recorded.
        pub record_time: Option<Time> => with_record_time,
    }
}

record! {
    /// A user.
    pub struct CtsUser {
        /// Name.
        pub name: String => with_name,
        /// Id.
        pub id: String => with_id,
        /// The account that the user belongs to.
        pub domain: CtsDomain => with_domain,
    }
}

record! {
    /// An account.
    pub struct CtsDomain {
        /// Name.
        pub name: String => with_name,
        /// Id.
        pub id: String => with_id,
    }
}

/// The record of an event without `cts`, which is the event itself.
fn bare_trace(event: &mut Map<String, Value>) -> Result<Option<CtsTrace>, serde_json::Error> {
    if !event.contains_key("trace_name") && !event.contains_key("trace_id") {
        return Ok(None);
    }
    CtsTrace::deserialize(Value::Object(std::mem::take(event))).map(Some)
}

impl CtsTrace {
    /// Deserializes the request.
    ///
    /// # Errors
    ///
    /// If it does not fit.
    pub fn request_as<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        json::open("cts.request", &self.request)
    }

    /// Deserializes the response.
    ///
    /// # Errors
    ///
    /// If it does not fit.
    pub fn response_as<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        json::open("cts.response", &self.response)
    }
}

fixture!(CtsEvent, "cts.json");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_not_wrapped_in_an_object_is_read() {
        let event: CtsEvent =
            serde_json::from_str(r#"{"trace_name":"n","user":{"name":"ada"},"x":1}"#)
                .expect("it is read");
        assert_eq!(
            (event.cts.trace_name.as_str(), event.cts.user.name.as_str(), event.cts.extra.len()),
            ("n", "ada", 1)
        );
        assert!(event.extra.is_empty());
    }

    #[test]
    fn a_request_is_read_from_an_object_and_from_a_string() {
        for request in [serde_json::json!({ "count": 1 }), Value::from(r#"{"count":1}"#)] {
            let trace = CtsTrace::new().with_request(request);
            assert_eq!(
                trace.request_as::<std::collections::BTreeMap<String, u8>>().expect("it fits")["count"],
                1
            );
        }
        let error = CtsTrace::new()
            .with_request(Value::from("x"))
            .request_as::<u8>()
            .expect_err("x is no number");
        assert!(
            error.to_string().starts_with("`cts.request` does not fit: invalid type: string \"x\""),
            "{error}"
        );
    }
}
