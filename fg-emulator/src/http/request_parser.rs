//! Finds the end of a request in the bytes that have arrived, and parses its head.

use super::chunked_body::{ChunkPart, next_part};
use super::limits::RequestLimits;
use super::read_error::{InvalidRequest, ReadError};
use super::request::Request;
use super::response::find_header;

const MAX_HEADERS: usize = 256;

/// A request of which more and more bytes arrive.
#[derive(Debug)]
pub(super) struct RequestParser {
    bytes: Vec<u8>,
    head: Option<Head>,
    has_continued: bool,
    limits: RequestLimits,
}

#[derive(Debug)]
struct Head {
    request: Request,
    length: usize,
    framing: Framing,
}

/// How the end of the body is found.
#[derive(Debug)]
enum Framing {
    Length(usize),
    /// The next part begins at this offset.
    Chunked {
        at: usize,
        part: ChunkPart,
    },
}

impl RequestParser {
    pub(super) fn new(limits: RequestLimits) -> Self {
        Self { bytes: Vec::new(), head: None, has_continued: false, limits }
    }

    /// How many bytes have been added.
    pub(super) fn received(&self) -> usize {
        self.bytes.len()
    }

    /// The head, once all of it has arrived.
    pub(super) fn head(&self) -> Option<&Request> {
        self.head.as_ref().map(|head| &head.request)
    }

    /// Adds bytes, and returns the offset at which the request ends, once that is known.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Option<usize>, InvalidRequest> {
        self.bytes.extend_from_slice(bytes);
        self.find_end()
    }

    /// Forgets the bytes from this offset on.
    pub(super) fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    /// Forgets what has arrived of the body, and returns the offset at which it begins.
    pub(super) fn drop_body(&mut self) -> usize {
        self.head.as_mut().map_or(0, |head| {
            head.request.body.clear();
            head.length
        })
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn find_end(&mut self) -> Result<Option<usize>, InvalidRequest> {
        let limits = self.limits;
        if self.head.is_none() {
            self.head = parse_head(&self.bytes, limits.head)?;
        }
        let Some(head) = &mut self.head else { return Ok(None) };
        let too_large =
            || InvalidRequest::new(413, format!("a body of more than {} bytes", limits.body));
        match &mut head.framing {
            Framing::Length(length) if *length > limits.body => Err(too_large()),
            Framing::Length(length) => {
                let end =
                    head.length.checked_add(*length).ok_or("a Content-Length out of range")?;
                Ok((self.bytes.len() >= end).then_some(end))
            }
            Framing::Chunked { at, part } => {
                while let Some(next) = next_part(&self.bytes, at, *part, &mut head.request.body)? {
                    match next {
                        Some(next) => *part = next,
                        None => return Ok(Some(*at)),
                    }
                }
                // Chunk extensions and trailers have no limit of their own, so they count too.
                let overhead =
                    (self.bytes.len() - head.length).saturating_sub(head.request.body.len());
                let max_overhead = limits.body.saturating_mul(2).saturating_add(limits.head);
                if head.request.body.len() > limits.body || overhead > max_overhead {
                    Err(too_large())
                } else {
                    Ok(None)
                }
            }
        }
    }

    /// Whether the client waits for `100 Continue` before it sends the body, as curl does with a
    /// large one; true only the first time.
    pub(super) fn takes_expectation(&mut self) -> bool {
        let expects = self
            .head()
            .and_then(|head| head.header("Expect"))
            .is_some_and(|value| value.eq_ignore_ascii_case("100-continue"));
        expects && !std::mem::replace(&mut self.has_continued, true)
    }

    /// The bytes, and the request; with its body, if that has been read.
    pub(super) fn finish(self, has_body: bool) -> (Vec<u8>, Result<Request, ReadError>) {
        let Some(mut head) = self.head else { return (self.bytes, Err(ReadError::Incomplete)) };
        if let (Framing::Length(_), true) = (head.framing, has_body) {
            head.request.body = self.bytes[head.length..].to_vec();
        }
        (self.bytes, Ok(head.request))
    }
}

fn parse_head(raw: &[u8], limit: usize) -> Result<Option<Head>, InvalidRequest> {
    let too_large = || {
        InvalidRequest::new(
            431,
            format!("a head of more than {limit} bytes, or of more than {MAX_HEADERS} headers"),
        )
    };
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut fields);
    let length = match parsed.parse(raw) {
        Err(httparse::Error::TooManyHeaders) => return Err(too_large()),
        Err(error @ httparse::Error::Version) => {
            return Err(InvalidRequest::new(505, error.to_string()));
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
        && !find_header(&headers, "Connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let content_length = content_length(&headers)?;
    let framing = match (find_header(&headers, "Transfer-Encoding"), content_length) {
        (Some(_), Some(_)) => return Err("both Transfer-Encoding and Content-Length".into()),
        (Some(encoding), None) if encoding.eq_ignore_ascii_case("chunked") => {
            Framing::Chunked { at: length, part: ChunkPart::Size }
        }
        (Some(encoding), None) => {
            return Err(InvalidRequest::new(501, format!("Transfer-Encoding {encoding}")));
        }
        (None, size) => Framing::Length(size.unwrap_or(0)),
    };
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        headers,
        body: Vec::new(),
        keep_alive,
        is_http_1_0: parsed.version == Some(0),
        content_length: content_length.unwrap_or(0),
    };
    Ok(Some(Head { request, length, framing }))
}

/// The length of the body; several equal values count as one (RFC 9112, 6.3).
pub(super) fn content_length(
    headers: &[(String, String)],
) -> Result<Option<usize>, InvalidRequest> {
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
    fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, InvalidRequest> {
        let mut parser = RequestParser::new(RequestLimits::GENEROUS);
        for byte in bytes {
            if parser.push(&[*byte])?.is_some() {
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
    }

    #[test]
    fn a_chunked_body_is_put_together_without_extensions_and_trailers() {
        let bytes =
            b"POST /v1/runtime/invocation/error/r-1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
            3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-Checksum: 1\r\n\r\nGET ";
        let (request, length) = parse_whole(bytes);
        assert_eq!(request.body, b"abcde");
        assert_eq!(length, bytes.len() - "GET ".len());
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
        assert_eq!(encoded, Err(InvalidRequest::new(501, "Transfer-Encoding gzip, chunked")));
        let contradictory =
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n";
        assert_eq!(parse(contradictory), Err("both Transfer-Encoding and Content-Length".into()));
    }

    #[test]
    fn what_is_larger_than_the_limits_is_refused_before_it_is_kept() {
        let limits = RequestLimits { head: 64, body: 4, ..RequestLimits::GENEROUS };
        let status = |bytes: &[u8]| {
            let mut parser = RequestParser::new(limits);
            for byte in bytes {
                match parser.push(&[*byte]) {
                    Ok(Some(_)) => return None,
                    Ok(None) => {}
                    Err(invalid) => return Some((invalid.status, parser.received())),
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
}
