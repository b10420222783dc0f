//! A streamed answer: a chunked POST whose chunks are polled while it is sent.

use std::future::poll_fn;
use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use fg_core::Failure;
use tokio::io::AsyncWrite;

use super::Connection;
use crate::custom_runtime::fault_policy::Fault;
use crate::invocation::streamed_response::StreamedResponse;
use crate::runtime_api::{AnswerKind, write_answer_head};

/// How a streamed answer ended.
#[derive(Debug)]
pub(crate) enum StreamedAnswer {
    /// The whole answer was sent, and acknowledged with this status.
    Complete(u16),
    /// The server responded with this status before it had the whole answer.
    Refused(u16),
    /// The stream failed. The connection was closed in the middle of the body, so that the caller
    /// sees a truncated response.
    Truncated(Failure),
}

impl Connection {
    /// Sends a streamed answer. The next chunk is polled when the last one has been written.
    ///
    /// `first` is a chunk that has already been polled. `second_chunk_was_sent` becomes true with
    /// the second chunk: from then on the answer cannot be sent again.
    pub(crate) async fn answer_chunked(
        &mut self,
        request_id: &str,
        content_type: &str,
        first: Option<&Bytes>,
        chunks: &mut StreamedResponse,
        second_chunk_was_sent: &mut bool,
    ) -> Result<StreamedAnswer, Fault> {
        write_answer_head(
            &mut self.request,
            &self.api.address,
            AnswerKind::Response,
            request_id,
            content_type,
            None,
        );
        self.discard_response();
        let opened = if self.stream.is_none() { self.open().await } else { Ok(()) };
        let streamed = match opened {
            Ok(()) => self.send_chunks(first, chunks, second_chunk_was_sent).await,
            Err(fault) => Err(fault),
        };
        if !matches!(streamed, Ok(StreamedAnswer::Complete(_))) {
            // The request is not complete, so no other can follow it.
            self.close();
        }
        streamed
    }

    async fn send_chunks(
        &mut self,
        first: Option<&Bytes>,
        chunks: &mut StreamedResponse,
        second_chunk_was_sent: &mut bool,
    ) -> Result<StreamedAnswer, Fault> {
        let mut chunk = first.cloned();
        let is_complete = loop {
            let (bytes, end): (&[u8], &[u8]) = match &chunk {
                Some(bytes) => {
                    write!(self.request, "{:x}\r\n", bytes.len())
                        .expect("writing to memory cannot fail");
                    (bytes, b"\r\n")
                }
                None => (b"", b"0\r\n\r\n"),
            };
            let is_sent = self.send_part(bytes, end).await?;
            if chunk.is_none() {
                self.begin_response().await?;
                break true;
            }
            if !is_sent {
                break false;
            }
            self.request.clear();
            chunk = match self.next_chunk(chunks).await? {
                Next::Chunk(Some(Ok(bytes))) => Some(bytes),
                Next::Chunk(Some(Err(failure))) => return Ok(StreamedAnswer::Truncated(failure)),
                Next::Chunk(None) => None,
                Next::Response => break false,
            };
            *second_chunk_was_sent |= chunk.is_some();
        };
        let status = self.receive(&mut |_, _, _| {}).await?;
        Ok(if is_complete {
            StreamedAnswer::Complete(status)
        } else {
            StreamedAnswer::Refused(status)
        })
    }

    /// Waits for the next chunk. Also ends if a response begins or the connection is closed.
    async fn next_chunk(&mut self, chunks: &mut StreamedResponse) -> Result<Next, Fault> {
        poll_fn(|task| {
            if let Poll::Ready(chunk) = chunks.poll_next(task) {
                return Poll::Ready(Ok(Next::Chunk(chunk)));
            }
            self.poll_begin_response(task).map_ok(|()| Next::Response)
        })
        .await
    }

    /// Writes `request`, `bytes` and `end`. False if a response begins before all of it has been
    /// written.
    async fn send_part(&mut self, bytes: &[u8], end: &[u8]) -> Result<bool, Fault> {
        let request = std::mem::take(&mut self.request);
        let mut parts = [IoSlice::new(&request), IoSlice::new(bytes), IoSlice::new(end)];
        let mut rest = &mut parts[..];
        IoSlice::advance_slices(&mut rest, 0);
        let sent = poll_fn(|task| {
            while !rest.is_empty() {
                match self.poll_write(task, rest) {
                    Poll::Ready(Ok(0)) => {
                        return Poll::Ready(Err(Fault::Broken(io::ErrorKind::WriteZero.into())));
                    }
                    Poll::Ready(Ok(written)) => IoSlice::advance_slices(&mut rest, written),
                    // If the server has responded and closed, its response is more useful than the
                    // broken pipe.
                    Poll::Ready(Err(error)) => {
                        return match ready!(self.poll_begin_response(task)) {
                            Ok(()) => Poll::Ready(Ok(false)),
                            Err(Fault::Closed { stale: true }) => {
                                Poll::Ready(Err(Fault::Closed { stale: true }))
                            }
                            Err(_) => Poll::Ready(Err(Fault::Broken(error))),
                        };
                    }
                    Poll::Pending => return self.poll_begin_response(task).map_ok(|()| false),
                }
            }
            Poll::Ready(Ok(true))
        })
        .await;
        self.request = request;
        sent
    }

    fn poll_write(
        &mut self,
        task: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Some(stream) => Pin::new(stream).poll_write_vectored(task, parts),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

enum Next {
    /// The next item of the stream.
    Chunk(Option<Result<Bytes, Failure>>),
    /// The server has begun to respond.
    Response,
}
