//! Converts between HTTP and the JSON of API Gateway, in both directions.
//!
//! | from | to | by | used by |
//! | --- | --- | --- | --- |
//! | event | HTTP request | [`request_of`] | a service that is an event function |
//! | HTTP response | function response | [`write_response`] | the same |
//! | HTTP request | event | [`event_of`] | a handler of events that is served over HTTP; a gateway for tests |
//! | function response | HTTP response | [`response_of`] | the same |
//!
//! A function response is the JSON object that API Gateway expects: `statusCode`, `headers`,
//! `body`, `isBase64Encoded`.
//!
//! Conversions are lossless: a round trip preserves the bytes of a body, for any content type, and
//! the values of repeated headers and parameters in their order. What JSON cannot represent, such
//! as a header that is not UTF-8, is an error.
//!
//! ```
//! use fg_http::apig;
//!
//! let event = br#"{"httpMethod":"PUT","path":"/orders/7","queryStringParameters":{"tag":["a","b"]},
//!     "headers":{"content-type":"image/png"},"body":"iVBORw==","isBase64Encoded":true}"#;
//! let request = apig::request_of(event)?;
//! assert_eq!(request.uri(), "/orders/7?tag=a&tag=b");
//! assert_eq!(request.headers()["content-type"], "image/png");
//! assert_eq!(&**request.body(), b"\x89PNG");
//! # Ok::<(), fg_core::Failure>(())
//! ```

mod gateway_event;
mod gateway_response;
mod headers_and_query;
mod json_output;
mod media_type;
mod nullable;

pub(crate) use self::gateway_event::read_request;
pub use self::gateway_event::{event_of, request_of};
pub use self::gateway_response::{response_of, write_response};

pub use fg_events::apig::RequestContext;

/// An extension of a request: the path parameters, by their names in the API's definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathParameters(pub fg_events::apig::Parameters);

/// An extension of a request: what the custom authorizer returned, if there is one. It is the field
/// `user_data` of the event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizerData(pub String);
