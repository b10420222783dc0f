//! The chunked transfer encoding of a request's body: parsed part by part, or read from a socket
//! as it arrives.

use std::io::Read;
use std::net::TcpStream;

use super::read_error::ReadError;
use super::socket::peek;

/// How much of a chunk is returned at once, in bytes.
const MAX_DATA: usize = 64 << 10;

/// How long a size line, or the trailers, may be, in bytes.
const MAX_LINE: usize = 64 << 10;

/// A part of a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkPart {
    Size,
    Data(usize),
    LineEnd,
    Trailers,
}

/// Parses one part of a chunked body from offset `at`, moves `at` behind it, and returns the part
/// that follows; `Some(None)` at the end of the body, `None` if more bytes are needed.
pub(super) fn next_part(
    bytes: &[u8],
    at: &mut usize,
    part: ChunkPart,
    body: &mut Vec<u8>,
) -> Result<Option<Option<ChunkPart>>, String> {
    let rest = &bytes[*at..];
    match part {
        ChunkPart::Size => match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Partial) => Ok(None),
            Ok(httparse::Status::Complete((length, size))) => {
                *at += length;
                let size = usize::try_from(size).map_err(|_| "a chunk too large")?;
                Ok(Some(Some(if size == 0 { ChunkPart::Trailers } else { ChunkPart::Data(size) })))
            }
            Err(_) => Err("a chunk without a valid size".into()),
        },
        ChunkPart::Data(size) => {
            let data = &rest[..rest.len().min(size)];
            if data.is_empty() {
                return Ok(None);
            }
            body.extend_from_slice(data);
            *at += data.len();
            Ok(Some(Some(if data.len() == size {
                ChunkPart::LineEnd
            } else {
                ChunkPart::Data(size - data.len())
            })))
        }
        ChunkPart::LineEnd => match rest.get(..2) {
            None => Ok(None),
            Some(b"\r\n") => {
                *at += 2;
                Ok(Some(Some(ChunkPart::Size)))
            }
            Some(_) => Err("a chunk that is longer than its size".into()),
        },
        ChunkPart::Trailers => {
            let Some(line) = rest.windows(2).position(|pair| pair == b"\r\n") else {
                return Ok(None);
            };
            *at += line + 2;
            Ok(Some((line > 0).then_some(ChunkPart::Trailers)))
        }
    }
}

/// A chunked body that is read from a socket as it arrives, and not beyond its end.
#[derive(Debug)]
pub(crate) struct ChunkedBody<'a> {
    socket: &'a TcpStream,
    /// The part that comes next; `None` at the end.
    part: Option<ChunkPart>,
    /// What has arrived of a line that has not ended.
    partial: Vec<u8>,
    buffer: Vec<u8>,
}

impl<'a> ChunkedBody<'a> {
    /// Reads from a socket from which the head has been read.
    pub(crate) fn new(socket: &'a TcpStream) -> Self {
        Self { socket, part: Some(ChunkPart::Size), partial: Vec::new(), buffer: vec![0; MAX_DATA] }
    }

    /// Waits for data, and returns what has arrived of a chunk; `None` at the end of the body.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Vec<u8>>, ReadError> {
        while let Some(part) = self.part {
            // At most what surely belongs to this part, so that few bytes are peeked at twice.
            let max = match part {
                ChunkPart::Size => 32,
                ChunkPart::Data(size) => size.min(MAX_DATA),
                ChunkPart::LineEnd | ChunkPart::Trailers => 2,
            };
            let peeked = peek(self.socket, &mut self.buffer[..max]).unwrap_or(0);
            if peeked == 0 {
                return Err(ReadError::Incomplete);
            }
            let before = self.partial.len();
            self.partial.extend_from_slice(&self.buffer[..peeked]);
            let (mut at, mut data) = (0, Vec::new());
            let next = next_part(&self.partial, &mut at, part, &mut data)
                .map_err(|reason| ReadError::InvalidRequest(reason.into()))?;
            let taken = if next.is_some() { at - before } else { peeked };
            self.socket.read_exact(&mut self.buffer[..taken]).map_err(|_| ReadError::Incomplete)?;
            match next {
                Some(next) => {
                    self.partial.clear();
                    self.part = next;
                }
                None if self.partial.len() > MAX_LINE => {
                    return Err(ReadError::InvalidRequest("a chunk with too long a line".into()));
                }
                None => {}
            }
            if !data.is_empty() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{Shutdown, TcpListener};

    /// What is returned of a body that arrives in these writes, how it ends, and what is left in
    /// the socket.
    fn read(writes: &[&[u8]]) -> (Vec<Vec<u8>>, Result<(), ReadError>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let mut sender =
            TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
        let (mut socket, _) = listener.accept().expect("a connection");
        for bytes in writes {
            sender.write_all(bytes).expect("it reads");
        }
        sender.shutdown(Shutdown::Write).expect("it is open");
        let (mut body, mut chunks) = (ChunkedBody::new(&socket), Vec::new());
        let end = loop {
            match body.next_chunk() {
                Ok(Some(data)) => chunks.push(data),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let mut left = Vec::new();
        socket.read_to_end(&mut left).expect("the rest");
        (chunks, end, left)
    }

    #[test]
    fn each_chunk_is_returned_and_what_follows_the_body_stays_in_the_socket() {
        let (chunks, end, left) = read(&[b"2;a=b\r\nab\r\n1\r\nc\r\n0\r\nX-Sum: 1\r\n\r\nGET "]);
        assert_eq!(
            (chunks, end, left),
            (vec![b"ab".to_vec(), b"c".to_vec()], Ok(()), b"GET ".to_vec())
        );
    }

    #[test]
    fn a_body_without_its_last_chunk_is_incomplete() {
        let (chunks, end, _) = read(&[b"2\r\nab\r\n"]);
        assert_eq!((chunks, end), (vec![b"ab".to_vec()], Err(ReadError::Incomplete)));
        let (chunks, end, _) = read(&[b"5\r\nab"]);
        assert_eq!((chunks, end), (vec![b"ab".to_vec()], Err(ReadError::Incomplete)));
    }

    #[test]
    fn what_is_no_chunk_is_malformed() {
        assert_eq!(
            read(&[b"2\r\nabc\r\n"]).1,
            Err(ReadError::InvalidRequest("a chunk that is longer than its size".into()))
        );
        assert_eq!(
            read(&[b"x\r\n"]).1,
            Err(ReadError::InvalidRequest("a chunk without a valid size".into()))
        );
        let endless = [b"2;".as_slice(), &[b'x'; MAX_LINE + 64]].concat();
        assert_eq!(
            read(&[&endless]).1,
            Err(ReadError::InvalidRequest("a chunk with too long a line".into()))
        );
    }

    #[test]
    fn a_large_chunk_comes_in_parts() {
        let body = vec![b'x'; 3 * MAX_DATA];
        let bytes = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        let (chunks, end, _) = read(&[&bytes]);
        assert!(chunks.iter().all(|chunk| chunk.len() <= MAX_DATA) && end == Ok(()));
        assert!(chunks.concat() == body);
    }
}
