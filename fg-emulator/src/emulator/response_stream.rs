//! The reply to one invocation of a function, read while the function writes it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::execution::platform_error::{Cause, PlatformError};
use crate::execution::{Execution, Outcome};
use crate::instances::pool::Pool;
use crate::runtime_api::chunk_queue::{Next, Stream};
use crate::runtime_api::event::Event;

/// A reply that can be read while it comes. Made by
/// [`Emulator::invoke_streaming`](crate::Emulator::invoke_streaming).
///
/// It is read with [`Read`], or in the [pieces](Self::next_piece) in which it comes. Only a
/// complete reply ends in the ordinary way; every other end is an error. [`finish`](Self::finish)
/// tells all that there is to be told.
///
/// At most 256 KB, or one piece, are taken from the function before they are taken here. Dropping
/// it before the end is what a caller does that goes away: the emulator closes the function's
/// connection.
#[derive(Debug)]
pub struct ReplyStream {
    pool: Arc<Pool>,
    request_id: String,
    stream: Arc<Stream>,
    running: Receiver<Execution>,
    ended: Option<Execution>,
    /// The last piece, and how much of it has been [read](Read).
    piece: Vec<u8>,
    read: usize,
    /// The whole of a reply that is not streamed has been given.
    is_taken: bool,
}

impl ReplyStream {
    pub(crate) fn start(pool: &Arc<Pool>, event: Event) -> Self {
        let stream = Arc::new(Stream::for_a_reader());
        let request_id = event.id().to_owned();
        let (result, running) = channel();
        let (runs, caller) = (Arc::clone(pool), Arc::clone(&stream));
        let started = thread::Builder::new().name("invocation".into()).spawn(move || {
            // It is not taken where the reader has gone.
            let _ = result.send(runs.run_streaming(event, &caller));
        });
        let ended = started.err().map(|error| {
            stream.break_off();
            pool.refuse(&request_id, PlatformError::new(Cause::NoThread(error.to_string())))
        });
        Self::new(pool, request_id, stream, running, ended)
    }

    /// Of an event that no instance gets.
    pub(crate) fn refused(pool: &Arc<Pool>, request_id: &str, error: PlatformError) -> Self {
        let stream = Arc::new(Stream::for_a_reader());
        stream.break_off();
        Self::new(
            pool,
            request_id.to_owned(),
            stream,
            channel().1,
            Some(pool.refuse(request_id, error)),
        )
    }

    fn new(
        pool: &Arc<Pool>,
        request_id: String,
        stream: Arc<Stream>,
        running: Receiver<Execution>,
        ended: Option<Execution>,
    ) -> Self {
        Self {
            pool: Arc::clone(pool),
            request_id,
            stream,
            running,
            ended,
            piece: Vec::new(),
            read: 0,
            is_taken: false,
        }
    }

    /// The request id of the event.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Waits for the next piece: what has arrived of a chunk, at most 64 KB, or all of a reply that
    /// is not streamed. Nothing at the end of a complete reply.
    ///
    /// # Errors
    ///
    /// Where the reply is not complete, or there is none:
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) with the [`PlatformError`] as its source, or
    /// an error of the kind [`Other`](io::ErrorKind::Other) with what the function has reported.
    pub fn next_piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Next::Piece(piece) = self.stream.next(Duration::MAX) {
            return Ok(Some(piece));
        }
        // The end is told when the instance is free, as with every other reply.
        let is_taken = std::mem::replace(&mut self.is_taken, true);
        match &self.wait().outcome {
            Outcome::Reply(body) if is_taken || body.is_empty() => Ok(None),
            Outcome::Reply(body) => Ok(Some(body.clone())),
            Outcome::Streamed { .. } => Ok(None),
            Outcome::Failure(failure) => {
                Err(io::Error::other(format!("{}: {}", failure.error_type, failure.error_message)))
            }
            Outcome::Platform(error) => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, error.clone()))
            }
        }
    }

    /// Reads what is left, throws it away, and tells what came of the invocation.
    #[must_use]
    pub fn finish(mut self) -> Execution {
        while let Ok(Some(_)) = self.next_piece() {}
        self.wait().clone()
    }

    fn wait(&mut self) -> &Execution {
        self.ended.get_or_insert_with(|| {
            // A panic has been reported by the thread that had it.
            self.running.recv().unwrap_or_else(|_| {
                self.pool.refuse(&self.request_id, PlatformError::new(Cause::Stopped))
            })
        })
    }
}

impl Read for ReplyStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.piece.len() {
            self.read = 0;
            self.piece = Vec::new();
            self.piece = self.next_piece()?.unwrap_or_default();
        }
        let read = (&self.piece[self.read..]).read(buffer)?;
        self.read += read;
        Ok(read)
    }
}

impl Drop for ReplyStream {
    fn drop(&mut self) {
        self.stream.abandon();
    }
}
