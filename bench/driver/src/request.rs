//! Reads the requests of a program from its connection.

use std::io::{self, Read};
use std::net::TcpStream;

/// The number of bytes of a body that are kept; further ones are only counted.
const KEPT: usize = 256;

/// One request.
pub(crate) struct Request {
    pub(crate) is_poll: bool,
    pub(crate) path: String,
    /// The first bytes of its body.
    pub(crate) body: Vec<u8>,
    pub(crate) body_length: usize,
}

/// The requests on one connection.
pub(crate) struct Requests {
    stream: TcpStream,
    buffer: Vec<u8>,
    start: usize,
    filled: usize,
}

impl Requests {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: vec![0; 64 * 1024], start: 0, filled: 0 }
    }

    /// The next request; `None` after the program has closed the connection.
    pub(crate) fn next(&mut self) -> io::Result<Option<Request>> {
        let Some(head) = self.head()? else { return Ok(None) };
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (mut length, mut chunked) = (0, false);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(io::Error::other)?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.trim().eq_ignore_ascii_case("chunked");
            }
        }
        let mut body = Vec::new();
        let body_length = if chunked {
            self.chunks(&mut body)?
        } else {
            self.take(length, &mut body).map(|()| length)?
        };
        Ok(Some(Request { is_poll: method == "GET", path: path.to_owned(), body, body_length }))
    }

    fn head(&mut self) -> io::Result<Option<String>> {
        self.buffer.copy_within(self.start..self.filled, 0);
        self.filled -= self.start;
        self.start = 0;
        loop {
            if let Some(end) = find(&self.buffer[..self.filled], b"\r\n\r\n") {
                self.start = end + 4;
                return Ok(Some(String::from_utf8_lossy(&self.buffer[..end]).into_owned()));
            }
            if self.fill()? == 0 {
                return if self.filled == 0 {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        }
    }

    /// Reads this many bytes of a body.
    fn take(&mut self, mut length: usize, body: &mut Vec<u8>) -> io::Result<()> {
        while length > 0 {
            if self.start == self.filled {
                (self.start, self.filled) = (0, 0);
                if self.fill()? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            let piece = length.min(self.filled - self.start);
            let kept = piece.min(KEPT.saturating_sub(body.len()));
            body.extend_from_slice(&self.buffer[self.start..self.start + kept]);
            self.start += piece;
            length -= piece;
        }
        Ok(())
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> io::Result<usize> {
        let mut total = 0;
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                self.take(1, &mut line)?;
            }
            let size = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16)
                .map_err(io::Error::other)?;
            self.take(size, body)?;
            self.take(2, &mut Vec::new())?;
            if size == 0 {
                return Ok(total);
            }
            total += size;
        }
    }

    fn fill(&mut self) -> io::Result<usize> {
        if self.filled == self.buffer.len() {
            return Err(io::Error::other("the head of a request is too large"));
        }
        let read = self.stream.read(&mut self.buffer[self.filled..])?;
        self.filled += read;
        Ok(read)
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
