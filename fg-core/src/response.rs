//! From the handler's result to the body of the response.

use std::borrow::Cow;

use serde::Serialize;

use crate::failure::Failure;
use crate::limits::{BUFFER, MEDIA_TYPE};
use crate::mutex::Mutex;
use crate::stream_response::BodyStream;

const JSON: &str = "application/json";
pub(crate) const BYTES: &str = "application/octet-stream";

/// What a handler's response is written to: a body in a buffer, or a stream.
///
/// The runtime owns one and reuses its buffer, so that a response needs no allocation.
#[derive(Debug)]
pub struct ResponseBuffer {
    body: Vec<u8>,
    content_type: Cow<'static, str>,
    /// Only accessed by `get_mut`: the mutex makes this type `Sync`, which a stream is not.
    stream: Mutex<Option<BodyStream>>,
}

impl Default for ResponseBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl ResponseBuffer {
    /// An empty response.
    #[must_use]
    pub const fn new() -> Self {
        Self { body: Vec::new(), content_type: Cow::Borrowed(JSON), stream: Mutex::new(None) }
    }

    /// An empty response with room for a body of so many bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { body: Vec::with_capacity(capacity), ..Self::new() }
    }

    /// Clears the response. Its buffer is kept, unless it is larger than [`BUFFER`].
    pub fn clear(&mut self) {
        self.body.clear();
        if self.body.capacity() > BUFFER {
            self.body = Vec::new();
        }
        self.content_type = Cow::Borrowed(JSON);
        drop(self.take_stream());
    }

    /// The body; empty if the response is streamed.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Converts the response into its body.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// The media type of the body; `application/json` by default.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// Replaces the response by the JSON of a value. A unit value, such as `()`, is an empty body.
    ///
    /// # Errors
    ///
    /// [`Failure::INVALID_RESPONSE`] if the value cannot be serialized as JSON. The response is
    /// empty then.
    pub fn write_json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.clear();
        if let Err(error) = serde_json::to_writer(&mut self.body, value) {
            self.clear();
            return Err(Failure::new(
                Failure::INVALID_RESPONSE,
                format!("the response cannot be serialized as JSON: {error}"),
            ));
        }
        // Unit types have no size and serialize as `null`. An `Option` that is `None` has a size.
        if size_of_val(value) == 0 && self.body == b"null" {
            self.body.clear();
        }
        Ok(())
    }

    /// Replaces the response by these bytes.
    pub fn set_bytes(&mut self, body: Vec<u8>, content_type: impl Into<Cow<'static, str>>) {
        self.clear();
        self.body = body;
        self.content_type = media_type(content_type.into());
    }

    /// Replaces the response by this stream.
    pub fn set_stream(&mut self, stream: BodyStream, content_type: impl Into<Cow<'static, str>>) {
        self.clear();
        self.stream = Mutex::new(Some(stream));
        self.content_type = media_type(content_type.into());
    }

    /// Takes the stream out of a streamed response.
    pub fn take_stream(&mut self) -> Option<BodyStream> {
        self.stream.get_mut().take()
    }
}

/// Replaces a media type that is too long for a header: the platform would reject the response.
fn media_type(text: Cow<'static, str>) -> Cow<'static, str> {
    if text.len() > MEDIA_TYPE { Cow::Borrowed(BYTES) } else { text }
}

/// The `T` of a handler's `Result<T, E>`: the response.
///
/// Every type that implements `serde::Serialize` is one, also one that borrows from the event.
/// [`RawResponse`] is sent byte for byte.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the response of a FunctionGraph handler",
    label = "cannot be written as the JSON response",
    note = "the `T` of the handler's `Result<T, E>` must implement `serde::Serialize`; for untouched bytes return `fg::RawResponse`",
    note = "for a type of this crate, add `#[derive(serde::Serialize)]` to it"
)]
pub trait IntoPayload {
    /// Writes the response.
    ///
    /// # Errors
    ///
    /// [`Failure::INVALID_RESPONSE`] if the value cannot be serialized.
    fn write_payload(self, response: &mut ResponseBuffer) -> Result<(), Failure>;
}

impl<T: Serialize> IntoPayload for T {
    fn write_payload(self, response: &mut ResponseBuffer) -> Result<(), Failure> {
        response.write_json(&self)
    }
}

/// A response of bytes that are sent as they are.
///
/// The content type is sent with the response. Whether the platform evaluates it is not documented.
///
/// ```
/// use fg_core::RawResponse;
///
/// let table = RawResponse::new("name,price\ntea,3\n").with_content_type("text/csv");
/// assert_eq!(table.content_type(), "text/csv");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawResponse {
    body: Vec<u8>,
    content_type: Cow<'static, str>,
}

impl RawResponse {
    /// Creates a response of these bytes, as `application/octet-stream`.
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), content_type: Cow::Borrowed(BYTES) }
    }

    /// Sets the media type. Characters that are not allowed in a header are removed when it is
    /// sent. A media type longer than [`MEDIA_TYPE`](crate::limits::MEDIA_TYPE) is sent as
    /// `application/octet-stream`.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<Cow<'static, str>>) -> Self {
        self.content_type = content_type.into();
        self
    }

    /// The bytes.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The media type.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }
}

#[diagnostic::do_not_recommend]
impl IntoPayload for RawResponse {
    fn write_payload(self, response: &mut ResponseBuffer) -> Result<(), Failure> {
        response.set_bytes(self.body, self.content_type);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn written(value: impl IntoPayload) -> Result<String, Failure> {
        let mut response = ResponseBuffer::new();
        value.write_payload(&mut response)?;
        Ok(String::from_utf8(response.into_body()).expect("JSON is text"))
    }

    #[derive(Serialize)]
    struct Done;

    #[test]
    fn a_unit_result_is_an_empty_body_and_nothing_else_is() {
        assert_eq!(written(()), Ok(String::new()));
        assert_eq!(written(Done), Ok(String::new()));
        assert_eq!(written(None::<u8>), Ok("null".to_owned()));
        assert_eq!(written([0_u8; 0]), Ok("[]".to_owned()));
    }

    #[test]
    fn a_value_that_json_cannot_hold_is_an_error_and_leaves_nothing_behind() {
        let mut response = ResponseBuffer::new();
        let failure =
            response.write_json(&BTreeMap::from([((1, 2), 3)])).expect_err("tuples cannot be keys");
        assert_eq!(
            failure,
            Failure::new(
                "InvalidResponse",
                "the response cannot be serialized as JSON: key must be a string"
            )
        );
        assert_eq!(response.body(), b"");
    }

    #[test]
    fn the_buffer_is_reused() {
        let mut response = ResponseBuffer::new();
        response.write_json("a long enough text").expect("text is JSON");
        let before = response.body().as_ptr();
        response.write_json("short").expect("text is JSON");
        assert_eq!((response.body(), response.body().as_ptr()), (&b"\"short\""[..], before));
    }

    #[test]
    fn a_media_type_that_is_too_long_is_replaced() {
        let mut response = ResponseBuffer::new();
        RawResponse::new("a")
            .with_content_type("x".repeat(1_000_000))
            .write_payload(&mut response)
            .expect("it is bytes");
        assert_eq!(
            (response.body(), response.content_type()),
            (&b"a"[..], "application/octet-stream")
        );
    }
}
