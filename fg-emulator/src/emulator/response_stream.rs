//! The response to one invocation of a function, read while the function writes it.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::execution::platform_error::{Cause, PlatformError};
use crate::execution::{Execution, Outcome};
use crate::http::response_head::ResponseHead;
use crate::instances::pool::Pool;
use crate::runtime_api::chunk_queue::{ChunkQueue, NextChunk};
use crate::runtime_api::event::Event;

/// A response that can be read while the function writes it. Made by
/// [`Emulator::invoke_streaming`](crate::Emulator::invoke_streaming).
///
/// [`head`](Self::head) waits for its headers. It is read with [`Read`], or
/// [chunk by chunk](Self::next_chunk). An incomplete response ends with an error.
/// [`finish`](Self::finish) returns the result of the invocation.
///
/// At most 256 KB (or one chunk) are read from the function before they are taken here. Dropping
/// the stream before its end closes the function's connection, as if the caller had gone away. So
/// does a [`StreamCanceller`], from another thread.
#[derive(Debug)]
pub struct ResponseStream {
    pool: Arc<Pool>,
    request_id: String,
    chunks: Arc<ChunkQueue>,
    result: Receiver<Execution>,
    ended: Option<Execution>,
    /// The last chunk, and how much of it has been [read](Read).
    chunk: Vec<u8>,
    read: usize,
    /// A response that is not streamed has been returned.
    is_taken: bool,
}

/// Cancels a [`ResponseStream`] from any thread: for a caller that goes away while another thread
/// waits for the next chunk. Made by [`ResponseStream::canceller`].
#[derive(Clone)]
pub struct StreamCanceller {
    chunks: Arc<ChunkQueue>,
}

impl StreamCanceller {
    /// Closes the function's connection, as if the caller had gone away, and discards the chunks
    /// that have not been taken. Reading then ends with an error, as soon as the function has
    /// noticed. If the response has not begun, its connection is closed when it begins. After the
    /// end of the response this does nothing.
    pub fn cancel(&self) {
        self.chunks.abandon();
    }
}

impl fmt::Debug for StreamCanceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The chunks are not printed.
        f.debug_struct("StreamCanceller").finish_non_exhaustive()
    }
}

impl ResponseStream {
    pub(super) fn start(pool: &Arc<Pool>, event: Event) -> Self {
        let chunks = Arc::new(ChunkQueue::bounded());
        let request_id = event.id().to_owned();
        let (send_result, result) = channel();
        let (thread_pool, thread_chunks) = (Arc::clone(pool), Arc::clone(&chunks));
        let started = thread::Builder::new().name("invocation".into()).spawn(move || {
            // An error means that the reader has gone.
            let _ = send_result.send(thread_pool.run_streaming(event, &thread_chunks));
        });
        let ended = started.err().map(|error| {
            chunks.interrupt();
            pool.refuse(&request_id, PlatformError::new(Cause::NoThread(error.to_string())))
        });
        Self::new(pool, request_id, chunks, result, ended)
    }

    /// The stream of an invocation that reaches no instance.
    pub(super) fn refused(pool: &Arc<Pool>, request_id: &str, error: PlatformError) -> Self {
        let chunks = Arc::new(ChunkQueue::bounded());
        chunks.interrupt();
        let ended = Some(pool.refuse(request_id, error));
        Self::new(pool, request_id.to_owned(), chunks, channel().1, ended)
    }

    fn new(
        pool: &Arc<Pool>,
        request_id: String,
        chunks: Arc<ChunkQueue>,
        result: Receiver<Execution>,
        ended: Option<Execution>,
    ) -> Self {
        Self {
            pool: Arc::clone(pool),
            request_id,
            chunks,
            result,
            ended,
            chunk: Vec::new(),
            read: 0,
            is_taken: false,
        }
    }

    /// The request id of the event.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Waits for the head of a streamed response; `None` if the response is not streamed, or there
    /// is none. Then [`next_chunk`](Self::next_chunk) and [`finish`](Self::finish) return at once.
    ///
    /// ```no_run
    /// use fg_emulator::{Emulator, Event};
    ///
    /// let emulator = Emulator::builder("target/debug/examples/stream").streaming().start()?;
    /// let response = emulator.invoke_streaming(Event::new("{}"));
    /// match response.head() {
    ///     Some(head) => println!("streamed as {:?}", head.header("Content-Type")),
    ///     None => println!("as a whole: {}", response.finish()),
    /// }
    /// # Ok::<(), fg_emulator::PlatformError>(())
    /// ```
    #[must_use]
    pub fn head(&self) -> Option<ResponseHead> {
        self.chunks.wait_for_response_head()
    }

    /// What cancels this stream from another thread.
    #[must_use]
    pub fn canceller(&self) -> StreamCanceller {
        StreamCanceller { chunks: Arc::clone(&self.chunks) }
    }

    /// Waits for data, and returns what has arrived of a chunk, at most 64 KB, or all of a response
    /// that is not streamed; `None` at the end of a complete response.
    ///
    /// # Errors
    ///
    /// If the response is incomplete, or there is none:
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) with the [`PlatformError`] as its source, or
    /// an error of the kind [`Other`](io::ErrorKind::Other) with the function's own error.
    pub fn next_chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let NextChunk::Chunk(chunk) = self.chunks.next(Duration::MAX) {
            return Ok(Some(chunk));
        }
        // At the end of a response its instance is idle again, streamed or not.
        let is_taken = std::mem::replace(&mut self.is_taken, true);
        match &self.wait().outcome {
            Outcome::Response(body) if is_taken || body.is_empty() => Ok(None),
            Outcome::Response(body) => Ok(Some(body.clone())),
            Outcome::Streamed { .. } => Ok(None),
            Outcome::Error(error) => {
                Err(io::Error::other(format!("{}: {}", error.error_type, error.error_message)))
            }
            Outcome::Platform(error) => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, error.clone()))
            }
        }
    }

    /// Reads and discards the rest, and returns the result of the invocation.
    #[must_use]
    pub fn finish(mut self) -> Execution {
        while let Ok(Some(_)) = self.next_chunk() {}
        self.wait().clone()
    }

    fn wait(&mut self) -> &Execution {
        self.ended.get_or_insert_with(|| {
            // A panic has been reported by the thread itself.
            self.result.recv().unwrap_or_else(|_| {
                self.pool.refuse(&self.request_id, PlatformError::new(Cause::Stopped))
            })
        })
    }
}

impl Read for ResponseStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.chunk.len() {
            self.read = 0;
            self.chunk = Vec::new();
            self.chunk = self.next_chunk()?.unwrap_or_default();
        }
        let read = (&self.chunk[self.read..]).read(buffer)?;
        self.read += read;
        Ok(read)
    }
}

impl Drop for ResponseStream {
    fn drop(&mut self) {
        self.chunks.abandon();
    }
}
