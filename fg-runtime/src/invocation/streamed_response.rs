//! A streamed response: polls each chunk under the deadline, the panic handling and the size limit
//! of its invocation.

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

/// The most bytes of a streamed response. Source: the platform's manual, "response streaming": 200
/// MB.
pub(crate) const STREAM_LIMIT: u64 = 200 * 1024 * 1024;

/// The remaining chunks of a response whose handler has returned.
#[derive(Debug)]
pub(crate) struct StreamedResponse {
    /// `None` once the stream has ended or failed.
    body: Option<BodyStream>,
    /// A chunk that has been polled but not taken.
    ready: Option<Bytes>,
    length: u64,
    ctx: Context,
    budget: TimeBudget,
    timer: DeadlineTimer,
}

impl StreamedResponse {
    /// Waits for the first chunk. An error before it is an ordinary error response.
    pub(crate) async fn begin(
        body: BodyStream,
        ctx: &Context,
        limits: Limits,
    ) -> Result<Self, Failure> {
        let budget = TimeBudget::new(ctx, limits, "RUNTIME_TIMEOUT");
        let mut response = Self {
            body: Some(body),
            ready: None,
            length: 0,
            ctx: ctx.clone(),
            budget,
            timer: DeadlineTimer::new(),
        };
        response.ready = response.next().await.transpose()?;
        Ok(response)
    }

    /// Takes the first chunk, if it has not been taken yet.
    pub(crate) fn take_ready(&mut self) -> Option<Bytes> {
        self.ready.take()
    }

    /// The next chunk; `None` at the end and after an error.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, Failure>> {
        poll_fn(|task| self.poll_next(task)).await
    }

    /// Polls for the next chunk; see [`next`](Self::next).
    pub(crate) fn poll_next(
        &mut self,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Bytes, Failure>>> {
        if let Some(chunk) = self.ready.take() {
            return Poll::Ready(Some(Ok(chunk)));
        }
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let mut item = None;
        let polled = self.budget.poll(task, &self.ctx, &mut self.timer, &mut |task| {
            std::pin::Pin::new(&mut *body).poll_next(task).map(|polled| item = polled)
        });
        let chunk = match ready!(polled).map(|()| item.transpose()) {
            Ok(Ok(item)) => item.map(|chunk| self.check_length(chunk)),
            Ok(Err(failure)) | Err(failure) => Some(Err(failure)),
        };
        if !matches!(chunk, Some(Ok(_))) {
            self.end();
        }
        Poll::Ready(chunk)
    }

    /// Collects all chunks into a buffered response, with the size limit of one.
    #[cfg(feature = "server")]
    pub(crate) async fn collect_into(
        &mut self,
        output: &mut fg_core::ResponseBuffer,
        limits: Limits,
    ) -> Result<(), Failure> {
        let content_type = output.content_type().to_owned();
        let mut body = Vec::new();
        while let Some(chunk) = self.next().await {
            body.extend_from_slice(&chunk?);
            limits.check_size(body.len())?;
        }
        output.set_bytes(body, content_type);
        Ok(())
    }

    /// Logs that the response is truncated.
    pub(crate) fn log_end(&self, failure: &Failure) {
        runtime_log::of(self.ctx.logger())
            .error(format_args!("the streamed response ends too early: {failure}"));
    }

    /// Logs that the remaining chunks are not sent.
    #[cfg(feature = "server")]
    pub(crate) fn log_if_abandoned(&self) {
        if self.body.is_some() {
            runtime_log::of(self.ctx.logger())
                .warn("the streamed response is not complete: the client has gone away or does not read, or the process ends");
        }
    }

    fn check_length(&mut self, chunk: Bytes) -> Result<Bytes, Failure> {
        self.length += chunk.len() as u64;
        if self.length > STREAM_LIMIT {
            return Err(too_large());
        }
        Ok(chunk)
    }

    fn end(&mut self) {
        if let Some(body) = self.body.take() {
            drop_caught(body, &self.ctx);
        }
    }
}

/// The error for a streamed response beyond the platform's limit.
#[cold]
pub(crate) fn too_large() -> Failure {
    let message = format!(
        "the streamed response is larger than {STREAM_LIMIT} bytes, the most that the platform takes"
    );
    Failure::new(Failure::RESPONSE_TOO_LARGE, message)
}

/// Drops the stream of the user's code, and logs a panic in its `Drop`.
impl Drop for StreamedResponse {
    fn drop(&mut self) {
        self.end();
    }
}
