//! The chunked transfer encoding of a request's body: taken apart step by step, or read from a
//! socket piece by piece.

use std::io::Read;
use std::net::TcpStream;

use crate::http::request_parser::{Unread, peek};

/// The largest piece, in bytes.
const PIECE: usize = 64 << 10;

/// The largest size line, or trailers, in bytes.
const MAX_LINES: usize = 64 << 10;

/// What comes next in a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChunkPart {
    Size,
    Data(usize),
    LineEnd,
    Trailers,
}

/// Steps over one part of a chunked body. `None` where more bytes are needed, `Some(None)` at the
/// end of the body.
pub(crate) fn next_part(
    raw: &[u8],
    at: &mut usize,
    part: ChunkPart,
    body: &mut Vec<u8>,
) -> Result<Option<Option<ChunkPart>>, String> {
    let rest = &raw[*at..];
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

/// A chunked body that is read as it comes. Nothing behind its end is taken from the socket.
#[derive(Debug)]
pub(crate) struct ChunkedBody<'a> {
    socket: &'a TcpStream,
    part: Option<ChunkPart>,
    /// Of a line that has not ended.
    begun: Vec<u8>,
    buffer: Vec<u8>,
}

impl<'a> ChunkedBody<'a> {
    /// The head has been read.
    pub(crate) fn new(socket: &'a TcpStream) -> Self {
        Self { socket, part: Some(ChunkPart::Size), begun: Vec::new(), buffer: vec![0; PIECE] }
    }

    /// Waits for what comes next of a chunk, as much of it as has arrived; nothing at the end of
    /// the body.
    pub(crate) fn next_piece(&mut self) -> Result<Option<Vec<u8>>, Unread> {
        while let Some(part) = self.part {
            // No more than what is sure to be of this part, so that hardly a byte is looked at
            // twice.
            let wanted = match part {
                ChunkPart::Size => 32,
                ChunkPart::Data(size) => size.min(PIECE),
                ChunkPart::LineEnd | ChunkPart::Trailers => 2,
            };
            let seen = peek(self.socket, &mut self.buffer[..wanted]).unwrap_or(0);
            if seen == 0 {
                return Err(Unread::Incomplete);
            }
            let before = self.begun.len();
            self.begun.extend_from_slice(&self.buffer[..seen]);
            let (mut at, mut piece) = (0, Vec::new());
            let next = next_part(&self.begun, &mut at, part, &mut piece)
                .map_err(|reason| Unread::Malformed(reason.into()))?;
            let taken = if next.is_some() { at - before } else { seen };
            self.socket.read_exact(&mut self.buffer[..taken]).map_err(|_| Unread::Incomplete)?;
            match next {
                Some(next) => {
                    self.begun.clear();
                    self.part = next;
                }
                None if self.begun.len() > MAX_LINES => {
                    return Err(Unread::Malformed("a chunk with too long a line".into()));
                }
                None => {}
            }
            if !piece.is_empty() {
                return Ok(Some(piece));
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

    /// The pieces of what a socket receives in these writes, how it ends, and what is left in the
    /// socket.
    fn read(writes: &[&[u8]]) -> (Vec<Vec<u8>>, Result<(), Unread>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let mut sender =
            TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
        let (mut socket, _) = listener.accept().expect("a connection");
        for bytes in writes {
            sender.write_all(bytes).expect("it reads");
        }
        sender.shutdown(Shutdown::Write).expect("it is open");
        let (mut body, mut pieces) = (ChunkedBody::new(&socket), Vec::new());
        let end = loop {
            match body.next_piece() {
                Ok(Some(piece)) => pieces.push(piece),
                Ok(None) => break Ok(()),
                Err(unread) => break Err(unread),
            }
        };
        let mut left = Vec::new();
        socket.read_to_end(&mut left).expect("the rest");
        (pieces, end, left)
    }

    #[test]
    fn each_chunk_is_a_piece_and_what_follows_the_body_stays_in_the_socket() {
        let (pieces, end, left) = read(&[b"2;a=b\r\nab\r\n1\r\nc\r\n0\r\nX-Sum: 1\r\n\r\nGET "]);
        assert_eq!(
            (pieces, end, left),
            (vec![b"ab".to_vec(), b"c".to_vec()], Ok(()), b"GET ".to_vec())
        );
    }

    #[test]
    fn a_body_without_its_last_chunk_is_incomplete() {
        let (pieces, end, _) = read(&[b"2\r\nab\r\n"]);
        assert_eq!((pieces, end), (vec![b"ab".to_vec()], Err(Unread::Incomplete)));
        let (pieces, end, _) = read(&[b"5\r\nab"]);
        assert_eq!((pieces, end), (vec![b"ab".to_vec()], Err(Unread::Incomplete)));
    }

    #[test]
    fn what_is_no_chunk_is_malformed() {
        assert_eq!(
            read(&[b"2\r\nabc\r\n"]).1,
            Err(Unread::Malformed("a chunk that is longer than its size".into()))
        );
        assert_eq!(
            read(&[b"x\r\n"]).1,
            Err(Unread::Malformed("a chunk without a valid size".into()))
        );
        let endless = [b"2;".as_slice(), &[b'x'; MAX_LINES + 64]].concat();
        assert_eq!(
            read(&[&endless]).1,
            Err(Unread::Malformed("a chunk with too long a line".into()))
        );
    }

    #[test]
    fn a_large_chunk_comes_in_pieces() {
        let body = vec![b'x'; 3 * PIECE];
        let bytes = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        let (pieces, end, _) = read(&[&bytes]);
        assert!(pieces.iter().all(|piece| piece.len() <= PIECE) && end == Ok(()));
        assert!(pieces.concat() == body);
    }
}
