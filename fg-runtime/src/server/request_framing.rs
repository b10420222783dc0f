//! Makes requests that two servers could read differently unreadable for ours too.
//!
//! The parser takes a line that ends in a bare LF, and a request with both `Content-Length` and
//! `Transfer-Encoding`. A proxy in front of us may read either of them in another way, and take the
//! rest of one request for the next one ("request smuggling"). So the bytes are looked at as they
//! come, and the byte that makes them ambiguous is replaced by a NUL, which no head may have: the
//! parser then refuses the request with status 400 and closes the connection.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How long a client may take for the head of a request: the first one from the beginning, another
/// from its first byte.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// What is written is put together up to this many bytes.
const SMALL: usize = 1024;

/// Until when the head of a request must be complete: that of the first one from the beginning,
/// another from its first byte.
#[derive(Clone, Debug)]
pub(crate) struct HeadDeadline(Arc<Mutex<Option<Instant>>>);

impl HeadDeadline {
    /// None while there is none.
    pub(crate) fn get(&self) -> Option<Instant> {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream that may be passed on to something else than the server.
pub(crate) trait Passable {
    /// Whether what comes is no longer HTTP, and not ours to look at.
    fn is_passed_on(&self) -> bool;
}

/// A connection whose requests are looked at.
#[derive(Debug)]
pub(crate) struct StrictHead<S> {
    stream: S,
    scanner: Scanner,
    head_deadline: HeadDeadline,
    is_head_begun: bool,
    /// What a client speaks that does not speak HTTP/1.
    protocol: Protocol,
}

impl<S> StrictHead<S> {
    pub(crate) fn new(stream: S, timeout: Duration) -> Self {
        let head_deadline = HeadDeadline(Arc::new(Mutex::new(Some(Instant::now() + timeout))));
        Self {
            stream,
            scanner: Scanner::default(),
            head_deadline,
            is_head_begun: true,
            protocol: Protocol::Unknown { matched: 0 },
        }
    }

    /// What the client has begun to speak.
    pub(crate) const fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(crate) fn head_deadline(&self) -> HeadDeadline {
        self.head_deadline.clone()
    }

    /// Whether a head has begun and is not complete.
    pub(crate) fn is_in_head(&self) -> bool {
        matches!(self.scanner.state, State::Head) && !self.scanner.is_at_start
    }

    /// Whether a request has begun and is not complete.
    pub(crate) fn is_in_request(&self) -> bool {
        self.is_in_head() || !matches!(self.scanner.state, State::Head)
    }

    pub(crate) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Passable + Unpin> AsyncRead for StrictHead<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(task, buffer))?;
        if self.stream.is_passed_on() {
            return Poll::Ready(Ok(()));
        }
        let bytes = &mut buffer.filled_mut()[before..];
        if let Protocol::Unknown { matched } = self.protocol {
            self.protocol = Protocol::begun_by(matched, bytes);
            if self.protocol == Protocol::Http2 {
                // The parser would answer it itself, so it waits; and the connection ends, as its
                // time is over.
                *self.head_deadline.lock() = Some(Instant::now());
                buffer.set_filled(before);
                return Poll::Pending;
            }
        }
        // Empty lines before a request are nothing of it.
        let are_empty_lines = bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        self.scanner.scan(bytes);
        let is_head_begun = self.is_in_head();
        if is_head_begun && !self.is_head_begun {
            *self.head_deadline.lock() = Some(Instant::now() + HEAD_TIMEOUT);
        } else if !is_head_begun && !are_empty_lines {
            *self.head_deadline.lock() = None;
        }
        self.is_head_begun = is_head_begun;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StrictHead<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(task, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = parts.iter().map(|part| part.len()).sum();
        if length > SMALL {
            return Pin::new(&mut self.stream).poll_write_vectored(task, parts);
        }
        // The system takes one small piece faster than two.
        let mut whole = [0; SMALL];
        let mut free = &mut whole[..];
        for part in parts {
            let (taken, rest) = free.split_at_mut(part.len());
            taken.copy_from_slice(part);
            free = rest;
        }
        Pin::new(&mut self.stream).poll_write(task, &whole[..length])
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}

/// What a client begins to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Only so many bytes have come, all of them of the beginning of HTTP/2.
    Unknown {
        matched: usize,
    },
    Http1,
    /// HTTP/2 without having asked whether we speak it, as gRPC does.
    Http2,
    Tls,
}

impl Protocol {
    /// By the first bytes of a connection, which may come in pieces: `matched` of them have come
    /// before these.
    fn begun_by(matched: usize, bytes: &[u8]) -> Self {
        /// No request of HTTP/1 begins with it.
        const PREFACE: &[u8] = b"PRI * HTTP/2";
        /// The type of a TLS record that holds a handshake. No method begins with it.
        const HANDSHAKE: u8 = 0x16;
        let missing = &PREFACE[matched..];
        let length = missing.len().min(bytes.len());
        if missing[..length] != bytes[..length] {
            return if matched == 0 && bytes[0] == HANDSHAKE { Self::Tls } else { Self::Http1 };
        }
        if length == missing.len() {
            Self::Http2
        } else {
            Self::Unknown { matched: matched + length }
        }
    }
}

/// Follows the framing of the requests on a connection: which bytes are a head, and which a body.
#[derive(Debug)]
struct Scanner {
    state: State,
    last: u8,
    /// Whether nothing of the head has come.
    is_at_start: bool,
    line: Line,
    length: Option<u64>,
    is_chunked: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Head,
    /// So many bytes of a body, or of a chunk and its line end, are to come.
    Body(u64),
    Chunk(u64),
    /// In the line with the size of a chunk: the size so far, and whether it is complete.
    ChunkSize(u64, bool),
    Trailer,
    /// The request has been made unreadable: what follows is never read.
    Refused,
}

/// What is known of the line of a head.
#[derive(Debug, Default)]
struct Line {
    length: usize,
    /// The beginning of its name, lower case.
    name: [u8; LONGEST_NAME],
    kind: Kind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Kind {
    /// The name is not complete.
    #[default]
    Unknown,
    ContentLength(u64),
    Other,
}

const LONGEST_NAME: usize = TRANSFER_ENCODING.len();
const CONTENT_LENGTH: &[u8] = b"content-length";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding";

impl Default for Scanner {
    fn default() -> Self {
        Self {
            state: State::Head,
            last: 0,
            is_at_start: true,
            line: Line::default(),
            length: None,
            is_chunked: false,
        }
    }
}

impl Scanner {
    fn scan(&mut self, mut bytes: &mut [u8]) {
        loop {
            let ordinary = self.pass_lines(bytes);
            bytes = &mut bytes[ordinary..];
            let Some(first) = bytes.first_mut() else { return };
            let taken = match self.state {
                State::Refused => return,
                State::Head => {
                    if self.refuses(*first) {
                        *first = 0;
                        self.state = State::Refused;
                    }
                    1
                }
                State::Body(rest) => self.skip(rest, bytes.len(), State::Body),
                State::Chunk(rest) => self.skip(rest, bytes.len(), State::Chunk),
                State::ChunkSize(size, is_complete) => {
                    self.read_chunk_size(*first, size, is_complete);
                    1
                }
                State::Trailer => {
                    if self.refuses_in_trailer(*first) {
                        *first = 0;
                        self.state = State::Refused;
                    }
                    1
                }
            };
            bytes = &mut bytes[taken..];
        }
    }

