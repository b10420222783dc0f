//! FunctionGraph's Runtime API on one blocking socket.

use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;
use std::ops::Range;

/// The connection, and the last response.
pub(crate) struct RuntimeApi {
    stream: TcpStream,
    poll: Vec<u8>,
    head: Vec<u8>,
    address: String,
    /// The received bytes, up to `filled`; the last response ends at `end`.
    input: Vec<u8>,
    filled: usize,
    end: usize,
    request_id: Range<usize>,
    /// Whether an answer is sent together with the next poll.
    pipeline: bool,
    /// Whether the next poll has been sent already.
    is_ahead: bool,
}

impl RuntimeApi {
    pub(crate) fn connect() -> io::Result<Self> {
        let address = std::env::var("RUNTIME_API_ADDR").map_err(io::Error::other)?;
        let stream = TcpStream::connect(&address)?;
        stream.set_nodelay(true)?;
        let poll =
            format!("GET /v1/runtime/invocation/request HTTP/1.1\r\nHost: {address}\r\n\r\n")
                .into_bytes();
        let pipeline = std::env::var("FG_PIPELINE").is_ok_and(|set| set == "1");
        let input = vec![0; 16 * 1024];
        Ok(Self {
            stream,
            poll,
            head: Vec::new(),
            address,
            input,
            filled: 0,
            end: 0,
            request_id: 0..0,
            pipeline,
            is_ahead: false,
        })
    }

    /// The payload of the next event.
    pub(crate) fn next(&mut self) -> io::Result<&str> {
        if !self.is_ahead {
            self.stream.write_all(&self.poll)?;
        }
        let body = self.receive()?;
        let head = &self.input[..body.start];
        let id = find(head, b"X-CFF-Request-Id: ").map_or(0, |at| at + 18);
        self.request_id = id..id + head[id..].iter().position(|&byte| byte == b'\r').unwrap_or(0);
        std::str::from_utf8(&self.input[body]).map_err(io::Error::other)
    }

    /// Answers the event.
    pub(crate) fn answer(&mut self, reply: &[u8]) -> io::Result<()> {
        self.head.clear();
        self.head.extend_from_slice(b"POST /v1/runtime/invocation/response/");
        self.head.extend_from_slice(&self.input[self.request_id.clone()]);
        self.head.extend_from_slice(b" HTTP/1.1\r\nHost: ");
        self.head.extend_from_slice(self.address.as_bytes());
        write!(
            self.head,
            "\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            reply.len()
        )?;
        self.is_ahead = self.pipeline;
        let next: &[u8] = if self.is_ahead { &self.poll } else { b"" };
        let mut parts = [&self.head, reply, next].map(IoSlice::new);
        let mut rest = &mut parts[..];
        while !rest.is_empty() {
            let written = self.stream.write_vectored(rest)?;
            IoSlice::advance_slices(&mut rest, written);
        }
        self.receive().map(drop)
    }

    /// Reads a response, and returns the range of its body.
    fn receive(&mut self) -> io::Result<Range<usize>> {
        // Bytes after the last response are the beginning of this one.
        self.input.copy_within(self.end..self.filled, 0);
        self.filled -= self.end;
        self.end = 0;
        loop {
            let Some(end) = find(&self.input[..self.filled], b"\r\n\r\n") else {
                let read = self.stream.read(&mut self.input[self.filled..])?;
                if read == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                self.filled += read;
                continue;
            };
            let head = &self.input[..end];
            let digits = find(head, b"Content-Length: ").map_or(&b""[..], |at| &head[at + 16..]);
            let length = digits
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .fold(0, |sum, byte| sum * 10 + usize::from(byte - b'0'));
            let body = end + 4..end + 4 + length;
            if self.input.len() < body.end {
                self.input.resize(body.end, 0);
            }
            if self.filled < body.end {
                self.stream.read_exact(&mut self.input[self.filled..body.end])?;
                self.filled = body.end;
            }
            self.end = body.end;
            return Ok(body);
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// The string after this key, which must not have escape sequences.
pub(crate) fn text_of<'a>(event: &'a str, key: &str) -> &'a str {
    event.split_once(key).and_then(|(_, rest)| rest.split_once('"')).map_or("", |(text, _)| text)
}
