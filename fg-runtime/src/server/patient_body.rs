//! The body of a request that a service reads itself: it waits for the client, but not for ever.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Sleep, sleep};

use crate::runtime_api::SILENCE_LIMIT;

/// A body that is read elsewhere, and not waited for for ever.
#[derive(Debug)]
pub(crate) struct Patient {
    body: Incoming,
    silence: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    pub(crate) const fn new(body: Incoming) -> Self {
        Self { body, silence: None }
    }
}

impl Body for Patient {
    type Data = Bytes;
    type Error = fg_http::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(task) {
            this.silence = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let silence = this.silence.get_or_insert_with(|| Box::pin(sleep(SILENCE_LIMIT)));
        silence.as_mut().poll(task).map(|()| {
            Some(Err(format!("the body of the request stayed silent for {SILENCE_LIMIT:?}").into()))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
