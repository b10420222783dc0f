//! The one connection to the Runtime API: HTTP/1.1 over TCP, with buffers that are reused.
//!
//! Polling and answering alternate strictly, so at most one request is in flight and no pool is
//! needed. The connection is opened on first use, and again after it was closed.

mod connecting;
mod receiving;
mod streamed_answer;

use std::future::poll_fn;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use fg_core::limits::BUFFER;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use self::connecting::connect;
pub(crate) use self::streamed_answer::StreamedAnswer;
use crate::custom_runtime::fault_policy::Fault;
use crate::custom_runtime::response_reader::HeadVisitor;
use crate::invocation::blocking_answer::ApiAddress;
use crate::runtime_api::{AnswerKind, SILENCE_LIMIT, write_answer_head, write_poll};

/// The size of a read if the length of the response is not known.
// Below 2 KB, so that zeroing a new buffer takes glibc few instructions.
const READ_SIZE: usize = 2000;

/// Bodies of up to this many bytes are copied behind their heads: the system takes one part faster
/// than several.
const SMALL: usize = 1024;

/// The connection and its buffers.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Host and port, as in `RUNTIME_API_ADDR`.
    api: Arc<ApiAddress>,
    stream: Option<TcpStream>,
    /// Whether a whole exchange has been made on the stream.
    has_served: bool,
    /// The head of the request.
    request: Vec<u8>,
    /// The head of the pipelined request that follows the request and its body.
    next_request: Vec<u8>,
    /// Whether such a request is in flight, and its response has not been awaited yet.
    is_pipelined: bool,
    /// The read buffer. The first `filled` bytes have been received.
    input: Vec<u8>,
    filled: usize,
    /// The first `used` bytes of `input` have held received bytes and are not wiped yet.
    used: usize,
    /// The range of the last response's body in `input`.
    body: Range<usize>,
    /// The end of the last response in `input`.
    response_end: usize,
}

impl Connection {
    pub(crate) fn new(api: Arc<ApiAddress>) -> Self {
        Self {
            api,
            stream: None,
            has_served: false,
            request: Vec::with_capacity(SMALL),
            next_request: Vec::new(),
            is_pipelined: false,
            input: Vec::new(),
            filled: 0,
            used: 0,
            body: 0..0,
            response_end: 0,
        }
    }

    /// Host and port of the Runtime API.
    pub(crate) fn address(&self) -> &str {
        &self.api.address
    }

    /// The address of the Runtime API, for another connection.
    pub(crate) fn api(&self) -> Arc<ApiAddress> {
        Arc::clone(&self.api)
    }

    /// The body of the last response, valid until the next request.
    pub(crate) fn body(&self) -> &[u8] {
        &self.input[self.body.clone()]
    }

    /// Whether the request for the next event was pipelined after the last answer.
    pub(crate) fn is_pipelined(&self) -> bool {
        self.is_pipelined
    }

    /// Whether a part of the next event has been received.
    pub(crate) fn has_next(&self) -> bool {
        self.is_pipelined && self.response_end < self.filled
    }

    /// Sends the request for the next event, unless it was pipelined, and waits for the first bytes
    /// of the response.
    ///
    /// Cancel safe unless [`has_next`](Self::has_next): nothing of an event has been received while
    /// it is pending.
    pub(crate) async fn request_event(&mut self) -> Result<(), Fault> {
        let begun = if self.is_pipelined {
            self.is_pipelined = false;
            self.wipe_response();
            self.begin_response().await
        } else {
            write_poll(&mut self.request, &self.api.address);
            self.next_request.clear();
            self.send(&[]).await
        };
        self.close_on_fault(begun)
    }

    /// Receives the response that has begun. `on_head` is called with its status and headers as
    /// soon as they have been received.
    pub(crate) async fn receive_event(
        &mut self,
        on_head: &mut HeadVisitor<'_>,
    ) -> Result<u16, Fault> {
        let received = self.receive(on_head).await;
        self.close_on_fault(received)
    }

    /// Sends an answer and returns the status of its acknowledgement, whose body is
    /// [`body`](Self::body).
    ///
    /// With `and_request_event` the request for the next event is sent in the same write.
    pub(crate) async fn answer(
        &mut self,
        answer: &Answer<'_>,
        and_request_event: bool,
    ) -> Result<u16, Fault> {
        let Answer { kind, request_id, content_type, body } = *answer;
        write_answer_head(
            &mut self.request,
            &self.api.address,
            kind,
            request_id,
            content_type,
            Some(body.len()),
        );
        self.next_request.clear();
        if and_request_event {
            write_poll(&mut self.next_request, &self.api.address);
        }
        let acknowledged = match self.send(body).await {
            Ok(()) => self.receive(&mut |_, _, _| {}).await,
            Err(fault) => Err(fault),
        };
        self.close_on_fault(acknowledged)
    }

    /// Closes the connection; the next request opens a new one.
    pub(crate) fn close(&mut self) {
        self.stream = None;
        self.is_pipelined = false;
    }

    /// Closes the connection after a fault, since its state is unknown.
    fn close_on_fault<T>(&mut self, result: Result<T, Fault>) -> Result<T, Fault> {
        if result.is_err() {
            self.close();
        }
        result
    }

