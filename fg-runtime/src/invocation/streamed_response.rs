//! A streamed response on its way out: each piece with the deadline, the panics and the limit of its
//! invocation.

use std::future::poll_fn;
use std::task::{Context as TaskContext, Poll, ready};

use bytes::Bytes;
use fg_core::{BodyStream, Context, Failure};
use futures_core::Stream;

use crate::invocation::deadline_timer::DeadlineTimer;
use crate::invocation::limits::Limits;
use crate::invocation::panics::drop_caught;
use crate::invocation::time_budget::TimeBudget;
use crate::log::runtime_log;

/// The most bytes of a streamed response. Source: the platform's manual, "response streaming": 200 MB.
pub(crate) const STREAM_LIMIT: u64 = 200 * 1024 * 1024;

/// The pieces that are still to come, after the handler has returned.
#[derive(Debug)]
pub(crate) struct StreamedResponse {
    /// None once it has ended, in whatever way.
    body: Option<BodyStream>,
    /// A piece that is there already.
    ready: Option<Bytes>,
    made: u64,
    ctx: Context,
    budget: TimeBudget,
    timer: DeadlineTimer,
}

impl StreamedResponse {
    /// Waits for the first piece, since an error up to there is an ordinary one.
    pub(crate) async fn begin(
        body: BodyStream,
        ctx: &Context,
        limits: Limits,
    ) -> Result<Self, Failure> {
        let budget = TimeBudget::new(ctx, limits, "RUNTIME_TIMEOUT");
        let mut reply = Self {
            body: Some(body),
            ready: None,
            made: 0,
            ctx: ctx.clone(),
            budget,
            timer: DeadlineTimer::new(),
        };
        reply.ready = reply.next().await.transpose()?;
        Ok(reply)
    }

    /// The first piece, if it has not been asked for yet.
    pub(crate) fn take_ready(&mut self) -> Option<Bytes> {
        self.ready.take()
    }

    /// The next piece; none at the end. After an error there are no more.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, Failure>> {
        poll_fn(|task| self.poll_next(task)).await
    }

    /// As [`next`](Self::next).
    pub(crate) fn poll_next(
        &mut self,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Bytes, Failure>>> {
        if let Some(piece) = self.ready.take() {
            return Poll::Ready(Some(Ok(piece)));
        }
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = self.budget.poll(task, &self.ctx, &mut self.timer, |task| {
            std::pin::Pin::new(&mut *body).poll_next(task)
        });
        let piece = match ready!(polled) {
            Ok(None) => None,
            Ok(Some(Ok(piece))) => Some(self.count(piece)),
            Ok(Some(Err(failure))) | Err(failure) => Some(Err(failure)),
        };
        if !matches!(piece, Some(Ok(_))) {
            self.end();
        }
        Poll::Ready(piece)
    }

    /// Puts all pieces into the reply, which then has the limit of one that is not streamed.
    #[cfg(feature = "server")]
    pub(crate) async fn collect_into(
        &mut self,
        reply: &mut fg_core::ResponseBuffer,
        limits: Limits,
    ) -> Result<(), Failure> {
        let content_type = reply.content_type().to_owned();
        let mut body = Vec::new();
        while let Some(piece) = self.next().await {
            body.extend_from_slice(&piece?);
            limits.check_size(body.len())?;
        }
        reply.set_bytes(body, content_type);
        Ok(())
    }

    /// Logs that the reply is not complete.
    pub(crate) fn log_end(&self, failure: &Failure) {
        runtime_log::of(self.ctx.logger())
            .error(format_args!("the streamed response ends too early: {failure}"));
    }

    /// Logs that the pieces that are still to come are not sent.
    #[cfg(feature = "server")]
    pub(crate) fn log_if_abandoned(&self) {
        if self.body.is_some() {
            runtime_log::of(self.ctx.logger())
                .warn("the streamed response is not complete: the client has gone away or does not read, or the process ends");
        }
    }

    fn count(&mut self, piece: Bytes) -> Result<Bytes, Failure> {
        self.made += piece.len() as u64;
        if self.made > STREAM_LIMIT {
            return Err(too_large());
        }
        Ok(piece)
    }

    fn end(&mut self) {
        if let Some(body) = self.body.take() {
            drop_caught(body, &self.ctx);
        }
    }
}

/// The platform takes no more of a streamed response.
#[cold]
pub(crate) fn too_large() -> Failure {
    let message = format!(
        "the streamed response is larger than {STREAM_LIMIT} bytes, the most that the platform takes"
    );
    Failure::new(Failure::RESPONSE_TOO_LARGE, message)
}

/// What is not sent any more is dropped; a panic in a `Drop` of the user's ends here.
impl Drop for StreamedResponse {
    fn drop(&mut self) {
        self.end();
    }
}