    /// Passes over what is there of a body.
    fn skip(&mut self, rest: u64, available: usize, state: impl Fn(u64) -> State) -> usize {
        let taken = usize::try_from(rest).unwrap_or(usize::MAX).min(available);
        let rest = rest - taken as u64;
        self.state = match state(rest) {
            State::Chunk(0) => State::ChunkSize(0, false),
            State::Body(0) => return self.begin_head(taken),
            going_on => going_on,
        };
        taken
    }

    fn begin_head(&mut self, taken: usize) -> usize {
        *self = Self::default();
        taken
    }

    /// Passes over the lines of a head that are here as a whole and are as they should be, which
    /// most are: how many bytes they have.
    ///
    /// It comes to what [`refuses`](Self::refuses) does byte by byte, and leaves to it whatever is
    /// special.
    fn pass_lines(&mut self, bytes: &[u8]) -> usize {
        if !matches!(self.state, State::Head) || self.line.length > 0 {
            return 0;
        }
        let mut passed = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            let line = &bytes[passed..end];
            let (Some(first), Some(b'\r')) = (line.first(), line.last()) else { break };
            match first {
                b'\r' | b'T' | b't' => break,
                b'C' | b'c' if starts_with(line, CONTENT_LENGTH) => match plain_length(line) {
                    Some(length) if !self.is_chunked => self.length = Some(length),
                    _ => break,
                },
                _ => {}
            }
            passed = end + 1;
        }
        if passed > 0 {
            self.last = b'\n';
            self.is_at_start = false;
        }
        passed
    }

