//! A connection's way out: knows when a response has left, and when its client does not read.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::accepted::Due;

/// How long a client may take nothing at all of what is sent to it. One that is merely slow takes a part of it every now and then.
const UNREAD_LIMIT: Duration = Duration::from_secs(20);

/// What is due when everything that has been written so far has left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Departures(Arc<Mutex<Vec<Due>>>);

impl Departures {
    pub(crate) fn add(&self, due: Due) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(due);
    }

    fn release(&self) {
        let due = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        drop(due);
    }
}

/// A stream of bytes to a client.
#[derive(Debug)]
pub(crate) struct Outgoing<S> {
    stream: S,
    departures: Departures,
    /// Rings when the client has taken nothing for too long; none while it takes something.
    unread: Option<Pin<Box<Sleep>>>,
}

impl<S> Outgoing<S> {
    pub(crate) fn new(stream: S, departures: Departures) -> Self {
        Self { stream, departures, unread: None }
    }

    fn limit(&mut self, written: Poll<io::Result<usize>>, task: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.unread = None;
            return written;
        }
        let unread = self.unread.get_or_insert_with(|| Box::pin(sleep(UNREAD_LIMIT)));
        ready!(unread.as_mut().poll(task));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Outgoing<S> {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(task, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Outgoing<S> {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(task, bytes);
        self.limit(written, task)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, task: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(task, parts);
        self.limit(written, task)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// The server flushes when it has written all that it has.
    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(task))?;
        self.departures.release();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}
