//! The response of a typed HTTP handler.

use std::ops::{Deref, DerefMut};

use bytes::Bytes;
use fg_core::{Failure, IntoPayload, ResponseBuffer};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::apig;

/// An HTTP response with a buffered body.
///
/// It dereferences to [`http::Response`]. The response of a handler is written as the JSON that API
/// Gateway expects, see [`apig::write_response`]; served over HTTP, it is sent as it is.
///
/// ```
/// use fg_http::Response;
///
/// let page = Response::html("<h1>Hello!</h1>").with_header("cache-control", "no-store");
/// let created = Response::json(&serde_json::json!({ "id": 7 }))?.with_status(201);
/// let image = Response::new(200).with_header("content-type", "image/png").with_body(vec![0x89, b'P', b'N', b'G']);
/// assert_eq!((created.status().as_u16(), page.headers()["cache-control"].as_bytes()), (201, &b"no-store"[..]));
/// # Ok::<(), fg_core::Failure>(())
/// ```
#[derive(Clone, Debug)]
pub struct Response {
    response: http::Response<Bytes>,
    /// The error of the first builder method that got an invalid value.
    error: Option<String>,
}

impl Response {
    /// Creates a response with this status, without headers or body. See
    /// [`with_status`](Self::with_status).
    #[must_use]
    pub fn new(status: impl TryInto<StatusCode>) -> Self {
        Self::from(http::Response::new(Bytes::new())).with_status(status)
    }

    /// `text/plain` in UTF-8.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::of_type("text/plain; charset=utf-8", text.into().into())
    }

    /// `text/html` in UTF-8.
    #[must_use]
    pub fn html(html: impl Into<String>) -> Self {
        Self::of_type("text/html; charset=utf-8", html.into().into())
    }

    /// The JSON of a value, as `application/json`.
    ///
    /// # Errors
    ///
    /// [`Failure::INVALID_RESPONSE`] if the value cannot be serialized as JSON.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, Failure> {
        let wrong = |error| {
            Failure::new(
                Failure::INVALID_RESPONSE,
                format!("the response cannot be serialized as JSON: {error}"),
            )
        };
        serde_json::to_vec(value)
            .map(|body| Self::of_type("application/json", body.into()))
            .map_err(wrong)
    }

    fn of_type(content_type: &'static str, body: Bytes) -> Self {
        let mut response = http::Response::new(body);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        response.into()
    }

    /// Sets the status: a [`StatusCode`] or a number. With an invalid one the invocation fails, see
    /// [`into_inner`](Self::into_inner).
    #[must_use]
    pub fn with_status(mut self, status: impl TryInto<StatusCode>) -> Self {
        match status.try_into() {
            Ok(status) => *self.response.status_mut() = status,
            Err(_) => {
                self.set_error(
                    "the status of the response is not a number from 100 to 999".to_owned(),
                );
            }
        }
        self
    }

    /// Appends a header, or replaces it if it is `content-type`. With a name or a value that HTTP
    /// does not allow, such as one with a line break, the invocation fails, see
    /// [`into_inner`](Self::into_inner).
    #[must_use]
    pub fn with_header(mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
        let name = name.as_ref();
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_ref())) {
            (Ok(name), Ok(value)) if name == CONTENT_TYPE => {
                drop(self.headers_mut().insert(name, value));
            }
            (Ok(name), Ok(value)) => {
                if self.headers_mut().try_append(name, value).is_err() {
                    self.set_error("the response has too many headers".to_owned());
                }
            }
            (Err(_), _) => {
                self.set_error(format!("{name:?} cannot be the name of a header of the response"));
            }
            // The value is not shown: it may be a secret.
            (Ok(name), Err(_)) => self.set_error(format!(
                "the header `{name}` of the response has control characters in its value"
            )),
        }
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        *self.response.body_mut() = body.into();
        self
    }

    /// Converts to the response type of the crate `http`.
    ///
    /// # Errors
    ///
    /// [`Failure::INVALID_RESPONSE`] if a builder method got a status or a header that HTTP does
    /// not allow. The message names it.
    pub fn into_inner(self) -> Result<http::Response<Bytes>, Failure> {
        match self.error {
            Some(error) => Err(Failure::new(Failure::INVALID_RESPONSE, error)),
            None => Ok(self.response),
        }
    }

    fn set_error(&mut self, error: String) {
        self.error.get_or_insert(error);
    }
}

impl<B: Into<Bytes>> From<http::Response<B>> for Response {
    fn from(response: http::Response<B>) -> Self {
        Self { response: response.map(Into::into), error: None }
    }
}

impl Deref for Response {
    type Target = http::Response<Bytes>;

    fn deref(&self) -> &Self::Target {
        &self.response
    }
}

impl DerefMut for Response {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.response
    }
}

/// Writes the JSON that API Gateway expects.
impl IntoPayload for Response {
    fn write_payload(self, output: &mut ResponseBuffer) -> Result<(), Failure> {
        let (parts, body) = self.into_inner()?.into_parts();
        apig::write_response(&parts, &body, output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn written(response: Response) -> Result<Value, Failure> {
        let mut buffer = ResponseBuffer::new();
        response.write_payload(&mut buffer)?;
        Ok(serde_json::from_slice(buffer.body()).expect("it is JSON"))
    }

    #[test]
    fn it_is_written_as_the_gateway_expects() {
        let expected = json!({
            "statusCode": 404, "headers": { "content-type": "text/plain; charset=utf-8" }, "isBase64Encoded": false, "body": "not here",
        });
        assert_eq!(
            written(Response::text("not here").with_status(StatusCode::NOT_FOUND)),
            Ok(expected)
        );
        let expected = json!({ "statusCode": 200, "headers": { "content-type": "image/png" }, "isBase64Encoded": true, "body": "/w==" });
        assert_eq!(
            written(
                Response::html("").with_header("Content-Type", "image/png").with_body(vec![0xff])
            ),
            Ok(expected)
        );
        let expected =
            json!({ "statusCode": 204, "headers": {}, "isBase64Encoded": false, "body": "" });
        assert_eq!(
            written(http::Response::builder().status(204).body("").expect("it is valid").into()),
            Ok(expected)
        );
    }

    #[test]
    fn what_http_does_not_allow_is_an_error_when_it_is_written() {
        for (response, message) in [
            (Response::new(0), "the status of the response is not a number from 100 to 999"),
            (
                Response::text("x").with_status(600),
                "the status of the response is 600; API Gateway takes one from 200 to 599",
            ),
            (
                Response::new(101),
                "the status of the response is 101; API Gateway takes one from 200 to 599",
            ),
            (
                Response::new(200).with_header("a b", "c"),
                "\"a b\" cannot be the name of a header of the response",
            ),
            (
                Response::new(200).with_header("x-a", "b\r\nset-cookie: c"),
                "the header `x-a` of the response has control characters in its value",
            ),
            (
                Response::new(200).with_header("x-a", b"\xe9"),
                "the header `x-a` of the response is not UTF-8",
            ),
        ] {
            assert_eq!(written(response), Err(Failure::new("InvalidResponse", message)));
        }
    }

    #[test]
    fn a_value_that_json_cannot_hold_is_an_error() {
        let failure = Response::json(&std::collections::BTreeMap::from([((1, 2), 3)]))
            .expect_err("tuples cannot be keys");
        assert_eq!(
            failure,
            Failure::new(
                "InvalidResponse",
                "the response cannot be serialized as JSON: key must be a string"
            )
        );
    }
}