    /// Whether the head becomes ambiguous with this byte.
    fn refuses(&mut self, byte: u8) -> bool {
        let is_line_end = byte == b'\n';
        if is_line_end && self.last != b'\r' {
            return true;
        }
        // An empty line before a request is passed over, as the parser does.
        let is_empty_line = is_line_end && self.line.length == 1;
        self.last = byte;
        if !is_line_end {
            self.is_at_start &= byte == b'\r';
            return self.read_head_byte(byte);
        }
        let line = std::mem::take(&mut self.line);
        if let Kind::ContentLength(length) = line.kind {
            self.length = Some(length);
        }
        if is_empty_line && !self.is_at_start {
            self.state = match (self.is_chunked, self.length) {
                (true, _) => State::ChunkSize(0, false),
                (false, Some(length)) if length > 0 => State::Body(length),
                _ => {
                    self.begin_head(0);
                    State::Head
                }
            };
        }
        false
    }

    fn read_head_byte(&mut self, byte: u8) -> bool {
        let at = self.line.length;
        self.line.length += 1;
        match &mut self.line.kind {
            Kind::Unknown if byte == b':' => {
                let name = &self.line.name[..at.min(LONGEST_NAME)];
                if at == CONTENT_LENGTH.len() && name == CONTENT_LENGTH {
                    self.line.kind = Kind::ContentLength(0);
                    return self.is_chunked;
                }
                self.line.kind = Kind::Other;
                if at == TRANSFER_ENCODING.len() && name == TRANSFER_ENCODING {
                    self.is_chunked = true;
                    // A length of an earlier line, whatever it says.
                    return self.length.is_some();
                }
            }
            Kind::Unknown if at < LONGEST_NAME => self.line.name[at] = byte.to_ascii_lowercase(),
            Kind::Unknown => self.line.kind = Kind::Other,
            Kind::ContentLength(length) if byte.is_ascii_digit() => {
                *length = length.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
            }
            // What else stands there the parser judges.
            Kind::ContentLength(_) | Kind::Other => {}
        }
        false
    }

    /// What is not a number the parser refuses, and nothing after it is read.
    fn read_chunk_size(&mut self, byte: u8, size: u64, is_complete: bool) {
        self.state = match (byte, char::from(byte).to_digit(16)) {
            (b'\n', _) if size == 0 => {
                self.line = Line::default();
                self.last = b'\n';
                State::Trailer
            }
            // With the line end behind the chunk.
            (b'\n', _) => State::Chunk(size.saturating_add(2)),
            (_, Some(digit)) if !is_complete => {
                State::ChunkSize(size.saturating_mul(16).saturating_add(u64::from(digit)), false)
            }
            _ => State::ChunkSize(size, true),
        };
    }

    /// As [`refuses`](Self::refuses), behind the last chunk.
    fn refuses_in_trailer(&mut self, byte: u8) -> bool {
        let last = std::mem::replace(&mut self.last, byte);
        match byte {
            b'\n' if last != b'\r' => return true,
            b'\n' if self.line.length == 0 => {
                self.begin_head(0);
            }
            b'\n' => self.line.length = 0,
            b'\r' => {}
            _ => self.line.length += 1,
        }
        false
    }
}

fn starts_with(line: &[u8], name: &[u8]) -> bool {
    // The last letter tells most apart.
    let last = name.len() - 1;
    line.get(last).is_some_and(|letter| letter.eq_ignore_ascii_case(&name[last]))
        && line[..last].eq_ignore_ascii_case(&name[..last])
}

/// The number in a line of the usual form: `Content-Length: 17` and the CR.
fn plain_length(line: &[u8]) -> Option<u64> {
    let digits = line.get(CONTENT_LENGTH.len()..)?.strip_prefix(b": ")?.strip_suffix(b"\r")?;
    // With more digits it could be too large.
    (digits.len() < 19 && digits.iter().all(u8::is_ascii_digit))
        .then(|| digits.iter().fold(0, |number, digit| 10 * number + u64::from(digit - b'0')))
}

/// What the parser sees of these bytes, handed over in pieces of this size.
#[cfg(any(fuzzing, test))]
pub(super) fn scanned(bytes: &[u8], piece: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut scanner = Scanner::default();
    bytes.chunks_mut(piece).for_each(|piece| scanner.scan(piece));
    bytes
}

#[cfg(test)]
#[path = "request_framing_tests.rs"]
mod tests;
