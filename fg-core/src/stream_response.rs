//! A reply that is made piece by piece while the caller already reads it.

use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use crate::error::Error;
use crate::failure::Failure;
use crate::response::{BYTES, IntoPayload, Reply};

/// A reply whose body comes in pieces: a handler returns it as `Result<fg::StreamResponse, E>`.
///
/// Each piece reaches the caller as soon as it is made, and the next one is asked for when there is
/// room for it, so a slow reader slows the stream down instead of filling memory. On the custom
/// runtime the body is a chunked POST, in a container image or an HTTP function a chunked response,
/// in a shell each piece is written to standard output.
///
/// - The function must have streaming enabled on the platform ("response streaming" in its advanced
///   settings); a streamed reply has at most 200 MB, and such a function at most 300 s.
/// - An error before the first piece is an ordinary error. After the first piece the body ends
///   without its end, so that the caller does not take it for complete, and the error is logged.
///   The same goes for a panic and for the deadline.
/// - If the caller goes away, the stream is dropped.
///
/// ```
/// use fg_core::StreamResponse;
/// # struct Lines;
/// # impl futures_core::Stream for Lines {
/// #     type Item = Result<String, std::io::Error>;
/// #     fn poll_next(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
/// #         std::task::Poll::Ready(None)
/// #     }
/// # }
///
/// async fn export() -> Result<StreamResponse, fg_core::Error> {
///     let lines = Lines; // any `Stream` of `Result<impl Into<Bytes>, E>`
///     Ok(StreamResponse::new(lines).with_content_type("text/csv"))
/// }
/// ```
#[derive(Debug)]
pub struct StreamResponse {
    body: BodyStream,
    content_type: Cow<'static, str>,
}

impl StreamResponse {
    /// The pieces of this stream, as `application/octet-stream`.
    pub fn new<S, B, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes>,
        E: Into<Error>,
    {
        Self { body: BodyStream::new(stream), content_type: Cow::Borrowed(BYTES) }
    }

    /// Sets the media type. Characters that cannot stand in a header are left out when it is sent.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<Cow<'static, str>>) -> Self {
        self.content_type = content_type.into();
        self
    }

    /// The media type.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The pieces, for a unit test or to pass them on.
    #[must_use]
    pub fn into_body(self) -> BodyStream {
        self.body
    }
}

#[diagnostic::do_not_recommend]
impl IntoPayload for StreamResponse {
    fn write_payload(self, reply: &mut Reply) -> Result<(), Failure> {
        reply.set_stream(self.body, self.content_type);
        Ok(())
    }
}

/// The pieces of a streamed body. Empty ones are left out; after an error or the end there are
/// none.
pub struct BodyStream(Pin<Box<dyn Stream<Item = Result<Bytes, Failure>> + Send>>);

impl BodyStream {
    fn new<S, B, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes>,
        E: Into<Error>,
    {
        Self(Box::pin(Pieces { stream: Some(Box::pin(stream)) }))
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    ///
    /// That of the stream, once.
    pub async fn next(&mut self) -> Option<Result<Bytes, Failure>> {
        poll_fn(|task| self.0.as_mut().poll_next(task)).await
    }
}

impl Stream for BodyStream {
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(task)
    }
}

impl fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyStream")
    }
}

/// The user's stream, until it ends.
struct Pieces<S> {
    stream: Option<Pin<Box<S>>>,
}

impl<S, B, E> Stream for Pieces<S>
where
    S: Stream<Item = Result<B, E>>,
    B: Into<Bytes>,
    E: Into<Error>,
{
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
            let piece = match ready!(stream.as_mut().poll_next(task)) {
                Some(Ok(piece)) => Some(Ok(piece.into())),
                Some(Err(error)) => Some(Err(error.into().to_failure())),
                None => None,
            };
            match &piece {
                Some(Ok(bytes)) if bytes.is_empty() => continue,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => self.stream = None,
            }
            return Poll::Ready(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::task::Waker;

    struct List(VecDeque<Result<&'static str, std::io::Error>>);
    impl Stream for List {
        type Item = Result<&'static str, std::io::Error>;

        fn poll_next(
            mut self: Pin<&mut Self>,
            _: &mut TaskContext<'_>,
        ) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.pop_front())
        }
    }

    fn pieces<const N: usize>(
        items: [Result<&'static str, std::io::Error>; N],
    ) -> Vec<Result<String, Failure>> {
        let mut body = Pin::new(Box::new(StreamResponse::new(List(items.into())).into_body()));
        let mut task = TaskContext::from_waker(Waker::noop());
        let mut pieces = Vec::new();
        while let Poll::Ready(Some(piece)) = body.as_mut().poll_next(&mut task) {
            pieces.push(piece.map(|bytes| String::from_utf8(bytes.to_vec()).expect("it is text")));
        }
        pieces
    }

    #[test]
    fn empty_pieces_are_left_out() {
        assert_eq!(pieces([Ok("a"), Ok(""), Ok("b")]), [Ok("a".to_owned()), Ok("b".to_owned())]);
    }

    #[test]
    fn nothing_follows_an_error() {
        let error = std::io::Error::other("the disk is gone");
        let expected = Failure::new("FunctionReturnError", "the disk is gone");
        assert_eq!(pieces([Ok("a"), Err(error), Ok("b")]), [Ok("a".to_owned()), Err(expected)]);
    }

    #[test]
    fn the_reply_has_one_of_its_two_arms() {
        let mut reply = Reply::new();
        let response = StreamResponse::new(List(VecDeque::new())).with_content_type("text/csv");
        response.write_payload(&mut reply).expect("it is only kept");
        assert_eq!(reply.content_type(), "text/csv");
        assert!(reply.take_stream().is_some());
        assert!(reply.take_stream().is_none());
        reply.set_stream(BodyStream::new(List(VecDeque::new())), "text/csv");
        reply.write_json("buffered").expect("text is JSON");
        assert!(reply.take_stream().is_none());
    }
}
