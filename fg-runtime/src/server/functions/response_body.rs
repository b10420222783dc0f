//! The body of an event function's response.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Poll, ready};

use bytes::Bytes;
use fg_core::{Context, Failure};
use http_body::{Body, Frame, SizeHint};

use crate::invocation::streamed_response::StreamedResponse;
use crate::log::runtime_log;

/// What a response carries.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    content: Content,
}

#[derive(Debug)]
enum Content {
    Whole(Option<Bytes>),
    Pieces(Box<StreamedResponse>),
    /// The end of pieces that are not complete.
    Failed(Option<Failure>),
}

impl ResponseBody {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { content: Content::Whole((!bytes.is_empty()).then_some(bytes)) }
    }

    pub(crate) fn pieces(pieces: Box<StreamedResponse>) -> Self {
        Self { content: Content::Pieces(pieces) }
    }
}

impl From<Bytes> for ResponseBody {
    fn from(bytes: Bytes) -> Self {
        Self::whole(bytes)
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    /// Closes the connection in the middle of the body, so that the client sees a truncated
    /// response.
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        match &mut self.content {
            Content::Whole(bytes) => Poll::Ready(bytes.take().map(Frame::data).map(Ok)),
            Content::Pieces(pieces) => {
                let piece = match ready!(pieces.poll_next(task)) {
                    Some(Ok(piece)) => Some(Ok(Frame::data(piece))),
                    Some(Err(failure)) => {
                        pieces.log_end(&failure);
                        self.content = Content::Failed(Some(failure));
                        // What has been made before leaves first.
                        task.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    None => None,
                };
                Poll::Ready(piece)
            }
            Content::Failed(failure) => Poll::Ready(failure.take().map(Err)),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.content, Content::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Content::Pieces(_) | Content::Failed(_) => SizeHint::default(),
        }
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        if let Content::Pieces(pieces) = &self.content {
            pieces.log_if_abandoned();
        }
    }
}

/// Logs a warning, once, if a body of this size may be too large once the platform has encoded it.
///
/// The platform encodes the body of a container's or an HTTP function's response in base64, which
/// makes it a third larger. No document says whether its limit of 6 MB is for the body or for what
/// is encoded. Elsewhere than on the platform nothing is encoded.
pub(crate) fn warn_of_encoded_size(size: u64, limit: usize, ctx: &Context) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    let safe = limit as u64 / 4 * 3;
    if size > safe && !ctx.function_name().is_empty() && !WARNED.swap(true, Ordering::Relaxed) {
        runtime_log::of(ctx.logger()).warn(format_args!(
            "a response of {size} bytes is larger than {safe} bytes, which is what fits into {limit} bytes as base64; the platform may refuse it. This is said once"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CapturedLog;

    #[test]
    fn a_size_that_may_be_too_large_is_logged_once_and_only_on_the_platform() {
        const LIMIT: usize = 6 * 1024 * 1024;
        let log = CapturedLog::new();
        let elsewhere = Context::builder().log_to(log.clone()).build();
        warn_of_encoded_size(5_000_000, LIMIT, &elsewhere);
        let ctx = Context::builder().function_name("greet").log_to(log.clone()).build();
        warn_of_encoded_size(4_718_592, LIMIT, &ctx);
        assert_eq!(log.lines().len(), 0);
        warn_of_encoded_size(4_718_593, LIMIT, &ctx);
        warn_of_encoded_size(5_000_000, LIMIT, &ctx);
        assert_eq!(log.lines().len(), 1);
        assert!(
            log.lines()[0].contains("a response of 4718593 bytes is larger than 4718592 bytes"),
            "{log:?}"
        );
    }
}
