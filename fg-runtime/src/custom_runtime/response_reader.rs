//! Reads the framing of an HTTP/1.1 response: the end of its head, the end of its body, and whether
//! the connection can be reused.

use std::mem::MaybeUninit;

use httparse::Header;

use crate::custom_runtime::fault_policy::Fault;
use crate::runtime_api::{BODY_LIMIT, HEAD_LIMIT, HEADER_COUNT_LIMIT};

/// Called with the status and the headers of a response.
pub(crate) type HeadVisitor<'a> = dyn FnMut(u16, &[u8], &[Header<'_>]) + Send + 'a;

/// A complete head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// The length of the head in bytes, with the empty line.
    pub(crate) length: usize,
    pub(crate) body: BodyLength,
    pub(crate) keep_alive: bool,
}

/// How the length of a body is determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLength {
    Known(usize),
    Chunked,
    UntilClose,
}

/// Reads a head from the beginning of `bytes`. `None` if it is incomplete. `on_head` is called with
/// the headers of a final response (not 1xx).
pub(crate) fn read_head(
    bytes: &[u8],
    on_head: &mut HeadVisitor<'_>,
) -> Result<Option<Head>, Fault> {
    let mut headers = [const { MaybeUninit::uninit() }; HEADER_COUNT_LIMIT];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut response,
        bytes,
        &mut headers,
    );
    let length = match parsed {
        Ok(httparse::Status::Complete(length)) if length <= HEAD_LIMIT => length,
        Ok(httparse::Status::Partial) if bytes.len() <= HEAD_LIMIT => return Ok(None),
        Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(Fault::HeadTooLarge),
        Err(_) => return Err(Fault::Garbled("its head cannot be read")),
    };
    let status = response.code.unwrap_or_default();
    let mut keep_alive = response.version == Some(1);
    let (mut length_given, mut is_chunked) = (None, false);
    for header in &*response.headers {
        match FramingHeader::of(header.name) {
            None => {}
            Some(FramingHeader::ContentLength) => {
                let length = parse_length(header.value)?;
                if length_given.is_some_and(|other| other != length) {
                    return Err(Fault::Garbled("it has two different lengths"));
                }
                length_given = Some(length);
            }
            Some(FramingHeader::TransferEncoding) => {
                let last = header.value.rsplit(|&byte| byte == b',').next().unwrap_or_default();
                if !is(last.trim_ascii(), "chunked") {
                    return Err(Fault::Garbled("its transfer encoding is not chunked"));
                }
                is_chunked = true;
            }
            Some(FramingHeader::Connection) => {
                for option in header.value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
                    if is(option, "close") {
                        keep_alive = false;
                    } else if is(option, "keep-alive") && response.version == Some(0) {
                        keep_alive = true;
                    }
                }
            }
        }
    }
    let body = match (status, length_given) {
        (100..=199 | 204 | 304, _) => BodyLength::Known(0),
        _ if is_chunked => {
            // With a length as well, the end of the body is ambiguous (RFC 9112, 6.3), so the
            // connection is not reused.
            keep_alive &= length_given.is_none();
            BodyLength::Chunked
        }
        (_, Some(length)) => BodyLength::Known(length),
        (_, None) => {
            keep_alive = false;
            BodyLength::UntilClose
        }
    };
    if status == 101 {
        return Err(Fault::Garbled("it switches to a protocol that was not asked for"));
    }
    if status >= 200 {
        on_head(status, &bytes[..length], response.headers);
    }
    if matches!(body, BodyLength::Known(length) if length > BODY_LIMIT) {
        return Err(Fault::BodyTooLarge);
    }
    Ok(Some(Head { status, length, body, keep_alive }))
}

/// A header that determines the framing of a response.
#[derive(Clone, Copy)]
enum FramingHeader {
    ContentLength,
    TransferEncoding,
    Connection,
}

impl FramingHeader {
    fn of(name: &str) -> Option<Self> {
        // The usual spellings are compared exactly, which is much faster than ignoring case.
        Some(match name {
            "Content-Length" | "content-length" => Self::ContentLength,
            "Transfer-Encoding" | "transfer-encoding" => Self::TransferEncoding,
            "Connection" | "connection" => Self::Connection,
            _ if !matches!(name.len(), 10 | 14 | 17) || name.starts_with(['x', 'X']) => {
                return None;
            }
            _ if is(name.as_bytes(), "content-length") => Self::ContentLength,
            _ if is(name.as_bytes(), "transfer-encoding") => Self::TransferEncoding,
            _ if is(name.as_bytes(), "connection") => Self::Connection,
            _ => return None,
        })
    }
}

