//! The bytes of a connection, as hyper reads and writes them: slow callers have limits, and hyper's
//! own responses to what is no request are left out, so that the platform's JSON can be sent
//! instead.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, Sleep, sleep_until, timeout};

use super::open_connections::Connection;

/// How long a caller may take to read what has been written.
const WRITE_TIME: Duration = Duration::from_secs(60);

/// How much of a refused request is discarded after the response, in bytes, and for how long.
const MAX_DISCARDED: (usize, Duration) = (16 << 20, Duration::from_secs(2));

/// The bytes from and to a caller.
#[derive(Debug)]
pub(super) struct CallerIo {
    socket: TcpStream,
    connection: Arc<Connection>,
    read_limit: Limit,
    write_limit: Limit,
    /// The caller sends no more.
    is_at_end: bool,
    /// The caller has not sent what it should have sent in time.
    is_late: bool,
    /// What hyper has written by itself: its response to what is no request.
    of_hyper: Vec<u8>,
}

/// A timer that is set anew when its time changes.
#[derive(Debug, Default)]
struct Limit(Option<Pin<Box<Sleep>>>);

impl Limit {
    /// Is ready when it is this time.
    fn poll(&mut self, deadline: Option<Instant>, task: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = deadline else {
            self.0 = None;
            return Poll::Pending;
        };
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(task)
    }
}

impl CallerIo {
    pub(super) fn new(socket: TcpStream, connection: Arc<Connection>) -> Self {
        Self {
            socket,
            connection,
            read_limit: Limit::default(),
            write_limit: Limit::default(),
            is_at_end: false,
            is_late: false,
            of_hyper: Vec::new(),
        }
    }

    /// Whether the caller has not sent what it should have sent in time.
    pub(super) fn is_late(&self) -> bool {
        self.is_late
    }

    /// The status with which hyper has responded to what is no request.
    pub(super) fn status_of_hyper(&self) -> Option<u16> {
        let status = self.of_hyper.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
        std::str::from_utf8(status).ok()?.parse().ok()
    }

    /// Writes this response, if there is one, and closes the connection so that the caller sees all
    /// of it: a socket that is closed with unread bytes resets the connection.
    pub(super) async fn close(mut self, response: Option<Vec<u8>>) {
        let (most, limit) = MAX_DISCARDED;
        let closing = async {
            if let Some(response) = response {
                self.socket.write_all(&response).await?;
            }
            self.socket.shutdown().await?;
            let mut discarded = vec![0; 16 << 10];
            let mut bytes = 0;
            while !self.is_at_end && bytes < most {
                match self.socket.read(&mut discarded).await? {
                    0 => break,
                    read => bytes += read,
                }
            }
            io::Result::Ok(())
        };
        // An error means that the caller has gone, and the end of the time that it does not go.
        let _ = timeout(limit, closing).await;
    }

    fn after_write(
        &mut self,
        written: Poll<io::Result<usize>>,
        task: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.write_limit = Limit::default();
            return written;
        }
        let deadline = self.write_limit.0.as_ref().map(|timer| timer.deadline());
        let deadline = deadline.unwrap_or_else(|| Instant::now() + WRITE_TIME);
        ready!(self.write_limit.poll(Some(deadline), task));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for CallerIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        match Pin::new(&mut this.socket).poll_read(task, buffer) {
            Poll::Pending => {
                ready!(this.read_limit.poll(this.connection.read_deadline(), task));
                this.is_late = true;
                return Poll::Ready(Err(ErrorKind::TimedOut.into()));
            }
            Poll::Ready(result) => result?,
        }
        if buffer.filled().len() > before {
            this.connection.received();
        } else {
            this.is_at_end = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for CallerIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.connection.is_between_requests() {
            self.of_hyper.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.socket).poll_write(task, bytes);
        self.after_write(written, task)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.connection.is_between_requests() {
            parts.iter().for_each(|part| self.of_hyper.extend_from_slice(part));
            return Poll::Ready(Ok(parts.iter().map(|part| part.len()).sum()));
        }
        let written = Pin::new(&mut self.socket).poll_write_vectored(task, parts);
        self.after_write(written, task)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Hyper flushes when it has written all that it has, and each time that it is polled. A socket
    /// has no buffer of its own here.
    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.flushed();
        // A caller that sends no more still gets its response, but one that has gone away is not
        // distinguishable from it, and a stream might never end.
        let mut next = [0];
        if self.connection.is_streaming()
            && self.socket.poll_peek(task, &mut ReadBuf::new(&mut next))? == Poll::Ready(0)
        {
            return Poll::Ready(Err(ErrorKind::ConnectionAborted.into()));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(task)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::super::open_connections::{OpenConnections, Slot};
    use super::*;

    /// The two ends of a connection.
    async fn connection() -> (TcpStream, CallerIo, Slot) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let caller = TcpStream::connect(address).await.expect("it listens");
        let (socket, _) = listener.accept().await.expect("a connection");
        let slot = Arc::new(OpenConnections::new(1)).open().expect("there is room");
        let io = CallerIo::new(socket, Arc::clone(&slot.connection));
        (caller, io, slot)
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_reads_nothing_is_given_up() {
        let (_caller, mut io, slot) = connection().await;
        slot.connection.begin_handling();
        let begun = Instant::now();
        let error = loop {
            if let Err(error) = io.write_all(&[0; 1 << 16]).await {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(begun.elapsed() >= WRITE_TIME);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_go_on_is_late() {
        let (mut caller, mut io, slot) = connection().await;
        caller.write_all(b"GET ").await.expect("it is open");
        let mut bytes = [0; 16];
        assert_eq!(io.read(&mut bytes).await.expect("some bytes"), 4);
        assert!(slot.connection.is_in_head() && !io.is_late());
        let error = io.read(&mut bytes).await.expect_err("nothing comes");
        assert!(error.kind() == ErrorKind::TimedOut && io.is_late());
    }

    #[tokio::test(start_paused = true)]
    async fn what_hyper_says_to_no_request_is_left_out_and_its_status_is_known() {
        let (mut caller, mut io, slot) = connection().await;
        let of_hyper = b"HTTP/1.1 431 Request Header Fields Too Large\r\n\r\n";
        io.write_all(of_hyper).await.expect("it is taken");
        assert_eq!(io.status_of_hyper(), Some(431));
        slot.connection.begin_handling();
        io.write_all(b"response").await.expect("it is open");
        io.close(None).await;
        let mut seen = String::new();
        caller.read_to_string(&mut seen).await.expect("an orderly close");
        assert_eq!(seen, "response");
    }
}
