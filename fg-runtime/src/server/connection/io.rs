//! The bytes of a connection, as hyper reads and writes them: ambiguous heads are made unreadable,
//! and slow clients have limits.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::{Sleep, sleep, sleep_until};

use super::protocol::Protocol;
use super::request_framing::RequestFraming;
use super::state::ConnectionState;

/// How long a client may take for the head of a request: the first one from the beginning, another
/// from its first byte.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may read nothing at all of what is sent to it. One that is merely slow reads a
/// part of it every now and then.
const UNREAD_LIMIT: Duration = Duration::from_secs(20);

/// Several parts of up to this many bytes together are written as one.
const SMALL: usize = 1024;

/// The bytes from and to a client.
#[derive(Debug)]
pub(crate) struct ConnectionIo {
    connection: Arc<ConnectionState>,
    reader: OwnedReadHalf,
    framing: RequestFraming,
    protocol: Protocol,
    /// Whether the head of a request has begun, and its deadline is set.
    is_in_head: bool,
    /// Parts that are written as one.
    joined: Vec<u8>,
    /// Fires when the client has read nothing for too long; `None` while it reads.
    unread: Option<Pin<Box<Sleep>>>,
    /// Fires when a connection that has been handed over has to close.
    upgrade_end: Option<Pin<Box<Sleep>>>,
}

impl ConnectionIo {
    pub(crate) fn new(
        connection: Arc<ConnectionState>,
        reader: OwnedReadHalf,
        head_timeout: Duration,
    ) -> Self {
        connection.begin_head(Instant::now() + head_timeout);
        Self {
            connection,
            reader,
            framing: RequestFraming::default(),
            protocol: Protocol::Unknown { matched: 0 },
            is_in_head: true,
            joined: Vec::new(),
            unread: None,
            upgrade_end: None,
        }
    }

    /// What the client has begun to speak.
    pub(crate) const fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(crate) const fn framing(&self) -> &RequestFraming {
        &self.framing
    }

    /// Looks at bytes that have come. Returns whether hyper may see them.
    fn receive(&mut self, bytes: &mut [u8]) -> bool {
        if let Protocol::Unknown { matched } = self.protocol {
            self.protocol = Protocol::detect(matched, bytes);
            if self.protocol == Protocol::Http2 {
                // Hyper would answer the preface itself. Instead it waits, and the connection ends
                // because its time is over.
                self.connection.give_up_head();
                return false;
            }
        }
        // Empty lines before a request are no part of it.
        let are_empty_lines = bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        self.framing.scan(bytes);
        self.connection.receive_heads(self.framing.heads());
        let was_in_head = std::mem::replace(&mut self.is_in_head, self.framing.is_in_head());
        if self.is_in_head && !was_in_head {
            self.connection.begin_head(Instant::now() + HEAD_TIMEOUT);
        } else if !self.is_in_head && !are_empty_lines {
            self.connection.end_head();
        }
        true
    }

    /// Fails once a connection that has been handed over to the service has been open for its whole
    /// time.
    #[cold]
    fn poll_upgrade_end(&mut self, task: &mut Context<'_>) -> io::Result<()> {
        if self.upgrade_end.is_none() {
            let until = self.connection.upgraded_until();
            self.upgrade_end = until.map(|until| Box::pin(sleep_until(until.into())));
        }
        let Some(end) = &mut self.upgrade_end else { return Ok(()) };
        if !end.is_elapsed() && end.as_mut().poll(task).is_pending() {
            return Ok(());
        }
        self.connection.close_upgraded();
        Err(ErrorKind::TimedOut.into())
    }
}

/// In the task that serves the connection, so that work left by `spawn_after` can begin there.
impl Drop for ConnectionIo {
    fn drop(&mut self) {
        self.connection.writer.end();
    }
}

impl AsyncRead for ConnectionIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let is_upgraded = self.connection.is_upgraded();
        if is_upgraded {
            self.poll_upgrade_end(task)?;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.reader).poll_read(task, buffer))?;
        if !is_upgraded && !self.receive(&mut buffer.filled_mut()[before..]) {
            buffer.set_filled(before);
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ConnectionIo {
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
        let this = &mut *self;
        if this.connection.is_upgraded() {
            this.poll_upgrade_end(task)?;
        }
        let writer = &this.connection.writer;
        let written = match join(parts, &mut this.joined) {
            Some(joined) => writer.poll_write(task, &[IoSlice::new(joined)]),
            None => writer.poll_write(task, parts),
        };
        if written.is_ready() {
            this.unread = None;
            return written;
        }
        let unread = this.unread.get_or_insert_with(|| Box::pin(sleep(UNREAD_LIMIT)));
        ready!(unread.as_mut().poll(task));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Hyper flushes when it has written all that it has. A socket has no buffer of its own here.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.writer.poll_shutdown(task)
    }
}

/// Puts small parts together: the system takes one part faster than two.
fn join<'b>(parts: &[IoSlice<'_>], buffer: &'b mut Vec<u8>) -> Option<&'b [u8]> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    if parts.len() < 2 || length > SMALL {
        return None;
    }
    buffer.clear();
    parts.iter().for_each(|part| buffer.extend_from_slice(part));
    Some(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_response_is_written_as_one_part_and_a_large_one_is_not_copied() {
        let mut buffer = Vec::new();
        let mut join_two = |length: usize| {
            let (head, body) = (vec![b'h'; 100], vec![b'b'; length - 100]);
            let joined = join(&[IoSlice::new(&head), IoSlice::new(&body)], &mut buffer);
            joined.map(|joined| assert_eq!(joined, [head, body].concat()))
        };
        assert_eq!([101, SMALL, SMALL + 1].map(&mut join_two), [Some(()), Some(()), None]);
        assert_eq!(join(&[IoSlice::new(b"a")], &mut buffer), None, "it is one already");
    }
}
