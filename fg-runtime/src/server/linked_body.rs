//! The body of a response, whichever: its connection learns when it has been made.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::connection_state::Link;

pin_project! {
    /// The body of a response on a connection.
    #[derive(Debug)]
    pub(crate) struct LinkedBody<B> {
        #[pin]
        body: B,
        end: ResponseEnd,
    }
}

/// Tells the connection when it is dropped.
#[derive(Debug)]
struct ResponseEnd(Arc<Link>);

impl Drop for ResponseEnd {
    fn drop(&mut self) {
        self.0.end_response();
    }
}

impl<B> LinkedBody<B> {
    pub(crate) const fn new(body: B, link: Arc<Link>) -> Self {
        Self { body, end: ResponseEnd(link) }
    }
}

impl<B: Body> Body for LinkedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().body.poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
