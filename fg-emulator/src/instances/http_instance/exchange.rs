//! Sends a request to the function and reads its response, as a whole or into the queue of a
//! reader.

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::platform_response::platform_response;
use super::ports::connect;
use super::replayed_request::ReplayedRequest;
use crate::http::deadline_stream::DeadlineStream;
use crate::http::hop_by_hop::end_to_end_headers;
use crate::http::response_head::ResponseHead;
use crate::http::response_reader::{Framing, Head, ResponseError, ResponseReader};
use crate::http::socket::abort;
use crate::runtime_api::chunk_queue::{ChunkQueue, Pushed, StreamEnd};
use crate::runtime_api::state::AnswerLimit;

/// How the exchange ended.
#[derive(Debug)]
pub(super) enum Exchanged {
    /// The platform's JSON of the response.
    Whole(Vec<u8>),
    /// All of it went into the reader's queue.
    Streamed,
    /// With the size, if the function has told it.
    TooLarge(Option<usize>),
    StreamTooLarge,
    /// A response that had begun to be streamed ended too early.
    CutShort,
    ReaderGone,
    /// There is no response. The reason is part of a sentence.
    Failed(String),
    TimedOut,
}

/// One request and what is allowed for its response.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange<'a> {
    pub(super) request: &'a ReplayedRequest,
    /// Where a response goes that comes in pieces.
    pub(super) reader: Option<&'a Arc<ChunkQueue>>,
    pub(super) limit: AnswerLimit,
    /// `None` if there is no limit.
    pub(super) deadline: Option<Instant>,
}

impl Exchange<'_> {
    /// Sends the request to this port of loopback, and reads the response.
    pub(super) fn run(self, port: u16) -> Exchanged {
        let socket = match connect(port) {
            Ok(socket) => Arc::new(socket),
            Err(error) => {
                return Exchanged::Failed(format!(
                    "it accepts no connection on port {port}: {error}"
                ));
            }
        };
        // Without Nagle's algorithm each write leaves at once. If this fails the connection is
        // broken.
        let _ = socket.set_nodelay(true);
        let exchanged = self.run_on(&socket);
        if !matches!(exchanged, Exchanged::Whole(_) | Exchanged::Streamed) {
            // The function may wait to send more.
            abort(&socket);
        }
        exchanged
    }

    fn run_on(self, socket: &Arc<TcpStream>) -> Exchanged {
        let mut stream = DeadlineStream::new(socket, self.deadline);
        let written = stream
            .write_all(&self.request.head)
            .and_then(|()| stream.write_all(&self.request.body));
        match written {
            Err(error) if error.kind() == ErrorKind::TimedOut => return Exchanged::TimedOut,
            // A function can respond, and close its connection, before it has read the request.
            _ => {}
        }
        let mut reader = ResponseReader::new(stream);
        match reader.read_head(self.request.is_head) {
            Ok(head) => self.read_body(&head, reader, socket),
            Err(ResponseError::TimedOut) => Exchanged::TimedOut,
            Err(ResponseError::Incomplete) => {
                Exchanged::Failed("the connection was closed before the end of the head".into())
            }
            Err(ResponseError::Invalid(reason)) => Exchanged::Failed(reason),
        }
    }

    fn read_body(
        self,
        head: &Head,
        reader: ResponseReader<DeadlineStream<'_>>,
        socket: &Arc<TcpStream>,
    ) -> Exchanged {
        let headers = end_to_end_headers(&head.headers);
        let known_size = match head.framing {
            Framing::Length(length) => Some(usize::try_from(length).unwrap_or(usize::MAX)),
            Framing::Chunked | Framing::UntilClose => None,
        };
        let is_large = known_size.is_some_and(|size| size > self.limit.whole);
        match self.reader {
            // A response of a known size that fits comes as a whole.
            Some(chunks) if known_size.is_none() || is_large => {
                if known_size.is_some_and(|size| size > self.limit.streamed) {
                    return Exchanged::StreamTooLarge;
                }
                let head = ResponseHead { status: Some(head.status), headers };
                chunks.begin(head, Arc::downgrade(socket));
                let end = self.relay(reader, chunks);
                let is_complete = matches!(end, Exchanged::Streamed);
                chunks.end(if is_complete { StreamEnd::Complete } else { StreamEnd::Broken });
                end
            }
            _ if known_size.is_some_and(|size| size > self.limit.streamed) => {
                Exchanged::TooLarge(known_size)
            }
            _ => self.collect(head.status, &headers, reader),
        }
    }

    fn collect(
        self,
        status: u16,
        headers: &[(String, String)],
        mut reader: ResponseReader<DeadlineStream<'_>>,
    ) -> Exchanged {
        let mut body = Vec::new();
        loop {
            match reader.next_chunk() {
                Ok(Some(data)) => body.extend(data),
                Ok(None) => return Exchanged::Whole(platform_response(status, headers, &body)),
                Err(ResponseError::TimedOut) => return Exchanged::TimedOut,
                Err(ResponseError::Incomplete) => {
                    let bytes = body.len();
                    return Exchanged::Failed(format!(
                        "the connection was closed after {bytes} bytes of the body, before its end"
                    ));
                }
                Err(ResponseError::Invalid(reason)) => return Exchanged::Failed(reason),
            }
            if body.len() > self.limit.streamed {
                return Exchanged::TooLarge(None);
            }
        }
    }

    fn relay(
        self,
        mut reader: ResponseReader<DeadlineStream<'_>>,
        chunks: &ChunkQueue,
    ) -> Exchanged {
        let mut bytes = 0;
        loop {
            let data = match reader.next_chunk() {
                Ok(Some(data)) => data,
                Ok(None) => return Exchanged::Streamed,
                Err(_) if chunks.is_abandoned() => return Exchanged::ReaderGone,
                Err(ResponseError::TimedOut) => return Exchanged::TimedOut,
                Err(_) => return Exchanged::CutShort,
            };
            bytes += data.len();
            if bytes > self.limit.streamed {
                return Exchanged::StreamTooLarge;
            }
            let left = self.deadline.map_or(Duration::MAX, |deadline| {
                deadline.saturating_duration_since(Instant::now())
            });
            match chunks.push_within(data, left) {
                Pushed::Done => {}
                Pushed::NotWanted if chunks.is_abandoned() => return Exchanged::ReaderGone,
                Pushed::NotWanted => return Exchanged::CutShort,
                Pushed::TimedOut => return Exchanged::TimedOut,
            }
        }
    }
}
