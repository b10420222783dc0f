//! A connection's bytes, and the limit of a client that does not take them.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep, sleep_until};

use super::connection_state::Link;
use super::request_framing::Passable;

/// How long a client may take nothing at all of what is sent to it. One that is merely slow takes a
/// part of it every now and then.
const UNREAD_LIMIT: Duration = Duration::from_secs(20);

/// A stream of bytes from and to a client.
#[derive(Debug)]
pub(crate) struct Outgoing {
    link: Arc<Link>,
    /// Rings when the client has taken nothing for too long; none while it takes something.
    unread: Option<Pin<Box<Sleep>>>,
    /// Rings at the end of the time of a connection that has been handed over.
    open: Option<Pin<Box<Sleep>>>,
}

impl Outgoing {
    pub(crate) const fn new(link: Arc<Link>) -> Self {
        Self { link, unread: None, open: None }
    }

    /// Fails once a connection that has been handed over to the service has been open for its whole
    /// time.
    #[inline]
    fn poll_open(&mut self, task: &mut Context<'_>) -> io::Result<()> {
        if self.link.is_upgraded() { self.poll_upgraded(task) } else { Ok(()) }
    }

    #[cold]
    fn poll_upgraded(&mut self, task: &mut Context<'_>) -> io::Result<()> {
        if self.open.is_none() {
            self.open = self.link.open_until().map(|until| Box::pin(sleep_until(until.into())));
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        if !open.is_elapsed() && open.as_mut().poll(task).is_pending() {
            return Ok(());
        }
        self.link.close_upgraded();
        Err(ErrorKind::TimedOut.into())
    }
}

impl Passable for Outgoing {
    fn is_passed_on(&self) -> bool {
        self.link.is_upgraded()
    }
}

/// In the task that serves the connection, so that what is due then can begin there.
impl Drop for Outgoing {
    fn drop(&mut self) {
        self.link.end();
    }
}

impl AsyncRead for Outgoing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_open(task)?;
        self.link.poll_read(task, buffer)
    }
}

impl AsyncWrite for Outgoing {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(task, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_open(task)?;
        let written = self.link.poll_write(task, parts);
        if written.is_ready() {
            self.unread = None;
            return written;
        }
        let unread = self.unread.get_or_insert_with(|| Box::pin(sleep(UNREAD_LIMIT)));
        ready!(unread.as_mut().poll(task));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// The server flushes when it has written all that it has.
    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.link.poll_flush(task)
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.link.poll_shutdown(task)
    }
}
