//! The bodies of a service: those of its requests, with a limit on silent clients, and those of its
//! responses, with the deadline and the panics of the request.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, Waker, ready};

use bytes::Bytes;
use fg_core::Context;
use fg_http::BoxError;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use super::request_body::IncomingBody;
use super::response_body::ResponseBody;
use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::streamed_response::{STREAM_LIMIT, too_large};
use crate::invocation::time_budget::TimeBudget;
use crate::log::runtime_log;
use crate::runtime_api::SILENCE_LIMIT;
use crate::server::connection::waker::ConnectionWaker;

/// The service's own body, or ours.
#[derive(Debug)]
pub(crate) enum ServiceBody<B> {
    Served(Pin<Box<Served<B>>>),
    Own(Box<ResponseBody>),
}

pin_project! {
    /// A body of the service's, and what it is held to.
    #[derive(Debug)]
    pub(crate) struct Served<B> {
        #[pin]
        body: B,
        ctx: Context,
        budget: TimeBudget,
        timer: DeadlineTimer,
        // How many bytes the platform still takes.
        room: u64,
    }
}

impl<B> ServiceBody<B> {
    pub(crate) fn served(
        body: B,
        ctx: Context,
        mut budget: TimeBudget,
        timer: DeadlineTimer,
    ) -> Self {
        budget.go_on();
        Self::Served(Box::pin(Served { body, ctx, budget, timer, room: STREAM_LIMIT }))
    }
}

impl<B> From<Bytes> for ServiceBody<B> {
    fn from(bytes: Bytes) -> Self {
        Self::Own(Box::new(bytes.into()))
    }
}

impl<B> Body for ServiceBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Data = Bytes;
    /// Closes the connection in the middle of the body, so that the client sees a truncated
    /// response.
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let served = match &mut *self {
            Self::Served(served) => served.as_mut().project(),
            Self::Own(own) => return Pin::new(&mut **own).poll_frame(task).map_err(Into::into),
        };
        let (mut body, ctx) = (served.body, &*served.ctx);
        let mut item = None;
        let polled = served.budget.poll(task, ctx, served.timer, &mut |task| {
            body.as_mut().poll_frame(task).map(|polled| item = polled)
        });
        let error: BoxError = match ready!(polled).map(|()| item) {
            Ok(Some(Err(error))) => error.into(),
            Ok(Some(Ok(frame))) => {
                match served.room.checked_sub(frame.data_ref().map_or(0, |data| data.len() as u64))
                {
                    Some(rest) => {
                        *served.room = rest;
                        return Poll::Ready(Some(Ok(frame)));
                    }
                    // Elsewhere than on the platform there is no limit.
                    None if ctx.function_name().is_empty() => {
                        *served.room = u64::MAX;
                        return Poll::Ready(Some(Ok(frame)));
                    }
                    None => too_large().into(),
                }
            }
            Ok(None) => return Poll::Ready(None),
            Err(failure) => failure.into(),
        };
        runtime_log::of(ctx.logger()).error(format_args!("the response ends too early: {error}"));
        Poll::Ready(Some(Err(error)))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Served(served) => served.body.is_end_stream(),
            Self::Own(own) => own.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Served(served) => served.body.size_hint(),
            Self::Own(own) => own.size_hint(),
        }
    }
}

/// The body of a request, as a service gets it. One that has come with its head, as most small ones
/// do, is handed over as bytes.
///
/// A client that waits before it sends the body (`is_awaited`) gets `100 Continue` when the body is
/// polled for the first time, so that is left to the service.
pub(crate) fn received(body: Incoming, is_awaited: bool, waker: &ConnectionWaker) -> fg_http::Body {
    if body.is_end_stream() {
        return fg_http::Body::empty();
    }
    if is_awaited {
        return fg_http::Body::new(TimedRequestBody { first: None, body, silence: None });
    }
    let mut task = TaskContext::from_waker(Waker::noop());
    let mut body = IncomingBody::new(body, waker);
    let first = match Pin::new(&mut body).poll_frame(&mut task) {
        Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
            Ok(data) if body.is_end_stream() => return data.into(),
            Ok(data) => Some(Ok(Frame::data(data))),
            Err(trailers) => Some(Ok(trailers)),
        },
        Poll::Ready(first) => first,
        Poll::Pending => None,
    };
    fg_http::Body::new(TimedRequestBody { first, body: body.into_inner(), silence: None })
}

/// The body of a request that a service reads itself. If the client sends nothing for too long, it
/// ends with an error.
#[derive(Debug)]
struct TimedRequestBody {
    /// What had come before the service began.
    first: Option<hyper::Result<Frame<Bytes>>>,
    body: Incoming,
    silence: Option<Pin<Box<Sleep>>>,
}

impl Body for TimedRequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(first.map_err(Into::into)));
        }
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
        self.first.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        if let Some(Ok(first)) = &self.first {
            let length = first.data_ref().map_or(0, Bytes::len) as u64;
            match hint.exact() {
                Some(rest) => hint.set_exact(rest + length),
                None => hint.set_lower(hint.lower() + length),
            }
        }
        hint
    }
}
