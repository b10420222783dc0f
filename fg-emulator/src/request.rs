//! Reading one request from a socket: its bytes as they came, and what they mean.
//!
//! Bytes are looked at before they are taken, so that nothing beyond the request is taken, and that a fault can leave bytes of it
//! unread. What follows a request (pipelining) stays in the socket.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

use crate::answer::AnswerKind;
use crate::chunked::{ChunkPart, next_part};
use crate::response::header_of;

const POLL_PATH: &str = "/v1/runtime/invocation/request";
const RESPONSE_PATH: &str = "/v1/runtime/invocation/response/";
const ERROR_PATH: &str = "/v1/runtime/invocation/error/";

const MAX_HEAD: usize = 1 << 20;
const MAX_HEADERS: usize = 256;

/// How much of a request is taken from the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Whole,
    AllButLastByte,
    Bytes(usize),
}

/// A request that was read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) keep_alive: bool,
}

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Endpoint<'a> {
    Poll,
    Answer(AnswerKind, &'a str),
    WrongMethod,
    Unknown,
}

impl Request {
    pub(crate) fn is_chunked(&self) -> bool {
        header_of(&self.headers, "Transfer-Encoding").is_some()
    }

    pub(crate) fn endpoint(&self) -> Endpoint<'_> {
        if self.target == POLL_PATH {
            return if self.method == "GET" { Endpoint::Poll } else { Endpoint::WrongMethod };
        }
        let answer = [(RESPONSE_PATH, AnswerKind::Response), (ERROR_PATH, AnswerKind::Error)]
            .into_iter()
            .find_map(|(prefix, kind)| Some((kind, self.target.strip_prefix(prefix)?)));
        match answer {
            Some((kind, id)) if self.method == "POST" => Endpoint::Answer(kind, id),
            Some(_) => Endpoint::WrongMethod,
            None => Endpoint::Unknown,
        }
    }
}

/// Why there is no request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// The connection ended, or the extent did.
    Incomplete,
    /// It is not HTTP; the text says why.
    Malformed(String),
}

/// Waits for the first byte of the next request, and leaves it in the socket. Nothing where the connection ended.
pub(crate) fn peek_first_byte(socket: &TcpStream) -> Option<u8> {
    let mut first = [0];
    match peek(socket, &mut first) {
        Ok(1..) => Some(first[0]),
        _ => None,
    }
}

/// Reads one request; also gives the bytes that were read, even of a request that is incomplete.
pub(crate) fn read_request(socket: &TcpStream, extent: Extent) -> (Vec<u8>, Result<Request, Unread>) {
    read_request_or_head(socket, extent, |_| false)
}

