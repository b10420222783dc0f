//! A streamed response: its chunks are sent while the handler still produces them.

use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use crate::error::Error;
use crate::failure::Failure;
use crate::response::{BYTES, IntoPayload, ResponseBuffer};

/// A response whose body is a stream: a handler returns it as `Result<fg::StreamResponse, E>`.
///
/// Each chunk is sent as soon as the stream yields it. The stream is polled only when there is room
/// for the next chunk (back-pressure), so a slow caller does not fill the memory. On the custom
/// runtime the body is a chunked POST, in a container image or an HTTP function a chunked response;
/// in a shell it is written to standard output.
///
/// - Streaming must be enabled for the function on the platform ("response streaming" in its
///   advanced settings). A streamed response has at most 200 MB, and such a function at most 300 s.
/// - An error before the first chunk is an ordinary error response. After the first chunk the error
///   is logged and the body is left unterminated, so that the caller sees a truncated response. The
///   same applies to a panic and to the deadline.
/// - If the caller disconnects, the stream is dropped.
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
    /// Creates a response of the chunks of this stream, as `application/octet-stream`.
    pub fn new<S, B, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes>,
        E: Into<Error>,
    {
        Self { body: BodyStream::new(stream), content_type: Cow::Borrowed(BYTES) }
    }

    /// Sets the media type. Characters that are not allowed in a header are removed when it is
    /// sent.
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

    /// Converts the response into its body, for a unit test or to forward it.
    #[must_use]
    pub fn into_body(self) -> BodyStream {
        self.body
    }
}

#[diagnostic::do_not_recommend]
impl IntoPayload for StreamResponse {
    fn write_payload(self, response: &mut ResponseBuffer) -> Result<(), Failure> {
        response.set_stream(self.body, self.content_type);
        Ok(())
    }
}

/// The chunks of a streamed body. It yields no empty chunks, and ends after an error.
pub struct BodyStream(Pin<Box<dyn Stream<Item = Result<Bytes, Failure>> + Send>>);

impl BodyStream {
    fn new<S, B, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes>,
        E: Into<Error>,
    {
        Self(Box::pin(Chunks { stream: Some(Box::pin(stream)) }))
    }

    /// The next chunk; `None` at the end.
    ///
    /// # Errors
    ///
    /// The error of the stream, once.
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

/// Converts the items of the user's stream and drops it when it ends.
struct Chunks<S> {
    stream: Option<Pin<Box<S>>>,
}

impl<S, B, E> Stream for Chunks<S>
where
    S: Stream<Item = Result<B, E>>,
    B: Into<Bytes>,
    E: Into<Error>,
{
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
            let chunk = match ready!(stream.as_mut().poll_next(task)) {
                Some(Ok(chunk)) => Some(Ok(chunk.into())),
                Some(Err(error)) => Some(Err(error.into().to_failure())),
                None => None,
            };
            match &chunk {
                Some(Ok(bytes)) if bytes.is_empty() => continue,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => self.stream = None,
            }
            return Poll::Ready(chunk);
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

    fn chunks<const N: usize>(
        items: [Result<&'static str, std::io::Error>; N],
    ) -> Vec<Result<String, Failure>> {
        let mut body = Pin::new(Box::new(StreamResponse::new(List(items.into())).into_body()));
        let mut task = TaskContext::from_waker(Waker::noop());
        let mut chunks = Vec::new();
        while let Poll::Ready(Some(chunk)) = body.as_mut().poll_next(&mut task) {
            chunks.push(chunk.map(|bytes| String::from_utf8(bytes.to_vec()).expect("it is UTF-8")));
        }
        chunks
    }

    #[test]
    fn empty_chunks_are_skipped() {
        assert_eq!(chunks([Ok("a"), Ok(""), Ok("b")]), [Ok("a".to_owned()), Ok("b".to_owned())]);
    }

    #[test]
    fn nothing_follows_an_error() {
        let error = std::io::Error::other("the disk is gone");
        let expected = Failure::new("FunctionReturnError", "the disk is gone");
        assert_eq!(chunks([Ok("a"), Err(error), Ok("b")]), [Ok("a".to_owned()), Err(expected)]);
    }

    #[test]
    fn a_response_is_either_buffered_or_streamed() {
        let mut response = ResponseBuffer::new();
        let streamed = StreamResponse::new(List(VecDeque::new())).with_content_type("text/csv");
        streamed.write_payload(&mut response).expect("a stream is only stored");
        assert_eq!(response.content_type(), "text/csv");
        assert!(response.take_stream().is_some());
        assert!(response.take_stream().is_none());
        response.set_stream(BodyStream::new(List(VecDeque::new())), "text/csv");
        response.write_json("buffered").expect("text is JSON");
        assert!(response.take_stream().is_none());
    }
}
