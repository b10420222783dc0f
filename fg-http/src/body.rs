//! The body of a request to a service, or of a response from it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use fg_core::BodyStream;
use futures_core::Stream;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;

use crate::BoxError;

/// A body: empty, buffered bytes, or any other [`http_body::Body`].
///
/// ```
/// use fg_http::Body;
/// use http_body::Body as _;
///
/// assert_eq!(Body::from("four").size_hint().exact(), Some(4));
/// assert!(Body::empty().is_end_stream());
/// ```
#[derive(Default)]
pub struct Body(Kind);

enum Kind {
    /// Buffered bytes that have not been polled yet.
    Full(Bytes),
    Other(UnsyncBoxBody<Bytes, BoxError>),
    Stream(BodyStream),
}

impl Default for Kind {
    fn default() -> Self {
        Self::Full(Bytes::new())
    }
}

impl Body {
    /// Wraps any body, such as one that is being received.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Kind::Other(body.map_err(Into::into).boxed_unsync()))
    }

    /// An empty body.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }
}

/// The chunks of a streamed response. An error among them is the error of the body.
impl From<BodyStream> for Body {
    fn from(stream: BodyStream) -> Self {
        Self(Kind::Stream(stream))
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Kind::Full(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Kind::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Kind::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Kind::Other(body) => Pin::new(body).poll_frame(task),
            Kind::Stream(stream) => {
                let chunk = ready!(Pin::new(stream).poll_next(task));
                Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data).map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Other(body) => body.is_end_stream(),
            Kind::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Other(body) => body.size_hint(),
            Kind::Stream(_) => SizeHint::default(),
        }
    }
}

/// Does not print the content.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Full(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Kind::Other(_) | Kind::Stream(_) => f.write_str("Body"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body::Body as _;

    struct Broken;
    impl http_body::Body for Broken {
        type Data = Bytes;
        type Error = std::io::Error;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(Some(Err(std::io::Error::other("connection reset"))))
        }
    }

    #[test]
    fn buffered_bytes_are_a_single_frame() {
        let mut task = Context::from_waker(std::task::Waker::noop());
        let mut body = Pin::new(Box::new(Body::from(vec![1, 2])));
        assert_eq!((body.is_end_stream(), body.size_hint().exact()), (false, Some(2)));
        let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut task) else {
            panic!("there is a frame")
        };
        assert_eq!(frame.into_data().expect("it is data"), [1, 2][..]);
        assert_eq!((body.is_end_stream(), body.size_hint().exact()), (true, Some(0)));
        assert!(matches!(body.as_mut().poll_frame(&mut task), Poll::Ready(None)));
    }

    #[test]
    fn a_wrapped_body_keeps_its_size_and_its_error() {
        let mut task = Context::from_waker(std::task::Waker::noop());
        let body = Body::new(http_body_util::Full::new(Bytes::from("four")));
        assert_eq!(body.size_hint().exact(), Some(4));
        let mut broken = Pin::new(Box::new(Body::new(Broken)));
        let Poll::Ready(Some(Err(error))) = broken.as_mut().poll_frame(&mut task) else {
            panic!("there is an error")
        };
        assert_eq!(error.to_string(), "connection reset");
    }

    #[test]
    fn debug_prints_no_content() {
        assert_eq!(format!("{:?}", Body::from("secret")), "Body(6 bytes)");
    }
}
