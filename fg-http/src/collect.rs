//! Reads a whole body into memory, up to a limit.

use std::pin::pin;

use bytes::Bytes;
use fg_core::Failure;
use http_body_util::BodyExt as _;

use crate::BoxError;
use crate::failure::failure_of_body;

/// Reads a body to its end. A body of a single chunk is not copied, any other is copied once.
/// Trailers are dropped.
///
/// Stops with an error as soon as the body exceeds `limit` bytes.
pub(crate) async fn collect<B>(body: B, limit: usize) -> Result<Bytes, Failure>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let mut body = pin!(body);
    let mut first = Bytes::new();
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(failure_of_body)?;
        let Ok(chunk) = frame.into_data() else { continue };
        if chunk.is_empty() {
            continue;
        }
        if first.len().max(all.len()).saturating_add(chunk.len()) > limit {
            let message =
                format!("the body is larger than {limit} bytes, and was not read to its end");
            return Err(Failure::new(Failure::RESPONSE_TOO_LARGE, message));
        }
        if first.is_empty() {
            first = chunk;
            continue;
        }
        if all.is_empty() {
            /// A size hint beyond this is not trusted with an allocation.
            const MAX_RESERVED: u64 = 8 * 1024 * 1024;
            let remaining = body.size_hint().lower().min(MAX_RESERVED) as usize;
            all.reserve(first.len() + chunk.len() + remaining);
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&chunk);
    }
    Ok(if all.is_empty() { first } else { all.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use http_body::Frame;

    struct Frames(VecDeque<Result<Frame<Bytes>, std::io::Error>>);
    impl http_body::Body for Frames {
        type Data = Bytes;
        type Error = std::io::Error;
        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(self.0.pop_front())
        }
    }

    fn collected(
        frames: impl IntoIterator<Item = Result<Frame<Bytes>, std::io::Error>>,
        limit: usize,
    ) -> Result<Bytes, Failure> {
        let mut future = pin!(collect(Frames(frames.into_iter().collect()), limit));
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("the body is never pending"),
        }
    }

    fn data(bytes: &'static str) -> Result<Frame<Bytes>, std::io::Error> {
        Ok(Frame::data(Bytes::from_static(bytes.as_bytes())))
    }

    #[test]
    fn a_single_chunk_is_not_copied() {
        let chunk = Bytes::from_static(b"chunk");
        let read =
            collected([data(""), Ok(Frame::data(chunk.clone())), data("")], 5).expect("it is read");
        assert_eq!((read.as_ptr(), &*read), (chunk.as_ptr(), &b"chunk"[..]));
    }

    #[test]
    fn chunks_are_joined_and_trailers_dropped() {
        let trailers = Ok(Frame::trailers(http::HeaderMap::new()));
        assert_eq!(
            collected([data("a"), data("bc"), data("d"), trailers], 4),
            Ok(Bytes::from("abcd"))
        );
        assert_eq!(collected([], 4), Ok(Bytes::new()));
    }

    #[test]
    fn an_endless_body_is_rejected_at_the_limit() {
        let endless = || data("x");
        let failure = collected((0..1000).map(|_| endless()), 999).expect_err("it is too large");
        assert_eq!(failure.error_type(), "FunctionResponseTooLarge");
        assert_eq!(
            failure.message(),
            "the body is larger than 999 bytes, and was not read to its end"
        );
    }

    #[test]
    fn an_error_in_the_body_is_a_failure_with_its_message() {
        let failure = collected([data("a"), Err(std::io::Error::other("the disk is gone"))], 9)
            .expect_err("it broke");
        assert_eq!(failure.message(), "the disk is gone");
    }
}