/// Reads one request, or only the head of one with a chunked body, where that is to be passed on: its body is left in the socket then.
pub(crate) fn read_request_or_head(
    socket: &TcpStream,
    extent: Extent,
    mut is_passed_on: impl FnMut(&Request) -> bool,
) -> (Vec<u8>, Result<Request, Unread>) {
    let limit = if let Extent::Bytes(limit) = extent { limit } else { usize::MAX };
    let mut parser = Parser::default();
    let mut piece = vec![0; 64 << 10];
    loop {
        let before = parser.raw.len();
        let seen = if before == limit { 0 } else { peek(socket, &mut piece).unwrap_or(0) };
        let seen = seen.min(limit - before);
        if seen == 0 {
            return (parser.raw, Err(Unread::Incomplete));
        }
        parser.raw.extend_from_slice(&piece[..seen]);
        let has_head = parser.head.is_some();
        let mut end = parser.find_end();
        let mut stops_at_head = false;
        if let (false, Extent::Whole, Some(head)) = (has_head, extent, &mut parser.head) {
            stops_at_head = matches!(head.body, Body::Chunked { .. }) && is_passed_on(&head.request);
            if stops_at_head {
                head.request.body.clear();
                end = Ok(Some(head.length));
            }
        }
        let mut taken = seen;
        if let Ok(Some(end)) = end {
            parser.raw.truncate(end);
            taken = end - before - usize::from(extent == Extent::AllButLastByte);
        }
        if { socket }.read_exact(&mut piece[..taken]).is_err() {
            return (parser.raw, Err(Unread::Incomplete));
        }
        match end {
            Ok(Some(_)) if !stops_at_head => return parser.finish(),
            Ok(_) => {}
            Err(reason) => return (parser.raw, Err(Unread::Malformed(reason))),
        }
        if extent == Extent::Whole && parser.asks_to_continue() {
            // Where this fails, so will the next read.
            let _ = { socket }.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        if stops_at_head {
            return parser.finish();
        }
    }
}

/// Looks at what has arrived, and leaves it in the socket.
pub(crate) fn peek(socket: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match socket.peek(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// A request that grows.
#[derive(Debug, Default)]
struct Parser {
    raw: Vec<u8>,
    head: Option<Head>,
    has_continued: bool,
}

#[derive(Debug)]
struct Head {
    request: Request,
    length: usize,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Sized(usize),
    Chunked { at: usize, part: ChunkPart },
}

impl Parser {
    /// Where the request ends in the bytes so far, if it does.
    fn find_end(&mut self) -> Result<Option<usize>, String> {
        if self.head.is_none() {
            self.head = parse_head(&self.raw)?;
        }
        let Some(head) = &mut self.head else { return Ok(None) };
        match &mut head.body {
            Body::Sized(length) => {
                let end = head.length.checked_add(*length).ok_or("a Content-Length out of range")?;
                Ok((self.raw.len() >= end).then_some(end))
            }
            Body::Chunked { at, part } => {
                while let Some(next) = next_part(&self.raw, at, *part, &mut head.request.body)? {
                    match next {
                        Some(next) => *part = next,
                        None => return Ok(Some(*at)),
                    }
                }
                Ok(None)
            }
        }
    }

    /// Whether the body is held back until it is asked for, as curl does with a large one; true once.
    fn asks_to_continue(&mut self) -> bool {
        let Some(head) = &self.head else { return false };
        let expects = header_of(&head.request.headers, "Expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue"));
        expects && !std::mem::replace(&mut self.has_continued, true)
    }

    fn finish(self) -> (Vec<u8>, Result<Request, Unread>) {
        let Some(mut head) = self.head else { return (self.raw, Err(Unread::Incomplete)) };
        if let Body::Sized(_) = head.body {
            head.request.body = self.raw[head.length..].to_vec();
        }
        (self.raw, Ok(head.request))
    }
}

fn parse_head(raw: &[u8]) -> Result<Option<Head>, String> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut fields);
    let length = match parsed.parse(raw).map_err(|error| error.to_string())? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial if raw.len() > MAX_HEAD => return Err("a head too large".into()),
        httparse::Status::Partial => return Ok(None),
    };
    let headers: Vec<_> =
        parsed.headers.iter().map(|field| (field.name.to_owned(), String::from_utf8_lossy(field.value).into_owned())).collect();
    let keep_alive =
        parsed.version == Some(1) && !header_of(&headers, "Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let body = match (header_of(&headers, "Transfer-Encoding"), header_of(&headers, "Content-Length")) {
        (Some(_), Some(_)) => return Err("both Transfer-Encoding and Content-Length".into()),
        (Some(encoding), None) if encoding.eq_ignore_ascii_case("chunked") => Body::Chunked { at: length, part: ChunkPart::Size },
        (Some(encoding), None) => return Err(format!("Transfer-Encoding {encoding}")),
        (None, Some(size)) => Body::Sized(size.parse().map_err(|_| format!("Content-Length {size}"))?),
        (None, None) => Body::Sized(0),
    };
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        headers,
        body: Vec::new(),
        keep_alive,
    };
    Ok(Some(Head { request, length, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the bytes one by one and gives the request and its length.
    fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, String> {
        let mut parser = Parser::default();
        for byte in bytes {
            parser.raw.push(*byte);
            if parser.find_end()?.is_some() {
                let (raw, request) = parser.finish();
                return Ok(request.ok().map(|request| (request, raw.len())));
            }
        }
        Ok(None)
    }

    fn parse_whole(bytes: &[u8]) -> (Request, usize) {
        parse(bytes).expect("valid HTTP").expect("a whole request")
    }

    #[test]
    fn a_request_ends_where_its_content_length_says() {
        let bytes = b"POST /v1/runtime/invocation/response/r-1 HTTP/1.1\r\nContent-Length: 2\r\n\r\nokGET ";
        let (request, length) = parse_whole(bytes);
        assert_eq!(request.body, b"ok");
        assert_eq!(length, bytes.len() - "GET ".len());
        assert_eq!(request.endpoint(), Endpoint::Answer(AnswerKind::Response, "r-1"));
    }

    #[test]
    fn a_chunked_body_is_put_together_without_extensions_and_trailers() {
        let bytes = b"POST /v1/runtime/invocation/error/r-1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
            3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-Checksum: 1\r\n\r\nGET ";
        let (request, length) = parse_whole(bytes);
        assert_eq!(request.body, b"abcde");
        assert_eq!(length, bytes.len() - "GET ".len());
        assert_eq!(request.endpoint(), Endpoint::Answer(AnswerKind::Error, "r-1"));
    }

    #[test]
    fn a_request_that_has_not_ended_is_no_request() {
        assert_eq!(parse(b"GET /v1/runtime/invocation/request HTTP/1.1\r\n"), Ok(None));
        assert_eq!(parse(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"), Ok(None));
    }

    #[test]
    fn what_is_not_http_is_refused_with_a_reason() {
        assert!(parse(b"\0\x01\x02").is_err());
        assert_eq!(parse(b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n"), Err("Content-Length many".into()));
        assert!(parse(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n").is_err());
        let contradictory = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n";
        assert_eq!(parse(contradictory), Err("both Transfer-Encoding and Content-Length".into()));
    }

    #[test]
    fn the_endpoint_is_told_by_method_and_path() {
        let of = |line: &str| {
            let (request, _) = parse_whole(format!("{line} HTTP/1.1\r\n\r\n").as_bytes());
            match request.endpoint() {
                Endpoint::Poll => "poll",
                Endpoint::Answer(..) => "answer",
                Endpoint::WrongMethod => "wrong method",
                Endpoint::Unknown => "unknown",
            }
        };
        assert_eq!(of("GET /v1/runtime/invocation/request"), "poll");
        assert_eq!(of("POST /v1/runtime/invocation/request"), "wrong method");
        assert_eq!(of("GET /v1/runtime/invocation/response/r-1"), "wrong method");
        assert_eq!(of("GET /v1/runtime/invocation/next"), "unknown");
    }
}
