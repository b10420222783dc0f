//! The body of a response on its way to the caller: tells when it ends, and lets all that came
//! before an error reach the caller.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::open_connections::Slot;
use crate::exchange::Observation;

/// A body whose end is told to its connection, and to the observer of a stream.
#[derive(Debug)]
pub(super) struct TrackedBody {
    body: Body,
    slot: Arc<Slot>,
    observation: Option<Observation>,
    error: Option<axum::Error>,
}

impl TrackedBody {
    /// The observation is made when the body ends.
    pub(super) fn new(body: Body, slot: Arc<Slot>, observation: Option<Observation>) -> Self {
        Self { body, slot, observation, error: None }
    }

    fn observe(&mut self) {
        if let Some(observation) = self.observation.take() {
            observation.observe();
        }
    }
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.error.is_none() {
            match ready!(Pin::new(&mut self.body).poll_frame(task)) {
                Some(Ok(frame)) => {
                    self.slot.connection.begin_write();
                    return Poll::Ready(Some(Ok(frame)));
                }
                None => {
                    self.observe();
                    return Poll::Ready(None);
                }
                Some(Err(error)) => self.error = Some(error),
            }
        }
        // At an error hyper discards what it has not written.
        if !self.slot.connection.is_flushed_or_wake(task.waker()) {
            return Poll::Pending;
        }
        self.observe();
        Poll::Ready(self.error.take().map(Err))
    }

    fn is_end_stream(&self) -> bool {
        self.error.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
        self.observe();
        self.slot.connection.end_response();
    }
}
