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
/// use fg_http::StatusCode;
///
/// let page = Response::html("<h1>Hello!</h1>").with_header("cache-control", "no-store")?;
/// let created = Response::json(&serde_json::json!({ "id": 7 }))?.with_status(StatusCode::CREATED);
/// let image = Response::new(StatusCode::OK).with_header("content-type", "image/png")?.with_body(vec![0x89, b'P', b'N', b'G']);
/// assert_eq!((created.status().as_u16(), page.headers()["cache-control"].as_bytes()), (201, &b"no-store"[..]));
/// # Ok::<(), fg_core::Failure>(())
/// ```
#[derive(Clone, Debug)]
pub struct Response(http::Response<Bytes>);

impl Response {
    /// Creates a response with this status, without headers or body.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
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

    /// Sets the status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        *self.0.status_mut() = status;
        self
    }

    /// Adds a header; one of the same name stays, except a `content-type`, which is replaced.
    ///
    /// # Errors
    ///
    /// [`Failure::INVALID_RESPONSE`] if HTTP does not allow the name or the value, such as one with
    /// a line break. The message does not show the value: it may be a secret.
    pub fn with_header(
        mut self,
        name: impl AsRef<str>,
        value: impl AsRef<[u8]>,
    ) -> Result<Self, Failure> {
        let name = name.as_ref();
        let invalid = |message| Failure::new(Failure::INVALID_RESPONSE, message);
        let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
            return Err(invalid(format!(
                "{name:?} cannot be the name of a header of the response"
            )));
        };
        let value = HeaderValue::from_bytes(value.as_ref()).map_err(|_| {
            invalid(format!(
                "the header `{header}` of the response has control characters in its value"
            ))
        })?;
        if header == CONTENT_TYPE {
            drop(self.headers_mut().insert(header, value));
        } else {
            self.headers_mut()
                .try_append(header, value)
                .map_err(|_| invalid("the response has too many headers".to_owned()))?;
        }
        Ok(self)
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        *self.0.body_mut() = body.into();
        self
    }

    /// The response of the crate `http`.
    #[must_use]
    pub fn into_inner(self) -> http::Response<Bytes> {
        self.0
    }
}

impl<B: Into<Bytes>> From<http::Response<B>> for Response {
    fn from(response: http::Response<B>) -> Self {
        Self(response.map(Into::into))
    }
}

impl Deref for Response {
    type Target = http::Response<Bytes>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Response {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// Writes the JSON that API Gateway expects.
impl IntoPayload for Response {
    fn write_payload(self, output: &mut ResponseBuffer) -> Result<(), Failure> {
        let (parts, body) = self.into_inner().into_parts();
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
                Response::html("")
                    .with_header("Content-Type", "image/png")
                    .expect("it is valid")
                    .with_body(vec![0xff])
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
    fn what_http_does_not_allow_is_an_error_at_once() {
        for (name, value, message) in [
            ("a b", "c", "\"a b\" cannot be the name of a header of the response"),
            (
                "x-a",
                "b\r\nset-cookie: c",
                "the header `x-a` of the response has control characters in its value",
            ),
        ] {
            let failure = Response::text("x").with_header(name, value).expect_err("it is invalid");
            assert_eq!(failure, Failure::new("InvalidResponse", message));
        }
    }

    #[test]
    fn what_the_gateway_does_not_take_is_an_error_when_it_is_written() {
        let status = |status| StatusCode::from_u16(status).expect("it is valid");
        let not_utf8 = Response::new(StatusCode::OK).with_header("x-a", b"\xe9");
        for (response, message) in [
            (
                Response::text("x").with_status(status(600)),
                "the status of the response is 600; API Gateway takes one from 200 to 599",
            ),
            (
                Response::new(status(101)),
                "the status of the response is 101; API Gateway takes one from 200 to 599",
            ),
            (not_utf8.expect("HTTP allows it"), "the header `x-a` of the response is not UTF-8"),
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
