//! What both servers do with a socket below the level of HTTP: look ahead, and close it so that the
//! other side still reads the response.

use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// Waits for the first byte of the next request and leaves it in the socket; `None` if the
/// connection has ended.
pub(crate) fn peek_first_byte(socket: &TcpStream) -> Option<u8> {
    let mut first = [0];
    match peek(socket, &mut first) {
        Ok(1..) => Some(first[0]),
        _ => None,
    }
}

/// Waits for bytes and leaves them in the socket.
pub(crate) fn peek(socket: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match socket.peek(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// As [`peek`], and [times out](is_timeout) at the deadline.
pub(super) fn peek_until(
    socket: &TcpStream,
    buffer: &mut [u8],
    deadline: Option<Instant>,
) -> io::Result<usize> {
    if let Some(deadline) = deadline {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
    }
    peek(socket, buffer)
}

/// Ends a connection so that the other side notices at once, even while it waits to send more. Its
/// owner closes the socket.
///
/// Without the reset, a sender would wait for room until the system gives the connection up, which
/// Linux does after a minute: a socket that is not read any more announces no room.
pub(crate) fn abort(socket: &TcpStream) {
    // With this the close that follows sends a reset. An error means that it is closed already.
    #[cfg(unix)]
    let _ = rustix::net::sockopt::set_socket_linger(socket, Some(Duration::ZERO));
    // Ends a read or a write of another thread, so that it closes the socket.
    let _ = socket.shutdown(Shutdown::Both);
}

/// Whether a read has hit the socket's timeout. Systems report this differently.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Closes the sending side, then reads and discards what still arrives, within these limits: unread
/// bytes would turn the close into a reset, and the other side could lose the response.
pub(crate) fn lingering_close(mut socket: &TcpStream, max_bytes: usize, max_time: Duration) {
    let _ = socket.shutdown(Shutdown::Write);
    let deadline = Instant::now() + max_time;
    let mut buffer = [0; 16 << 10];
    let mut discarded = 0;
    while discarded < max_bytes {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || socket.set_read_timeout(Some(left)).is_err() {
            break;
        }
        match socket.read(&mut buffer) {
            Ok(length @ 1..) => discarded += length,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => break,
        }
    }
}
