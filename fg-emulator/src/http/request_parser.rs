//! Reading one request from a socket: its bytes as they came, and what they mean.
//!
//! Bytes are looked at before they are taken, so that nothing beyond the request is taken, and that
//! a fault can leave bytes of it unread. What follows a request (pipelining) stays in the socket.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use crate::http::chunked_body::{ChunkPart, next_part};
use crate::http::response::{Reply, header_of};
use crate::runtime_api::answer::AnswerKind;

const POLL_PATH: &str = "/v1/runtime/invocation/request";
const RESPONSE_PATH: &str = "/v1/runtime/invocation/response/";
const ERROR_PATH: &str = "/v1/runtime/invocation/error/";

const MAX_HEADERS: usize = 256;

/// How large a request may be, and how long it may take to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// In bytes.
    pub(crate) head: usize,
    /// In bytes, with a chunked encoding undone.
    pub(crate) body: usize,
    /// From the first byte to the end of the head.
    pub(crate) head_time: Option<Duration>,
    /// From the end of the head to that of the body.
    pub(crate) body_time: Option<Duration>,
}

impl Limits {
    /// For what the test itself has started.
    pub(crate) const GENEROUS: Self =
        Self { head: 1 << 20, body: usize::MAX, head_time: None, body_time: None };
}

/// How much of a request is taken from the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Whole,
    AllButLastByte,
    Bytes(usize),
}

/// A request that was read to its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) keep_alive: bool,
    /// HTTP/1.0, which has no `Host`.
    pub(crate) is_old: bool,
    /// What the head says about the length of a body that is not in chunks.
    pub(crate) content_length: usize,
}

/// What becomes of the body behind a head.
#[derive(Debug)]
pub(crate) enum OnHead {
    Read,
    /// It is left in the socket.
    Leave,
    /// So is it here, and this is the answer.
    Refuse(Reply),
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

    /// How large the body is, whether it was kept or not.
    pub(crate) fn size(&self) -> usize {
        self.body.len().max(self.content_length)
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
    /// It did not come in time.
    TooSlow,
    Malformed(Malformed),
    /// By the one who looked at its head.
    Refused(Reply),
}

/// What is not HTTP, or more than is taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) status: u16,
    /// A part of a sentence.
    pub(crate) reason: String,
}

impl Malformed {
    fn new(status: u16, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }
}

impl From<String> for Malformed {
    fn from(reason: String) -> Self {
        Self { status: 400, reason }
    }
}

impl From<&str> for Malformed {
    fn from(reason: &str) -> Self {
        Self::from(reason.to_owned())
    }
}

/// Waits for the first byte of the next request, and leaves it in the socket. Nothing where the
/// connection ended.
pub(crate) fn peek_first_byte(socket: &TcpStream) -> Option<u8> {
    let mut first = [0];
    match peek(socket, &mut first) {
        Ok(1..) => Some(first[0]),
        _ => None,
    }
}

