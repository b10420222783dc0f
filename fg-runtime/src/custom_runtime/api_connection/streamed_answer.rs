//! An answer that leaves in pieces: a chunked POST whose pieces are made while it is being sent.

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
pub(crate) enum Streamed {
    /// All of it was sent, and acknowledged with this status.
    Whole(u16),
    /// The server answered with this status before it had everything.
    Refused(u16),
    /// The stream failed. The connection was closed in the middle of the body, so that the caller
    /// sees a truncated response.
    Cut(Failure),
}

impl Connection {
    /// Sends an answer piece by piece, each as soon as it is made; the next one is made when the
    /// last one has been taken.
    ///
    /// `first` is the piece that is there already. `went_on` becomes true with the second piece:
    /// from then on the answer cannot be sent again.
    pub(crate) async fn answer_in_pieces(
        &mut self,
        request_id: &str,
        content_type: &str,
        first: Option<&Bytes>,
        pieces: &mut StreamedResponse,
        went_on: &mut bool,
    ) -> Result<Streamed, Fault> {
        write_answer_head(
            &mut self.request,
            &self.api.address,
            AnswerKind::Response,
            request_id,
            content_type,
            None,
        );
        self.release_response();
        let opened = if self.stream.is_none() { self.open().await } else { Ok(()) };
        let streamed = match opened {
            Ok(()) => self.send_pieces(first, pieces, went_on).await,
            Err(fault) => Err(fault),
        };
        if !matches!(streamed, Ok(Streamed::Whole(_))) {
            // What the server has of this request is not a whole one, so nothing can follow it.
            self.close();
        }
        streamed
    }

    async fn send_pieces(
        &mut self,
        first: Option<&Bytes>,
        pieces: &mut StreamedResponse,
        went_on: &mut bool,
    ) -> Result<Streamed, Fault> {
        let mut piece = first.cloned();
        while let Some(bytes) = piece {
            write!(self.request, "{:x}\r\n", bytes.len()).expect("writing to memory cannot fail");
            if !self.send_part(&bytes, b"\r\n").await? {
                return self.receive(&mut |_, _, _| {}).await.map(Streamed::Refused);
            }
            self.request.clear();
            piece = match self.next_piece(pieces).await? {
                Next::Piece(Some(Ok(bytes))) => Some(bytes),
                Next::Piece(Some(Err(failure))) => return Ok(Streamed::Cut(failure)),
                Next::Piece(None) => None,
                Next::Response => {
                    return self.receive(&mut |_, _, _| {}).await.map(Streamed::Refused);
                }
            };
            *went_on |= piece.is_some();
        }
        self.send_part(b"", b"0\r\n\r\n").await?;
        self.begin_response().await?;
        self.receive(&mut |_, _, _| {}).await.map(Streamed::Whole)
    }

    /// Waits for the next piece; a response that begins meanwhile, or the end of the connection,
    /// ends the waiting.
    async fn next_piece(&mut self, pieces: &mut StreamedResponse) -> Result<Next, Fault> {
        poll_fn(|task| {
            if let Poll::Ready(piece) = pieces.poll_next(task) {
                return Poll::Ready(Ok(Next::Piece(piece)));
            }
            self.poll_begin_response(task).map_ok(|()| Next::Response)
        })
        .await
    }

    /// Sends what stands in `request`, and these two. False if a response begins before all of it
    /// has been taken.
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
                    // A server that has answered and closed: its answer tells more than the broken
                    // pipe.
                    Poll::Ready(Err(error)) => {
                        return match ready!(self.poll_begin_response(task)) {
                            Ok(()) => Poll::Ready(Ok(false)),
                            Err(Fault::Cut { stale: true }) => {
                                Poll::Ready(Err(Fault::Cut { stale: true }))
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
    /// What the stream has yielded.
    Piece(Option<Result<Bytes, Failure>>),
    /// The server has begun to answer.
    Response,
}