    /// Wipes the received response, which may contain credentials, but not the beginning of the
    /// next one. Frees a large buffer.
    fn wipe_response(&mut self) {
        let next = self.response_end.min(self.filled)..self.filled;
        let left = next.len();
        self.input.copy_within(next, 0);
        wipe(&mut self.input[left..self.used]);
        (self.filled, self.used, self.response_end, self.body) = (left, left, 0, 0..0);
        if self.input.len() > BUFFER && left <= BUFFER {
            self.input.truncate(left);
            let kept = self.input.clone();
            wipe(&mut std::mem::replace(&mut self.input, kept));
        }
    }

    /// Wipes all received bytes before the next request.
    fn discard_response(&mut self) {
        self.response_end = self.filled;
        self.wipe_response();
    }

    /// Opens the connection.
    async fn open(&mut self) -> Result<(), Fault> {
        self.stream = Some(connect(&self.api).await?);
        self.has_served = false;
        Ok(())
    }

    /// Sends the request with this body, and waits for the first bytes of the response.
    async fn send(&mut self, mut body: &[u8]) -> Result<(), Fault> {
        self.discard_response();
        if self.stream.is_none() {
            self.open().await?;
        }
        self.is_pipelined = !self.next_request.is_empty();
        if body.len() + self.next_request.len() <= SMALL {
            self.request.extend_from_slice(body);
            self.request.append(&mut self.next_request);
            body = &[];
        }
        let (mut written, mut sent) = (0, None);
        poll_fn(|task| {
            if sent.is_none() {
                sent = Some(ready!(self.poll_send(task, body, &mut written)));
            }
            // A server may respond before it has read everything (413) and then close. Its response
            // is more useful than the broken pipe.
            match (ready!(self.poll_begin_response(task)), sent.take()) {
                (Err(Fault::Broken(_)), Some(Err(error))) => Poll::Ready(Err(Fault::Broken(error))),
                (begun, _) => Poll::Ready(begun),
            }
        })
        .await
    }

    /// Writes the request, the body and the next request, in one system call if possible. `written`
    /// counts the bytes that have been written.
    fn poll_send(
        &mut self,
        task: &mut Context<'_>,
        body: &[u8],
        written: &mut usize,
    ) -> Poll<io::Result<()>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let parts = [&self.request, body, &self.next_request];
        let length = parts.iter().map(|part| part.len()).sum();
        while *written < length {
            let stream = Pin::new(&mut *stream);
            let sent = if length == self.request.len() {
                stream.poll_write(task, &self.request[*written..])
            } else {
                let mut parts = parts.map(io::IoSlice::new);
                let mut rest = &mut parts[..];
                io::IoSlice::advance_slices(&mut rest, *written);
                stream.poll_write_vectored(task, rest)
            };
            match ready!(sent)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => *written += count,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Waits for the first bytes of a response, unless they have been received.
    async fn begin_response(&mut self) -> Result<(), Fault> {
        poll_fn(|task| self.poll_begin_response(task)).await
    }

    fn poll_begin_response(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        if self.filled > 0 {
            return Poll::Ready(Ok(()));
        }
        self.make_room(READ_SIZE);
        match ready!(self.poll_read(task)) {
            Ok(0) => Poll::Ready(Err(Fault::Closed { stale: self.has_served })),
            Err(_) if self.has_served => Poll::Ready(Err(Fault::Closed { stale: true })),
            Ok(_) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(Fault::Broken(error))),
        }
    }

    /// Reads available bytes into room for at least `wanted`. 0 means the end of the stream.
    async fn read(&mut self, wanted: usize) -> Result<usize, Fault> {
        self.make_room(wanted);
        match timeout(SILENCE_LIMIT, poll_fn(|task| self.poll_read(task))).await {
            Ok(received) => received.map_err(Fault::Broken),
            Err(_) => Err(Fault::Silent),
        }
    }

    fn make_room(&mut self, wanted: usize) {
        let needed = self.filled + wanted;
        if self.input.len() < needed {
            // Exactly enough for a known length, else twice the size.
            let room = if wanted > READ_SIZE { needed } else { needed.max(self.input.len() * 2) };
            // A new buffer is zeroed by the system, and its pages are not touched before they are
            // read into.
            let mut input = vec![0; room];
            input[..self.filled].copy_from_slice(&self.input[..self.filled]);
            wipe(&mut std::mem::replace(&mut self.input, input)[..self.used]);
            self.used = self.filled;
        }
    }

    fn poll_read(&mut self, task: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(Ok(0)) };
        let mut buffer = ReadBuf::new(&mut self.input[self.filled..]);
        ready!(Pin::new(stream).poll_read(task, &mut buffer))?;
        let count = buffer.filled().len();
        self.filled += count;
        self.used = self.used.max(self.filled);
        Poll::Ready(Ok(count))
    }
}

/// Wipes the buffer, since the head of an event has credentials and its body may have some.
impl Drop for Connection {
    fn drop(&mut self) {
        wipe(&mut self.input[..self.used]);
    }
}

fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    // Keeps the compiler from removing the writes.
    std::hint::black_box(bytes);
}

/// The answer of an invocation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) kind: AnswerKind,
    pub(crate) request_id: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) body: &'a [u8],
}
