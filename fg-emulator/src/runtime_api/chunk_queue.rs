//! A bounded queue of chunks between the connection on which the function streams its answer and
//! the reader of the answer.

use std::collections::VecDeque;
use std::net::TcpStream;
use std::sync::Weak;
use std::time::Duration;

use crate::http::response_head::ResponseHead;
use crate::http::socket::abort;
use crate::monitor::Monitor;

/// How many bytes are read from the function before the reader takes them. An empty queue accepts a
/// larger chunk.
pub(crate) const CAPACITY: usize = 256 << 10;

/// The queue. Its lock is not that of the API's state, so that a chunk wakes only its reader.
#[derive(Debug)]
pub(crate) struct ChunkQueue {
    capacity: usize,
    queue: Monitor<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    chunks: VecDeque<Vec<u8>>,
    /// The bytes in the queue.
    bytes: usize,
    /// The bytes that have been added so far.
    added: u64,
    head: Option<AnswerHead>,
    end: Option<StreamEnd>,
    reader_has_gone: bool,
}

/// The head of an answer whose body is streamed.
#[derive(Debug)]
struct AnswerHead {
    head: ResponseHead,
    connection: Weak<TcpStream>,
}

/// How a stream ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StreamEnd {
    Complete,
    /// The rest will not come.
    Broken,
    /// The answer was not streamed. The state of the API has it, if there is one.
    NotStreamed,
}

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Done,
    /// It will not be read.
    NotWanted,
    /// There was no room in time.
    TimedOut,
}

/// What a reader gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NextChunk {
    Chunk(Vec<u8>),
    End(StreamEnd),
    TimedOut,
}

impl Queue {
    /// Closes the function's connection if the answer is still being sent.
    fn close_connection(&self) {
        let connection = self
            .head
            .as_ref()
            .filter(|_| self.end.is_none())
            .and_then(|head| head.connection.upgrade());
        if let Some(connection) = connection {
            abort(&connection);
        }
    }
}

impl ChunkQueue {
    /// A queue that is read while it is filled.
    pub(crate) fn bounded() -> Self {
        Self { capacity: CAPACITY, queue: Monitor::default() }
    }

    /// A queue that is read after the answer is complete.
    pub(crate) fn unbounded() -> Self {
        Self { capacity: usize::MAX, ..Self::bounded() }
    }

    /// The head of the answer has arrived.
    pub(crate) fn begin(&self, head: ResponseHead, connection: Weak<TcpStream>) {
        self.queue.update(|queue| {
            queue.head = Some(AnswerHead { head, connection });
            if queue.reader_has_gone {
                queue.close_connection();
            }
        });
    }

    /// Waits for room and adds a chunk; `false` if it will not be read.
    #[must_use]
    pub(crate) fn push(&self, chunk: Vec<u8>) -> bool {
        self.push_within(chunk, Duration::MAX) == Pushed::Done
    }

    /// As [`push`](Self::push), but waits no longer than this.
    pub(crate) fn push_within(&self, chunk: Vec<u8>, limit: Duration) -> Pushed {
        let mut chunk = Some(chunk);
        let pushed = self.queue.wait(limit, |queue| {
            if queue.reader_has_gone || queue.end.is_some() {
                return Some(Pushed::NotWanted);
            }
            let size = chunk.as_ref().map_or(0, Vec::len);
            if queue.bytes > 0 && queue.bytes.saturating_add(size) > self.capacity {
                return None;
            }
            queue.chunks.extend(chunk.take());
            queue.bytes += size;
            queue.added += size as u64;
            Some(Pushed::Done)
        });
        pushed.unwrap_or(Pushed::TimedOut)
    }

    /// No chunk will follow. Only the first end counts.
    pub(crate) fn end(&self, end: StreamEnd) {
        self.queue.update(|queue| {
            queue.end.get_or_insert(end);
        });
    }

    /// Ends the stream because its writer has stopped, unless it has ended.
    pub(crate) fn interrupt(&self) {
        self.queue.update(|queue| {
            let end = if queue.head.is_some() { StreamEnd::Broken } else { StreamEnd::NotStreamed };
            queue.end.get_or_insert(end);
        });
    }

    /// The reader has gone: the function's connection is closed, so that the function notices.
    pub(crate) fn abandon(&self) {
        self.queue.update(|queue| {
            queue.reader_has_gone = true;
            queue.chunks.clear();
            queue.bytes = 0;
            queue.close_connection();
        });
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.queue.read(|queue| queue.reader_has_gone)
    }

    /// Waits for the head of the answer; `None` if the answer is not streamed.
    pub(crate) fn wait_for_response_head(&self) -> Option<ResponseHead> {
        self.queue.wait(Duration::MAX, |queue| match &queue.head {
            Some(answer) => Some(Some(answer.head.clone())),
            None => queue.end.as_ref().map(|_| None),
        })?
    }

    /// The headers of the answer, if they have arrived.
    pub(crate) fn headers(&self) -> Option<Vec<(String, String)>> {
        self.queue.read(|queue| queue.head.as_ref().map(|answer| answer.head.headers.clone()))
    }

    /// Waits for the next chunk, or for the end after the last one.
    pub(crate) fn next(&self, limit: Duration) -> NextChunk {
        let next = self.queue.wait(limit, |queue| match queue.chunks.pop_front() {
            Some(chunk) => {
                queue.bytes -= chunk.len();
                Some(NextChunk::Chunk(chunk))
            }
            None => queue.end.clone().map(NextChunk::End),
        });
        next.unwrap_or(NextChunk::TimedOut)
    }

    /// Takes all chunks in the queue, joined.
    pub(crate) fn take_all(&self) -> Vec<u8> {
        self.queue.read(|queue| {
            queue.bytes = 0;
            queue.chunks.drain(..).flatten().collect()
        })
    }

    /// How many bytes have been added so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.queue.read(|queue| queue.added)
    }

    /// How many bytes were read from the function and have not been taken.
    pub(crate) fn in_flight(&self) -> usize {
        self.queue.read(|queue| queue.bytes)
    }
}
