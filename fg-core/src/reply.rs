//! From the handler's result to the bytes of the reply.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::failure::Failure;
use crate::limits::{BUFFER, MEDIA_TYPE};
use crate::stream::BodyStream;

const JSON: &str = "application/json";
pub(crate) const BYTES: &str = "application/octet-stream";

/// Where a handler's result is written: a body in a buffer, or a stream of pieces.
///
/// The runtime owns one and reuses its buffer, so that a reply costs no allocation.
#[derive(Debug)]
pub struct Reply {
    body: Vec<u8>,
    content_type: Cow<'static, str>,
    /// Behind a lock that is never taken, because a stream is not `Sync` and a reply is lent across
    /// threads.
    stream: Mutex<Option<BodyStream>>,
}

impl Default for Reply {
    fn default() -> Self {
        Self::new()
    }
}

impl Reply {
    /// An empty reply.
    #[must_use]
    pub const fn new() -> Self {
        Self { body: Vec::new(), content_type: Cow::Borrowed(JSON), stream: Mutex::new(None) }
    }

    /// An empty reply with room for a body of so many bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { body: Vec::with_capacity(capacity), ..Self::new() }
    }

    /// Empties the reply and keeps its buffer, unless that is larger than most replies need.
    pub fn clear(&mut self) {
        self.body.clear();
        if self.body.capacity() > BUFFER {
            self.body = Vec::new();
        }
        self.content_type = Cow::Borrowed(JSON);
        drop(self.take_stream());
    }

    /// The body so far; empty where the reply is streamed.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, taken out of the reply.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// The media type of the body; `application/json` unless set.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// Replaces the reply by the JSON of a value. A unit value, such as `()`, is an empty body.
    ///
    /// # Errors
    ///
    /// [`Failure::INVALID_RESPONSE`] where the value cannot be written as JSON; the reply is empty
    /// then.
    pub fn write_json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.clear();
        if let Err(error) = serde_json::to_writer(&mut self.body, value) {
            self.clear();
            return Err(Failure::new(
                Failure::INVALID_RESPONSE,
                format!("the reply cannot be written as JSON: {error}"),
            ));
        }
        // Only `()` and unit structs have no size and are `null`; an `Option` that is `None` has a
        // size.
        if size_of_val(value) == 0 && self.body == b"null" {
            self.body.clear();
        }
        Ok(())
    }

    /// Replaces the reply by these bytes.
    pub fn set_bytes(&mut self, body: Vec<u8>, content_type: impl Into<Cow<'static, str>>) {
        self.clear();
        self.body = body;
        self.content_type = media_type(content_type.into());
    }

    /// Replaces the reply by this stream.
    pub fn set_stream(&mut self, stream: BodyStream, content_type: impl Into<Cow<'static, str>>) {
        self.clear();
        self.stream = Mutex::new(Some(stream));
        self.content_type = media_type(content_type.into());
    }

    /// The stream, if the reply is one, taken out of it.
    pub fn take_stream(&mut self) -> Option<BodyStream> {
        self.stream.get_mut().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A media type goes into a header, and a header that is too long makes the whole reply be refused.
fn media_type(text: Cow<'static, str>) -> Cow<'static, str> {
    if text.len() > MEDIA_TYPE { Cow::Borrowed(BYTES) } else { text }
}

/// The `T` of a handler's `Result<T, E>`: the reply.
///
/// Every type that implements `serde::Serialize` is one, also one that borrows from the event.
/// [`RawResponse`] sends bytes as they are.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the response of a FunctionGraph handler",
    label = "cannot be written as the JSON response",
    note = "the `T` of the handler's `Result<T, E>` must implement `serde::Serialize`; for untouched bytes return `fg::RawResponse`",
    note = "for a type of this crate, add `#[derive(serde::Serialize)]` to it"
)]
pub trait IntoPayload {
    /// Writes the reply.
    ///
    /// # Errors
    ///
    /// [`Failure::INVALID_RESPONSE`] where the value cannot be written.
    fn write_payload(self, reply: &mut Reply) -> Result<(), Failure>;
}

impl<T: Serialize> IntoPayload for T {
    fn write_payload(self, reply: &mut Reply) -> Result<(), Failure> {
        reply.write_json(&self)
    }
}

/// A reply of bytes that are sent as they are.
///
/// The content type is sent with the reply; no source says that the platform looks at it.
///
/// ```
/// use fg_core::RawResponse;
///
/// let reply = RawResponse::new("name,price\ntea,3\n").with_content_type("text/csv");
/// assert_eq!(reply.content_type(), "text/csv");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawResponse {
    body: Vec<u8>,
    content_type: Cow<'static, str>,
}

impl RawResponse {
    /// These bytes, as `application/octet-stream`.
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), content_type: Cow::Borrowed(BYTES) }
    }

    /// Sets the media type. Characters that cannot stand in a header are left out when it is sent,
    /// and one that is longer than [`MEDIA_TYPE`](crate::limits::MEDIA_TYPE) is sent as
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
    fn write_payload(self, reply: &mut Reply) -> Result<(), Failure> {
        reply.set_bytes(self.body, self.content_type);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn written(value: impl IntoPayload) -> Result<String, Failure> {
        let mut reply = Reply::new();
        value.write_payload(&mut reply)?;
        Ok(String::from_utf8(reply.into_body()).expect("JSON is text"))
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
        let mut reply = Reply::new();
        let failure =
            reply.write_json(&BTreeMap::from([((1, 2), 3)])).expect_err("tuples cannot be keys");
        assert_eq!(
            failure,
            Failure::new(
                "InvalidResponse",
                "the reply cannot be written as JSON: key must be a string"
            )
        );
        assert_eq!(reply.body(), b"");
    }

    #[test]
    fn the_buffer_is_reused() {
        let mut reply = Reply::new();
        reply.write_json("a long enough text").expect("text is JSON");
        let before = reply.body().as_ptr();
        reply.write_json("short").expect("text is JSON");
        assert_eq!((reply.body(), reply.body().as_ptr()), (&b"\"short\""[..], before));
    }

    #[test]
    fn a_media_type_that_is_too_long_is_none() {
        let mut reply = Reply::new();
        RawResponse::new("a")
            .with_content_type("x".repeat(1_000_000))
            .write_payload(&mut reply)
            .expect("it is bytes");
        assert_eq!((reply.body(), reply.content_type()), (&b"a"[..], "application/octet-stream"));
    }
}