/// Compares without case. Not inlined, as it is called in many places.
#[inline(never)]
fn is(word: &[u8], expected: &str) -> bool {
    word.eq_ignore_ascii_case(expected.as_bytes())
}

fn parse_length(value: &[u8]) -> Result<usize, Fault> {
    let value = value.trim_ascii();
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(Fault::Garbled("its length is not a number"));
    }
    // A length that overflows exceeds any limit.
    Ok(value.iter().fold(0_usize, |length, digit| {
        length.saturating_mul(10).saturating_add(usize::from(digit - b'0'))
    }))
}

/// Decodes a chunked body in place, as the bytes arrive.
///
/// The decoded body grows at the front of the buffer, and the chunks are read after it.
#[derive(Debug)]
pub(crate) struct Chunks {
    /// The end of the decoded body.
    body_end: usize,
    /// The first byte that has not been decoded.
    next: usize,
    expected: Expected,
}

#[derive(Debug)]
enum Expected {
    Size,
    Data(usize),
    LineBreak,
    Trailer,
}

impl Chunks {
    /// Creates a decoder for a body that begins at this index of the buffer.
    pub(crate) fn new(start: usize) -> Self {
        Self { body_end: start, next: start, expected: Expected::Size }
    }

    /// Decodes the available bytes. Returns the end of the body and the end of the response once
    /// the last chunk has been read.
    pub(crate) fn advance(
        &mut self,
        buffer: &mut [u8],
        body_start: usize,
    ) -> Result<Option<(usize, usize)>, Fault> {
        loop {
            let available = buffer.len() - self.next;
            match self.expected {
                Expected::Size => match httparse::parse_chunk_size(&buffer[self.next..]) {
                    Ok(httparse::Status::Complete((line, size))) => {
                        self.next += line;
                        let size = usize::try_from(size).unwrap_or(usize::MAX);
                        if size > BODY_LIMIT - (self.body_end - body_start) {
                            return Err(Fault::BodyTooLarge);
                        }
                        self.expected =
                            if size == 0 { Expected::Trailer } else { Expected::Data(size) };
                    }
                    Ok(httparse::Status::Partial) if available <= HEAD_LIMIT => return Ok(None),
                    _ => return Err(Fault::Garbled("a chunk has no readable size")),
                },
                Expected::Data(size) => {
                    let count = size.min(available);
                    buffer.copy_within(self.next..self.next + count, self.body_end);
                    self.next += count;
                    self.body_end += count;
                    if count < size {
                        self.expected = Expected::Data(size - count);
                        return Ok(None);
                    }
                    self.expected = Expected::LineBreak;
                }
                Expected::LineBreak => {
                    if available < 2 {
                        return Ok(None);
                    }
                    if &buffer[self.next..self.next + 2] != b"\r\n" {
                        return Err(Fault::Garbled("a chunk is longer than its size"));
                    }
                    self.next += 2;
                    self.expected = Expected::Size;
                }
                Expected::Trailer => {
                    let Some(line) = buffer[self.next..].iter().position(|&byte| byte == b'\n')
                    else {
                        return if available > HEAD_LIMIT {
                            Err(Fault::HeadTooLarge)
                        } else {
                            Ok(None)
                        };
                    };
                    let is_last = matches!(&buffer[self.next..=self.next + line], b"\r\n" | b"\n");
                    self.next += line + 1;
                    if is_last {
                        return Ok(Some((self.body_end, self.next)));
                    }
                }
            }
        }
    }

    /// Moves the bytes that are not decoded to the end of the body, over the framing in between.
    /// Returns the number of bytes in the buffer.
    pub(crate) fn compact(&mut self, buffer: &mut [u8], filled: usize) -> usize {
        buffer.copy_within(self.next..filled, self.body_end);
        let removed = self.next - self.body_end;
        self.next = self.body_end;
        filled - removed
    }
}

#[cfg(test)]
#[path = "response_reader_tests.rs"]
mod tests;
