//! Reads the body of a request: the whole of it, not more than is allowed, not for ever, and without
//! waking the task of its connection in vain.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::invocation::deadline_timer::DeadlineTimer;
use crate::runtime_api::SILENCE_LIMIT;
use crate::server::connection::waker::{ConnectionWaker, hold_back_wakes};

/// Why there is no body.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) status: StatusCode,
    pub(crate) reason: String,
}

/// Reads a body of at most `limit` bytes, until this time.
pub(crate) async fn read_body<B>(
    mut body: B,
    limit: usize,
    deadline: Instant,
) -> Result<Bytes, Unread>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let too_large = || Unread {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        reason: format!(
            "the payload is larger than {limit} bytes (RUNTIME_MAX_RESP_BODY_SIZE, in both directions)"
        ),
    };
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    let (mut first, mut whole) = (Bytes::new(), BytesMut::new());
    let mut timer = DeadlineTimer::new();
    while !body.is_end_stream() {
        let too_long_silent = tokio::time::Instant::now().into_std() + SILENCE_LIMIT;
        let frame =
            timer.limit(deadline.min(too_long_silent), body.frame()).await.ok_or_else(|| {
                Unread {
                    status: StatusCode::REQUEST_TIMEOUT,
                    reason: if deadline < too_long_silent {
                        "the body of the request was not complete within the time of the invocation"
                            .to_owned()
                    } else {
                        format!("the body of the request stayed silent for {SILENCE_LIMIT:?}")
                    },
                }
            })?;
        let data = match frame {
            None => break,
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            Some(Err(error)) => {
                let reason = format!("the body of the request cannot be read: {error}");
                return Err(Unread { status: StatusCode::BAD_REQUEST, reason });
            }
        };
        if first.len() + whole.len() + data.len() > limit {
            return Err(too_large());
        }
        // Mostly there is one piece, and nothing to copy.
        if first.is_empty() && whole.is_empty() {
            first = data;
        } else {
            if whole.is_empty() {
                whole.reserve(
                    usize::try_from(body.size_hint().lower()).unwrap_or(0).min(limit)
                        + first.len()
                        + data.len(),
                );
                whole.extend_from_slice(&std::mem::take(&mut first));
            }
            whole.extend_from_slice(&data);
        }
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

/// A body whose last piece does not wake the task that serves the connection.
///
/// Hyper wakes that task for each piece that is taken from a body, so that it reads the next one.
/// Behind the last piece there is none, so the task would be polled once more for each request that
/// has a body, in vain.
#[derive(Debug)]
pub(crate) struct IncomingBody<'c> {
    body: Incoming,
    waker: &'c ConnectionWaker,
}

impl<'c> IncomingBody<'c> {
    pub(crate) const fn new(body: Incoming, waker: &'c ConnectionWaker) -> Self {
        Self { body, waker }
    }

    /// The body, for any task.
    #[cfg(feature = "http")]
    pub(crate) fn into_inner(self) -> Incoming {
        self.body
    }
}

impl Body for IncomingBody<'_> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let (polled, wakes) = hold_back_wakes(|| Pin::new(&mut self.body).poll_frame(task));
        if wakes && !self.body.is_end_stream() {
            self.waker.wake_task();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
#[path = "request_body_tests.rs"]
mod tests;
