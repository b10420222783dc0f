//! Reads one response as a client: its head, and then its body as it arrives.

use std::io::{self, ErrorKind, Read};

use super::chunked_body::{ChunkPart, next_part};
use super::request_parser::content_length;
use super::response::find_header;

/// The largest head, in bytes.
const MAX_HEAD: usize = 64 << 10;

const MAX_HEADERS: usize = 256;

/// How many interim responses (1xx) may come first.
const MAX_INTERIM: usize = 16;

/// How much of the body is returned at once, in bytes.
const MAX_DATA: usize = 64 << 10;

/// How long the line of a chunk's size, and each trailer, may be, in bytes.
const MAX_LINE: usize = 16 << 10;

/// How many bytes all trailers may have.
const MAX_TRAILERS: usize = 64 << 10;

/// The head of a response, and how its body ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) framing: Framing,
}

/// How the end of a body is found (RFC 9112, 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There are so many bytes left.
    Length(u64),
    Chunked,
    UntilClose,
}

/// Why a response cannot be read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ResponseError {
    TimedOut,
    /// The connection ended before.
    Incomplete,
    /// It is not HTTP, or exceeds a limit. The reason is part of a sentence.
    Invalid(String),
}

impl From<io::Error> for ResponseError {
    fn from(error: io::Error) -> Self {
        // A process that is killed may reset its connection.
        if error.kind() == ErrorKind::TimedOut { Self::TimedOut } else { Self::Incomplete }
    }
}

impl From<&str> for ResponseError {
    fn from(reason: &str) -> Self {
        Self::Invalid(reason.to_owned())
    }
}

/// A response that is read from a connection on which no other one follows.
#[derive(Debug)]
pub(crate) struct ResponseReader<R> {
    source: R,
    /// What has been read and not been used.
    buffer: Vec<u8>,
    framing: Framing,
    /// Of a chunked body, the part that comes next; `None` at its end.
    part: Option<ChunkPart>,
    trailers: usize,
}

