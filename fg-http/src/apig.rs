//! API Gateway's events and answers as HTTP requests and responses, in both directions.
//!
//! | from | to | by | who needs it |
//! | --- | --- | --- | --- |
//! | event | request | [`request_of`] | a service that is an event function |
//! | response | answer | [`write_answer`] | the same |
//! | request | event | [`event_of`] | a handler of events that is served over HTTP; a gateway for tests |
//! | answer | response | [`response_of`] | the same |
//!
//! What one direction writes, the other reads as it was: any bytes of a body, whatever the content
//! type; the values of repeated headers and parameters, in their order. What cannot stand in the
//! JSON, such as a header that is not UTF-8, is an error and never another text.
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
pub use self::gateway_response::{response_of, write_answer};

pub use fg_events::apig::RequestContext;

/// Among the extensions of a request: the parameters in the path, by their names in the API's
/// definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathParameters(pub fg_events::apig::Parameters);

/// Among the extensions of a request: what a custom authorizer returned, where there is one. The
/// field `user_data` of the event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizerData(pub String);
