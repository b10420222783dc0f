//! A socket whose reads and writes end at a deadline.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::socket::is_timeout;

/// A socket that can be read and written until the deadline. After it, each read and write fails
/// with [`TimedOut`](ErrorKind::TimedOut).
#[derive(Debug)]
pub(crate) struct DeadlineStream<'a> {
    socket: &'a TcpStream,
    deadline: Option<Instant>,
}

impl<'a> DeadlineStream<'a> {
    pub(crate) fn new(socket: &'a TcpStream, deadline: Option<Instant>) -> Self {
        Self { socket, deadline }
    }

    /// The time until the deadline; `None` without one.
    fn left(&self) -> io::Result<Option<Duration>> {
        let Some(deadline) = self.deadline else { return Ok(None) };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

/// Systems report differently that a socket's own time limit has passed.
fn unify_timeout<T>(result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| if is_timeout(&error) { ErrorKind::TimedOut.into() } else { error })
}

impl Read for DeadlineStream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(self.left()?)?;
        unify_timeout({ self.socket }.read(buffer))
    }
}

impl Write for DeadlineStream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(self.left()?)?;
        unify_timeout({ self.socket }.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