/// Reads one request, or only the head of one: `on_head` says what becomes of its body, where all
/// of the request is wanted. Also gives the bytes that were read, even of a request that is
/// incomplete.
pub(crate) fn read_request(
    socket: &TcpStream,
    extent: Extent,
    limits: Limits,
    mut on_head: impl FnMut(&Request) -> OnHead,
) -> (Vec<u8>, Result<Request, Unread>) {
    let limit = if let Extent::Bytes(limit) = extent { limit } else { usize::MAX };
    let mut parser = Parser { limits: Some(limits), ..Parser::default() };
    let mut deadline = limits.head_time.map(|time| Instant::now() + time);
    let mut piece = vec![0; 64 << 10];
    loop {
        let before = parser.raw.len();
        let seen = if before == limit { Ok(0) } else { peek_in_time(socket, &mut piece, deadline) };
        let seen = match seen {
            Err(error) if is_timeout(&error) => return (parser.raw, Err(Unread::TooSlow)),
            seen => seen.unwrap_or(0).min(limit - before),
        };
        if seen == 0 {
            return (parser.raw, Err(Unread::Incomplete));
        }
        parser.raw.extend_from_slice(&piece[..seen]);
        let has_head = parser.head.is_some();
        let mut end = parser.find_end();
        let mut what = OnHead::Read;
        if let (false, Extent::Whole, Some(head)) = (has_head, extent, &mut parser.head) {
            deadline = limits.body_time.map(|time| Instant::now() + time);
            what = on_head(&head.request);
            if !matches!(what, OnHead::Read) {
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
        let is_read = matches!(what, OnHead::Read);
        match end {
            Ok(Some(_)) if is_read => return parser.finish(is_read),
            Ok(_) => {}
            Err(malformed) => return (parser.raw, Err(Unread::Malformed(malformed))),
        }
        if let OnHead::Refuse(reply) = what {
            return (parser.raw, Err(Unread::Refused(reply)));
        }
        if extent == Extent::Whole && parser.asks_to_continue() {
            // Where this fails, so will the next read.
            let _ = { socket }.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        if !is_read {
            return parser.finish(is_read);
        }
    }
}

fn peek_in_time(
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

/// Whether a read has taken longer than its socket lets it. Systems have different names for that.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Closes our side, and takes what still comes for a while: bytes that are left in a socket turn
/// its close into a reset, and the other side would not see the answer.
pub(crate) fn let_go(mut socket: &TcpStream, most: usize, time: Duration) {
    let _ = socket.shutdown(Shutdown::Write);
    let deadline = Instant::now() + time;
    let mut buffer = [0; 16 << 10];
    let mut taken = 0;
    while taken < most {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || socket.set_read_timeout(Some(left)).is_err() {
            break;
        }
        match socket.read(&mut buffer) {
            Ok(length @ 1..) => taken += length,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => break,
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
    limits: Option<Limits>,
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
    fn find_end(&mut self) -> Result<Option<usize>, Malformed> {
        let limits = self.limits.unwrap_or(Limits::GENEROUS);
        if self.head.is_none() {
            self.head = parse_head(&self.raw, limits.head)?;
        }
        let Some(head) = &mut self.head else { return Ok(None) };
        let too_large =
            || Malformed::new(413, format!("a body of more than {} bytes", limits.body));
        match &mut head.body {
            Body::Sized(length) if *length > limits.body => Err(too_large()),
            Body::Sized(length) => {
                let end =
                    head.length.checked_add(*length).ok_or("a Content-Length out of range")?;
                Ok((self.raw.len() >= end).then_some(end))
            }
            Body::Chunked { at, part } => {
                while let Some(next) = next_part(&self.raw, at, *part, &mut head.request.body)? {
                    match next {
                        Some(next) => *part = next,
                        None => return Ok(Some(*at)),
                    }
                }
                // What is around the chunks counts too: extensions and trailers have no end of
                // their own.
                let around = (self.raw.len() - head.length).saturating_sub(head.request.body.len());
                let most_around = limits.body.saturating_mul(2).saturating_add(limits.head);
                if head.request.body.len() > limits.body || around > most_around {
                    Err(too_large())
                } else {
                    Ok(None)
                }
            }
        }
    }

    /// Whether the body is held back until it is asked for, as curl does with a large one; true
    /// once.
    fn asks_to_continue(&mut self) -> bool {
        let Some(head) = &self.head else { return false };
        let expects = header_of(&head.request.headers, "Expect")
            .is_some_and(|value| value.eq_ignore_ascii_case("100-continue"));
        expects && !std::mem::replace(&mut self.has_continued, true)
    }

    fn finish(self, has_body: bool) -> (Vec<u8>, Result<Request, Unread>) {
        let Some(mut head) = self.head else { return (self.raw, Err(Unread::Incomplete)) };
        if let (Body::Sized(_), true) = (head.body, has_body) {
            head.request.body = self.raw[head.length..].to_vec();
        }
        (self.raw, Ok(head.request))
    }
}

fn parse_head(raw: &[u8], limit: usize) -> Result<Option<Head>, Malformed> {
    let too_large = || {
        Malformed::new(
            431,
            format!("a head of more than {limit} bytes, or of more than {MAX_HEADERS} headers"),
        )
    };
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut fields);
    let length = match parsed.parse(raw) {
        Err(httparse::Error::TooManyHeaders) => return Err(too_large()),
        Err(error @ httparse::Error::Version) => {
            return Err(Malformed::new(505, error.to_string()));
        }
        Err(error) => return Err(error.to_string().into()),
        Ok(httparse::Status::Complete(length)) if length > limit => return Err(too_large()),
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if raw.len() > limit => return Err(too_large()),
        Ok(httparse::Status::Partial) => return Ok(None),
    };
    let headers: Vec<_> = parsed
        .headers
        .iter()
        .map(|field| (field.name.to_owned(), String::from_utf8_lossy(field.value).into_owned()))
        .collect();
    let keep_alive = parsed.version == Some(1)
        && !header_of(&headers, "Connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let content_length = content_length(&headers)?;
    let body = match (header_of(&headers, "Transfer-Encoding"), content_length) {
        (Some(_), Some(_)) => return Err("both Transfer-Encoding and Content-Length".into()),
        (Some(encoding), None) if encoding.eq_ignore_ascii_case("chunked") => {
            Body::Chunked { at: length, part: ChunkPart::Size }
        }
        (Some(encoding), None) => {
            return Err(Malformed::new(501, format!("Transfer-Encoding {encoding}")));
        }
        (None, size) => Body::Sized(size.unwrap_or(0)),
    };
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        headers,
        body: Vec::new(),
        keep_alive,
        is_old: parsed.version == Some(0),
        content_length: content_length.unwrap_or(0),
    };
    Ok(Some(Head { request, length, body }))
}

/// What the head says, if it says one thing (RFC 9112, 6.3).
fn content_length(headers: &[(String, String)]) -> Result<Option<usize>, Malformed> {
    let mut values = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("Content-Length"))
        .map(|(_, value)| value.trim());
    let Some(first) = values.next() else { return Ok(None) };
    if values.any(|other| other != first) {
        return Err("several lengths".into());
    }
    let is_number = !first.is_empty() && first.bytes().all(|digit| digit.is_ascii_digit());
    let size = if is_number { first.parse().ok() } else { None };
    size.map(Some).ok_or_else(|| format!("Content-Length {first}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the bytes one by one and gives the request and its length.
    fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, Malformed> {
        let mut parser = Parser::default();
        for byte in bytes {
            parser.raw.push(*byte);
            if parser.find_end()?.is_some() {
                let (raw, request) = parser.finish(true);
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
        let bytes =
            b"POST /v1/runtime/invocation/response/r-1 HTTP/1.1\r\nContent-Length: 2\r\n\r\nokGET ";
        let (request, length) = parse_whole(bytes);
        assert_eq!(request.body, b"ok");
        assert_eq!(length, bytes.len() - "GET ".len());
        assert_eq!(request.endpoint(), Endpoint::Answer(AnswerKind::Response, "r-1"));
    }

    #[test]
    fn a_chunked_body_is_put_together_without_extensions_and_trailers() {
        let bytes =
            b"POST /v1/runtime/invocation/error/r-1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
            3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-Checksum: 1\r\n\r\nGET ";
        let (request, length) = parse_whole(bytes);
        assert_eq!(request.body, b"abcde");
        assert_eq!(length, bytes.len() - "GET ".len());
        assert_eq!(request.endpoint(), Endpoint::Answer(AnswerKind::Error, "r-1"));
    }

    #[test]
    fn a_request_that_has_not_ended_is_no_request() {
        assert_eq!(parse(b"GET /v1/runtime/invocation/request HTTP/1.1\r\n"), Ok(None));
        assert_eq!(
            parse(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"),
            Ok(None)
        );
    }

    #[test]
    fn what_is_not_http_is_refused_with_a_reason() {
        assert!(parse(b"\0\x01\x02").is_err());
        assert_eq!(
            parse(b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n"),
            Err("Content-Length many".into())
        );
        assert!(
            parse(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n").is_err()
        );
        assert_eq!(
            parse(b"POST / HTTP/1.1\r\nContent-Length: +2\r\n\r\n"),
            Err("Content-Length +2".into())
        );
        assert_eq!(
            parse(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n"),
            Err("several lengths".into())
        );
        let encoded = parse(b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n");
        assert_eq!(encoded, Err(Malformed::new(501, "Transfer-Encoding gzip, chunked")));
        let contradictory =
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n";
        assert_eq!(parse(contradictory), Err("both Transfer-Encoding and Content-Length".into()));
    }

    #[test]
    fn what_is_larger_than_the_limits_is_refused_before_it_is_kept() {
        let limits = Limits { head: 64, body: 4, ..Limits::GENEROUS };
        let status = |bytes: &[u8]| {
            let mut parser = Parser { limits: Some(limits), ..Parser::default() };
            for byte in bytes {
                parser.raw.push(*byte);
                match parser.find_end() {
                    Ok(Some(_)) => return None,
                    Ok(None) => {}
                    Err(malformed) => return Some((malformed.status, parser.raw.len())),
                }
            }
            None
        };
        let sized = b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(status(sized), Some((413, sized.len())));
        assert_eq!(status(b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nfour"), None);
        let chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(
            status(&[chunked, &b"5\r\nfive!"[..]].concat()).map(|(status, _)| status),
            Some(413)
        );
        assert_eq!(
            status(&[chunked, &b"1;"[..], &[b'x'; 100]].concat()).map(|(status, _)| status),
            Some(413),
            "an endless extension"
        );
        assert_eq!(status(&[b"GET /".as_slice(), &[b'x'; 100]].concat()), Some((431, 65)));
    }

    #[test]
    fn a_head_or_a_body_that_does_not_come_in_time_is_waited_for_no_longer() {
        let time = Some(Duration::from_millis(30));
        let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (sent, limits) in [
            (&head[..20], Limits { head_time: time, ..Limits::GENEROUS }),
            (head, Limits { body_time: time, ..Limits::GENEROUS }),
        ] {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
            let mut client = TcpStream::connect(listener.local_addr().expect("it is bound"))
                .expect("it listens");
            let (socket, _) = listener.accept().expect("a connection");
            client.write_all(sent.as_bytes()).expect("it is open");
            let (raw, request) = read_request(&socket, Extent::Whole, limits, |_| OnHead::Read);
            assert_eq!((raw.as_slice(), request), (sent.as_bytes(), Err(Unread::TooSlow)));
        }
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
