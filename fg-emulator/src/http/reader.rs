//! Reads one request from a socket: the bytes as they came, and what they mean.
//!
//! Bytes are peeked at before they are read, so that nothing beyond the request is read (a
//! pipelined request stays in the socket), and a fault can leave the last byte of a request unread.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use super::limits::RequestLimits;
use super::read_error::ReadError;
use super::request::Request;
use super::request_parser::RequestParser;
use super::response::Response;
use super::socket::{is_timeout, peek_until};

/// How far a request is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadUntil {
    End,
    /// Up to its last byte, which stays in the socket.
    LastByte,
    /// No further than this number of bytes.
    Bytes(usize),
}

/// What is done with the body that follows a head.
#[derive(Debug)]
pub(crate) enum BodyAction {
    Read,
    /// It stays in the socket, and the request is returned without it.
    Leave,
    /// It stays in the socket, and the request is answered with this response.
    Refuse(Response),
}

/// Reads one request. With [`ReadUntil::End`], `on_head` decides what is done with its body. Also
/// returns the bytes that were read, even of an incomplete request.
pub(crate) fn read_request(
    socket: &TcpStream,
    until: ReadUntil,
    limits: RequestLimits,
    mut on_head: impl FnMut(&Request) -> BodyAction,
) -> (Vec<u8>, Result<Request, ReadError>) {
    let max_bytes = if let ReadUntil::Bytes(bytes) = until { bytes } else { usize::MAX };
    let mut parser = RequestParser::new(limits);
    let mut deadline = limits.head_time.map(|time| Instant::now() + time);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let before = parser.received();
        let peeked =
            if before == max_bytes { Ok(0) } else { peek_until(socket, &mut buffer, deadline) };
        let peeked = match peeked {
            Err(error) if is_timeout(&error) => {
                return (parser.into_bytes(), Err(ReadError::TooSlow));
            }
            peeked => peeked.unwrap_or(0).min(max_bytes - before),
        };
        if peeked == 0 {
            return (parser.into_bytes(), Err(ReadError::Incomplete));
        }
        let had_head = parser.head().is_some();
        let mut end = parser.push(&buffer[..peeked]);
        let mut action = BodyAction::Read;
        if let (false, ReadUntil::End, Some(head)) = (had_head, until, parser.head()) {
            deadline = limits.body_time.map(|time| Instant::now() + time);
            action = on_head(head);
            if !matches!(action, BodyAction::Read) {
                end = Ok(Some(parser.drop_body()));
            }
        }
        let mut to_read = peeked;
        if let Ok(Some(end)) = end {
            parser.truncate(end);
            to_read = end - before - usize::from(until == ReadUntil::LastByte);
        }
        if { socket }.read_exact(&mut buffer[..to_read]).is_err() {
            return (parser.into_bytes(), Err(ReadError::Incomplete));
        }
        let reads_body = matches!(action, BodyAction::Read);
        match end {
            Ok(Some(_)) if reads_body => return parser.finish(true),
            Ok(_) => {}
            Err(invalid) => return (parser.into_bytes(), Err(ReadError::InvalidRequest(invalid))),
        }
        if let BodyAction::Refuse(response) = action {
            return (parser.into_bytes(), Err(ReadError::Refused(response)));
        }
        if until == ReadUntil::End && parser.takes_expectation() {
            // If this fails, so does the next read.
            let _ = { socket }.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        if !reads_body {
            return parser.finish(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_head_or_a_body_that_does_not_come_in_time_is_waited_for_no_longer() {
        let time = Some(Duration::from_millis(30));
        let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (sent, limits) in [
            (&head[..20], RequestLimits { head_time: time, ..RequestLimits::GENEROUS }),
            (head, RequestLimits { body_time: time, ..RequestLimits::GENEROUS }),
        ] {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
            let mut client = TcpStream::connect(listener.local_addr().expect("it is bound"))
                .expect("it listens");
            let (socket, _) = listener.accept().expect("a connection");
            client.write_all(sent.as_bytes()).expect("it is open");
            let (raw, request) =
                read_request(&socket, ReadUntil::End, limits, |_| BodyAction::Read);
            assert_eq!((raw.as_slice(), request), (sent.as_bytes(), Err(ReadError::TooSlow)));
        }
    }
}
