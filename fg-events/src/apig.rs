//! API Gateway: the request, and the response to it.
//!
//! The dedicated gateway, the shared one and APIC of ROMA Connect send the same shape; for APIC it
//! is assumed, without a sample.
//!
//! ```
//! use fg_events::apig::{ApigEvent, ApigResponse};
//!
//! async fn hello(request: ApigEvent) -> Result<ApigResponse, std::convert::Infallible> {
//!     let name = request.query.get("name").unwrap_or("world");
//!     Ok(ApigResponse::from(format!("Hello, {name}!")).with_header("cache-control", "no-store"))
//! }
//! ```

use std::borrow::Cow;

use serde::de::DeserializeOwned;

pub use crate::apig_response::ApigResponse;
use crate::content::{ContentError, base64, json};
pub use crate::fields::{Fields, Headers, Parameters};
use crate::record::{fixture, record};

record! {
    /// A request (triggers `DEDICATEDGATEWAY`, `APIG`, and presumably `APIC`).
    pub struct ApigEvent {
        payload {
            /// `GET`, `POST` and so on.
            pub http_method: String as "httpMethod" => with_http_method,
            /// The full path, without the query.
            pub path: String as "path" => with_path,
        }
        /// The headers; the gateway sends their names in lower case.
        pub headers: Headers => with_headers,
        /// The query parameters. How a repeated one arrives is not documented; a list is accepted.
        #[serde(rename = "queryStringParameters")]
        pub query: Parameters => with_query,
        /// The path parameters, by their names in the API's definition.
        #[serde(rename = "pathParameters")]
        pub path_parameters: Parameters => with_path_parameters,
        /// The request context.
        #[serde(rename = "requestContext")]
        pub request_context: RequestContext => with_request_context,
        /// The body as in the payload; see [`body`](Self::body).
        #[serde(rename = "body")]
        pub body_text: String [json] => with_body_text,
        /// Whether [`body_text`](Self::body_text) is base64, as it is by default.
        #[serde(rename = "isBase64Encoded")]
        pub is_base64_encoded: bool => with_is_base64_encoded,
        /// What a custom authorizer returned; the field is named as in the platform's Go SDK.
        pub user_data: String [json] => with_user_data,
    }
}

record! {
    /// The gateway's metadata of a request.
    pub struct RequestContext {
        /// The API.
        #[serde(rename = "apiId")]
        pub api_id: String => with_api_id,
        /// The gateway's id of the request, which differs from that of the invocation.
        #[serde(rename = "requestId")]
        pub request_id: String => with_request_id,
        /// The environment in which the API is published, such as `RELEASE`.
        pub stage: String => with_stage,
        /// The address of the client, if the gateway sends it.
        #[serde(rename = "sourceIp")]
        pub source_ip: String => with_source_ip,
    }
}

impl ApigEvent {
    /// The first value of a header. The name is case-insensitive.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The body.
    ///
    /// If it is marked as base64 but is not, as in the console's test events, it is returned as it
    /// is. [`body_strict`](Self::body_strict) returns an error instead.
    #[must_use]
    pub fn body(&self) -> Cow<'_, [u8]> {
        self.body_strict().unwrap_or(Cow::Borrowed(self.body_text.as_bytes()))
    }

    /// The body.
    ///
    /// # Errors
    ///
    /// If it is marked as base64 but is not.
    pub fn body_strict(&self) -> Result<Cow<'_, [u8]>, ContentError> {
        if self.is_base64_encoded {
            return base64::decode("body", &self.body_text).map(Cow::Owned);
        }
        Ok(Cow::Borrowed(self.body_text.as_bytes()))
    }

    /// Deserializes the body from JSON.
    ///
    /// # Errors
    ///
    /// If it is not JSON, or does not fit.
    pub fn body_json<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        json::parse("body", &self.body())
    }

    /// Sets the body, encoded in base64 as the gateway does by default.
    #[must_use]
    pub fn with_body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body_text = base64::encode(body.as_ref());
        self.is_base64_encoded = true;
        self
    }
}

/// Deserializes the fields of an [`ApigEvent`], for `fg-http`, which reads the same event without
/// copies. Not part of the public API.
#[doc(hidden)]
pub mod reading {
    use std::borrow::Cow;

    use serde::Deserializer;
    use serde::de::{Error, Expected, MapAccess};

    use crate::number;
    use crate::tolerant::{Borrowed, field};

    pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
        field(deserializer)
    }

    pub fn request_context<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<super::RequestContext, D::Error> {
        field(deserializer)
    }

    pub fn string<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_any(Borrowed::<false>)
    }

    pub fn string_or_json<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_any(Borrowed::<true>)
    }

    pub fn string_of_float<E: Error>(number: f64, expected: &dyn Expected) -> Result<String, E> {
        number::string_of_float(number, expected)
    }

    pub fn string_of_entries<'de, A: MapAccess<'de>>(
        entries: A,
        expected: &dyn Expected,
    ) -> Result<Option<String>, A::Error> {
        number::string_of_entries(entries, expected)
    }
}

fixture!(ApigEvent, "apig.json");

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> ApigEvent {
        serde_json::from_str(json).expect("it is read")
    }

    #[test]
    fn a_body_is_bytes_whether_it_is_base64_or_not() {
        let request = ApigEvent::new().with_body([0xff, 0x00]);
        assert_eq!((request.body_text.as_str(), &*request.body()), ("/wA=", &[0xff, 0x00][..]));
        assert_eq!(&*event(r#"{"body":"/wA=","isBase64Encoded":"false"}"#).body(), b"/wA=");
    }

    #[test]
    fn a_body_that_is_wrongly_marked_as_base64_is_used_as_it_is() {
        let request = event(r#"{"body":"{\"a\":1}","isBase64Encoded":true}"#);
        assert_eq!(&*request.body(), br#"{"a":1}"#);
        assert!(request.body_strict().is_err_and(|error| {
            error.to_string().starts_with("`body` is not base64: Invalid symbol")
        }));
    }

    #[test]
    fn a_body_that_does_not_fit_is_named_with_its_path() {
        let request = event(r#"{"body":"{\"items\":[1,\"x\"]}"}"#);
        let error = request
            .body_json::<std::collections::BTreeMap<String, Vec<u8>>>()
            .expect_err("x is no number");
        assert_eq!(
            error.to_string(),
            "`body` does not fit: `items[1]`: invalid type: string \"x\", expected u8 at line 1 column 15"
        );
        assert_eq!(
            ApigEvent::new()
                .body_json::<u8>()
                .expect_err("it is empty")
                .to_string()
                .split(':')
                .next(),
            Some("`body` is empty, not JSON")
        );
    }

    #[test]
    fn headers_and_parameters_may_be_lists_numbers_or_null() {
        let request = event(
            r#"{"headers":{"Accept":["a","b"],"x-n":5,"x-0":null},"queryStringParameters":{"id":["1",2]},"pathParameters":null}"#,
        );
        assert_eq!(request.headers.get_all("ACCEPT").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((request.header("X-N"), request.header("x-0")), (Some("5"), None));
        assert_eq!(request.query.get_all("id").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(request.query.get("ID"), None);
    }
}