impl<R: Read> ResponseReader<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            framing: Framing::Length(0),
            part: Some(ChunkPart::Size),
            trailers: 0,
        }
    }

    /// Reads the head, without interim responses. The response to HEAD has no body.
    pub(crate) fn read_head(&mut self, is_head: bool) -> Result<Head, ResponseError> {
        for _ in 0..=MAX_INTERIM {
            let (status, headers, version, length) = loop {
                if let Some(parsed) = parse_head(&self.buffer)? {
                    break parsed;
                }
                if self.fill()? == 0 {
                    return Err(ResponseError::Incomplete);
                }
            };
            self.buffer.drain(..length);
            match status {
                101 => {
                    return Err(
                        "it switched to another protocol, which it was not asked for".into()
                    );
                }
                100..200 => {}
                _ => {
                    let has_no_body = is_head || status == 204 || status == 304;
                    let framing = framing(&headers, version, has_no_body)?;
                    self.framing = framing;
                    return Ok(Head { status, headers, framing });
                }
            }
        }
        Err("too many interim responses".into())
    }

    /// Waits for data, and returns what has arrived of the body; `None` at its end.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Vec<u8>>, ResponseError> {
        match self.framing {
            Framing::Length(0) => Ok(None),
            Framing::Length(left) => {
                if self.buffer.is_empty() && self.fill()? == 0 {
                    return Err(ResponseError::Incomplete);
                }
                let left_here = usize::try_from(left).unwrap_or(usize::MAX);
                let data: Vec<u8> = self.buffer.drain(..self.buffer.len().min(left_here)).collect();
                self.framing = Framing::Length(left - data.len() as u64);
                Ok(Some(data))
            }
            Framing::UntilClose => {
                if self.buffer.is_empty() && self.fill()? == 0 {
                    return Ok(None);
                }
                Ok(Some(std::mem::take(&mut self.buffer)))
            }
            Framing::Chunked => self.next_of_chunked(),
        }
    }

    fn next_of_chunked(&mut self) -> Result<Option<Vec<u8>>, ResponseError> {
        while let Some(part) = self.part {
            let (mut used, mut data) = (0, Vec::new());
            let next = next_part(&self.buffer, &mut used, part, &mut data)
                .map_err(ResponseError::Invalid)?;
            self.buffer.drain(..used);
            if part == ChunkPart::Trailers {
                self.trailers += used;
            }
            match next {
                Some(next) => self.part = next,
                None if self.buffer.len() > MAX_LINE => {
                    return Err("a chunk or a trailer with too long a line".into());
                }
                None if self.fill()? == 0 => return Err(ResponseError::Incomplete),
                None => {}
            }
            if self.trailers > MAX_TRAILERS {
                return Err("too many trailers".into());
            }
            if !data.is_empty() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// Reads more, and returns how many bytes; 0 if the connection has ended.
    fn fill(&mut self) -> Result<usize, ResponseError> {
        let before = self.buffer.len();
        self.buffer.resize(before + MAX_DATA, 0);
        let read = loop {
            match self.source.read(&mut self.buffer[before..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.buffer.truncate(before + *read.as_ref().unwrap_or(&0));
        Ok(read?)
    }
}

/// Status, headers, minor version of HTTP, and length; `None` if more bytes are needed.
type ParsedHead = (u16, Vec<(String, String)>, u8, usize);

fn parse_head(bytes: &[u8]) -> Result<Option<ParsedHead>, ResponseError> {
    let too_large = || {
        let reason =
            format!("a head of more than {MAX_HEAD} bytes, or of more than {MAX_HEADERS} headers");
        ResponseError::Invalid(reason)
    };
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Response::new(&mut fields);
    let length = match parsed.parse(bytes) {
        Err(httparse::Error::TooManyHeaders) => return Err(too_large()),
        Err(error) => return Err(ResponseError::Invalid(error.to_string())),
        Ok(httparse::Status::Complete(length)) if length > MAX_HEAD => return Err(too_large()),
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if bytes.len() > MAX_HEAD => return Err(too_large()),
        Ok(httparse::Status::Partial) => return Ok(None),
    };
    let status = parsed.code.unwrap_or_default();
    if !(100..1000).contains(&status) {
        return Err(ResponseError::Invalid(format!("the status {status}")));
    }
    let headers = parsed
        .headers
        .iter()
        .map(|field| (field.name.to_owned(), String::from_utf8_lossy(field.value).into_owned()))
        .collect();
    Ok(Some((status, headers, parsed.version.unwrap_or_default(), length)))
}

fn framing(
    headers: &[(String, String)],
    version: u8,
    has_no_body: bool,
) -> Result<Framing, ResponseError> {
    if has_no_body {
        return Ok(Framing::Length(0));
    }
    let length =
        content_length(headers).map_err(|invalid| ResponseError::Invalid(invalid.reason))?;
    match (find_header(headers, "Transfer-Encoding"), length) {
        (Some(_), Some(_)) => Err("both Transfer-Encoding and Content-Length".into()),
        (Some(_), None) if version == 0 => Err("Transfer-Encoding in HTTP/1.0".into()),
        (Some(encoding), None) if encoding.trim().eq_ignore_ascii_case("chunked") => {
            Ok(Framing::Chunked)
        }
        (Some(encoding), None) => {
            Err(ResponseError::Invalid(format!("Transfer-Encoding {encoding:?}")))
        }
        (None, Some(length)) => Ok(Framing::Length(length as u64)),
        (None, None) => Ok(Framing::UntilClose),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that returns few bytes at once.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.0.len().min(self.1).min(buffer.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    fn read(bytes: &[u8], is_head: bool, at_once: usize) -> Result<(u16, Vec<u8>), ResponseError> {
        let mut reader = ResponseReader::new(Drip(bytes, at_once));
        let head = reader.read_head(is_head)?;
        let mut body = Vec::new();
        while let Some(data) = reader.next_chunk()? {
            body.extend(data);
        }
        Ok((head.status, body))
    }

    #[test]
    fn a_body_ends_as_its_head_says() {
        for (bytes, is_head, status, body) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, 200, "hi"),
            ("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", false, 201, ""),
            ("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n", true, 200, ""),
            ("HTTP/1.1 204 No Content\r\n\r\n", false, 204, ""),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, 304, ""),
            ("HTTP/1.0 200 OK\r\n\r\nuntil the end", false, 200, "until the end"),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2;a=b\r\nhi\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n",
                false,
                200,
                "hi!",
            ),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
                false,
                200,
                "x",
            ),
        ] {
            for at_once in [1, 3, 1000] {
                let expected = Ok((status, body.as_bytes().to_vec()));
                assert_eq!(read(bytes.as_bytes(), is_head, at_once), expected, "{bytes}");
            }
        }
    }

    #[test]
    fn what_is_cut_or_not_http_is_an_error() {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for bytes in [
            "",
            "HTTP/1.1 200 OK\r\nA: b",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
            &format!("{chunked}2\r\nhi\r\n"),
            &format!("{chunked}2\r\nh"),
        ] {
            assert_eq!(read(bytes.as_bytes(), false, 7), Err(ResponseError::Incomplete), "{bytes}");
        }
        let many = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(20);
        let long = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(MAX_HEAD));
        for bytes in [
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            &format!("{chunked}x\r\n"),
            &format!("{chunked}2\r\nhello\r\n"),
            &format!("{chunked}2;{}", "x".repeat(2 * MAX_LINE)),
            &format!("{chunked}0\r\n{}", "A: b\r\n".repeat(MAX_TRAILERS)),
            &many,
            &long,
        ] {
            let result = read(bytes.as_bytes(), false, 1000);
            assert!(matches!(result, Err(ResponseError::Invalid(_))), "{bytes:.60}: {result:?}");
        }
    }
}
