//! The event of a typed HTTP handler.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};

use bytes::Bytes;
use fg_core::{Failure, FromPayload, HttpEvent};
use serde::de::DeserializeOwned;

use crate::apig::{self, PathParameters, RequestContext};
use crate::deserialize;

/// An HTTP request with a buffered body: the event of a handler behind API Gateway, in an HTTP
/// function or in a container.
///
/// It dereferences to [`http::Request`]: `request.method()`, `request.headers()`,
/// `request.uri().path()`.
///
/// ```
/// use fg_core::{Context, Error};
/// use fg_http::{Request, Response};
///
/// async fn greet(request: Request, _: &Context) -> Result<Response, Error> {
///     let name = request.query().find(|(name, _)| name == "name").map_or("world".into(), |(_, value)| value);
///     Ok(Response::text(format!("Hello, {name}!")))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Request(http::Request<Bytes>);

impl Request {
    /// The query parameters, decoded, in order.
    pub fn query(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.uri().query().unwrap_or_default().as_bytes())
    }

    /// A path parameter, by its name in the API's definition. Only API Gateway sends them.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> Option<&str> {
        self.extensions()
            .get::<PathParameters>()
            .and_then(|PathParameters(parameters)| parameters.get(name))
    }

    /// The request context of API Gateway.
    #[must_use]
    pub fn request_context(&self) -> Option<&RequestContext> {
        self.extensions().get()
    }

    /// Deserializes the body as JSON, for any content type.
    ///
    /// # Errors
    ///
    /// [`Failure::INVALID_PAYLOAD`] if the body is not JSON or does not fit. The message has the
    /// JSON path.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        const INTRO: &str = "the body of the request cannot be deserialized from JSON: ";
        deserialize::from_json(self.body())
            .map_err(|error| error.into_failure(Failure::INVALID_PAYLOAD, INTRO))
    }

    /// The body as a string.
    ///
    /// # Errors
    ///
    /// [`Failure::INVALID_PAYLOAD`] if it is not UTF-8.
    pub fn text(&self) -> Result<&str, Failure> {
        let wrong = |error| {
            Failure::new(
                Failure::INVALID_PAYLOAD,
                format!("the body of the request is not UTF-8: {error}"),
            )
        };
        std::str::from_utf8(self.body()).map_err(wrong)
    }

    /// Converts to the request type of the crate `http`.
    #[must_use]
    pub fn into_inner(self) -> http::Request<Bytes> {
        self.0
    }
}

impl From<http::Request<Bytes>> for Request {
    fn from(request: http::Request<Bytes>) -> Self {
        Self(request)
    }
}

impl From<Request> for http::Request<Bytes> {
    fn from(request: Request) -> Self {
        request.0
    }
}

impl Deref for Request {
    type Target = http::Request<Bytes>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Request {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// Deserializes an event of API Gateway, see [`apig::request_of`].
impl FromPayload<'_> for Request {
    fn from_payload(payload: &[u8]) -> Result<Self, Failure> {
        apig::request_of(payload).map(Self)
    }
}

impl HttpEvent for Request {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn request(body: &'static str) -> Request {
        http::Request::post("/a?x=1&y=a+b%21&x=2")
            .body(Bytes::from(body))
            .expect("it is valid")
            .into()
    }

    #[test]
    fn the_query_is_decoded_and_keeps_its_order() {
        let pairs: Vec<_> =
            request("").query().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(pairs, ["x=1", "y=a b!", "x=2"]);
    }

    #[test]
    fn a_body_that_does_not_fit_is_an_error_with_the_json_path() {
        assert_eq!(request("[1]").json::<Vec<u8>>(), Ok(vec![1]));
        let failure = request(r#"{"a":[1,"x"]}"#)
            .json::<BTreeMap<String, Vec<u8>>>()
            .expect_err("x is no number");
        assert_eq!(failure.error_type(), "InvalidPayload");
        let expected = "the body of the request cannot be deserialized from JSON: `a[1]`: invalid type: string \"x\", expected u8 at line 1 column 11";
        assert_eq!(failure.message(), expected);
        let failure = request("").json::<u8>().expect_err("there is none");
        assert_eq!(
            failure.message(),
            "the body of the request cannot be deserialized from JSON: it is empty"
        );
    }

    #[test]
    fn a_body_is_a_string_if_it_is_utf8() {
        assert_eq!(request("é").text(), Ok("é"));
        let binary = Request::from(http::Request::new(Bytes::from_static(b"\xff")));
        assert!(binary.text().is_err_and(|failure| {
            failure.message().starts_with("the body of the request is not UTF-8: ")
        }));
    }

    #[test]
    fn a_request_is_an_http_event() {
        const { assert!(fg_core::__private::EventKind::<Request>::FG_HTTP) };
    }

    #[test]
    fn an_event_of_the_gateway_is_read() {
        let request =
            Request::from_payload(fg_events::apig::FIXTURE.as_bytes()).expect("it is one");
        let event = fg_events::apig::fixture();
        assert_eq!(
            (request.method().as_str(), request.uri().path()),
            (event.http_method.as_str(), event.path.as_str())
        );
        assert_eq!(request.request_context(), Some(&event.request_context));
        assert_eq!(&**request.body(), &*event.body());
        for (name, value) in event.path_parameters.iter() {
            assert_eq!(request.path_parameter(name), Some(value));
        }
    }
}
