//! A response that is passed on while the function writes it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use fg_emulator::{Emulator, Execution, Outcome, ResponseHead, ResponseStream, StreamCanceller};
use http_body::{Body, Frame};
use tokio::sync::{mpsc, oneshot};

/// The response to an invocation, as soon as it is known whether it is streamed.
#[derive(Debug)]
pub(crate) enum Started {
    /// The invocation has ended.
    Whole(Box<Execution>),
    /// The function has begun its response, and the body ends when it has ended it.
    Streamed { request_id: String, head: ResponseHead, body: StreamedBody },
}

/// The body of a streamed response. It ends with an error if the response is incomplete. Dropping
/// it before its end closes the function's connection: its caller has gone.
#[derive(Debug)]
pub(crate) struct StreamedBody {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    canceller: StreamCanceller,
}

impl Body for StreamedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let chunk = self.chunks.poll_recv(task);
        chunk.map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}

impl Drop for StreamedBody {
    fn drop(&mut self) {
        self.canceller.cancel();
    }
}

/// Waits for the head of a response, and sends that and then the chunks, until the response ends.
/// Blocks meanwhile. `on_end` is called with the result of the invocation.
pub(super) fn relay(
    emulator: &Emulator,
    mut response: ResponseStream,
    started: oneshot::Sender<Started>,
    on_end: impl FnOnce(&Execution),
) {
    let Some(head) = response.head() else {
        let execution = response.finish();
        on_end(&execution);
        // An error means that the caller has gone.
        let _ = started.send(Started::Whole(Box::new(execution)));
        return;
    };
    let (send, chunks) = mpsc::channel(1);
    let request_id = response.request_id().to_owned();
    let body = StreamedBody { chunks, canceller: response.canceller() };
    let _ = started.send(Started::Streamed { request_id: request_id.clone(), head, body });
    let end = loop {
        let chunk = match response.next_chunk() {
            Ok(Some(chunk)) => Bytes::from(chunk),
            Ok(None) => break None,
            Err(error) => break Some(error),
        };
        if send.blocking_send(Ok(chunk)).is_err() {
            break None;
        }
    };
    let execution = response.finish();
    on_end(&execution);
    if let Outcome::Platform(error) = &execution.outcome {
        // The caller has its status and a part of the response, and cannot get an error any more.
        emulator.report_line(&format!(
            "the streamed response to request {request_id} is incomplete: {}",
            error.platform_message()
        ));
    }
    if let Some(error) = end {
        let _ = send.blocking_send(Err(error));
    }
}
