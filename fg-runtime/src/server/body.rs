//! The body of a response: the whole of it, or pieces that are still being made.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use fg_core::Failure;
use http_body::{Body, Frame, SizeHint};

use crate::streamed_reply::StreamedReply;

/// What a response carries; when it has been sent, or given up, what hangs on it is dropped.
#[derive(Debug)]
pub(crate) struct ResponseBody<D = ()> {
    content: Content,
    /// Dropped with the body: by then the response has left, as far as we can know.
    _at_end: D,
}

#[derive(Debug)]
enum Content {
    Whole(Option<Bytes>),
    Pieces(Box<StreamedReply>),
}

impl<D> ResponseBody<D> {
    pub(crate) fn whole(bytes: impl Into<Bytes>, at_end: D) -> Self {
        let bytes = bytes.into();
        Self { content: Content::Whole((!bytes.is_empty()).then_some(bytes)), _at_end: at_end }
    }

    pub(crate) fn pieces(pieces: Box<StreamedReply>, at_end: D) -> Self {
        Self { content: Content::Pieces(pieces), _at_end: at_end }
    }
}

impl<D: Unpin> Body for ResponseBody<D> {
    type Data = Bytes;
    /// Closes the connection in the middle of the body, so that nobody takes it for complete.
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        match &mut self.content {
            Content::Whole(bytes) => Poll::Ready(bytes.take().map(Frame::data).map(Ok)),
            Content::Pieces(pieces) => {
                let piece = ready!(pieces.poll_next(task));
                if let Some(Err(failure)) = &piece {
                    pieces.log_end(failure);
                }
                Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.content, Content::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Content::Pieces(_) => SizeHint::default(),
        }
    }
}
