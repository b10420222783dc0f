//! The wire format of the Runtime API: its paths, its limits, its requests.
//!
//! Source: the platform's manual, "creating a custom runtime". Limits without a source are our own.

use std::time::Duration;

pub(crate) const POLL_PATH: &str = "/v1/runtime/invocation/request";
pub(crate) const RESPONSE_PATH: &str = "/v1/runtime/invocation/response/";
pub(crate) const ERROR_PATH: &str = "/v1/runtime/invocation/error/";

/// The time limit for connecting, as in the manual's own client.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The longest pause between two reads of a response that has begun.
pub(crate) const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// The largest head of a response in bytes. A dozen headers with tokens of a few KB each are far
/// below.
pub(crate) const HEAD_LIMIT: usize = 256 * 1024;

/// The most headers in one response.
pub(crate) const HEADER_COUNT_LIMIT: usize = 128;

/// The largest body of a response in bytes; the platform's own limit is 6 MB.
pub(crate) const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// The most bytes of an error message of the Runtime API that are logged.
pub(crate) const EXCERPT: usize = 200;

/// The kind of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerKind {
    /// The handler's response.
    Response,
    /// An error response.
    Error,
}

/// Writes the request for the next event.
pub(crate) fn write_poll(out: &mut Vec<u8>, host: &str) {
    out.clear();
    out.extend_from_slice(b"GET ");
    out.extend_from_slice(POLL_PATH.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\nhost: ");
    out.extend_from_slice(host.as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
}

/// Writes the head of an answer. Without a length the body is chunked.
pub(crate) fn write_answer_head(
    out: &mut Vec<u8>,
    host: &str,
    kind: AnswerKind,
    request_id: &str,
    content_type: &str,
    length: Option<usize>,
) {
    let path = match kind {
        AnswerKind::Response => RESPONSE_PATH,
        AnswerKind::Error => ERROR_PATH,
    };
    out.clear();
    out.extend_from_slice(b"POST ");
    out.extend_from_slice(path.as_bytes());
    write_path_segment(out, request_id);
    out.extend_from_slice(b" HTTP/1.1\r\nhost: ");
    out.extend_from_slice(host.as_bytes());
    out.extend_from_slice(b"\r\ncontent-type: ");
    write_header_value(out, content_type);
    match length {
        Some(length) => {
            let mut buffer = [0; 20];
            let length = digits_of(length, &mut buffer);
            out.extend_from_slice(b"\r\ncontent-length: ");
            out.extend_from_slice(length);
            out.extend_from_slice(b"\r\n\r\n");
        }
        None => out.extend_from_slice(b"\r\ntransfer-encoding: chunked\r\n\r\n"),
    }
}

/// The characters other than letters and digits that may stand unescaped in a path segment.
const MARKS: &[u8] = b"-._~!$&'()*+,;=:@";

/// Whether a character may stand unescaped in a path segment.
fn is_in_segment(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || MARKS.contains(&byte)
}

/// Writes a request id into the path. It is normally a UUID. Anything else must not break the
/// request line.
fn write_path_segment(out: &mut Vec<u8>, id: &str) {
    // Without an early exit, so that the compiler can vectorize it.
    let is_plain = id.bytes().fold(true, |plain, byte| {
        plain & ((byte | 0x20).is_ascii_lowercase() | matches!(byte, b'-'..=b'.' | b'0'..=b'9'))
    });
    if is_plain {
        out.extend_from_slice(id.as_bytes());
    } else {
        write_percent_encoded(out, id);
    }
}

#[cold]
fn write_percent_encoded(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        if is_in_segment(byte) {
            out.push(byte);
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 0xf));
            out.extend_from_slice(&[b'%', DIGITS[high], DIGITS[low]]);
        }
    }
}

/// Writes a header value from the user. Characters that are not allowed are dropped: a line break
/// would end the header.
fn write_header_value(out: &mut Vec<u8>, value: &str) {
    if value == "application/json" {
        out.extend_from_slice(value.as_bytes());
    } else {
        out.extend(value.bytes().filter(|byte| matches!(byte, b' '..=b'~')));
    }
}

/// Writes the decimal digits of a number to the end of the buffer. `fmt` would take ten times as
/// long.
fn digits_of(mut number: usize, buffer: &mut [u8; 20]) -> &[u8] {
    let mut start = buffer.len();
    loop {
        start -= 1;
        buffer[start] = b"0123456789"[number % 10];
        number /= 10;
        if number == 0 {
            return &buffer[start..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(request_id: &str, content_type: &str) -> String {
        let mut out = Vec::new();
        write_answer_head(&mut out, "h:1", AnswerKind::Error, request_id, content_type, Some(12));
        String::from_utf8(out).expect("a head is a string")
    }

    #[test]
    fn an_answer_names_its_request_and_its_length() {
        assert_eq!(
            head("id-1", "application/json"),
            "POST /v1/runtime/invocation/error/id-1 HTTP/1.1\r\nhost: h:1\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n"
        );
    }

    #[test]
    fn no_argument_can_add_a_line_to_the_head() {
        let head = head("a b/..\r\nx: 1", "text/plain\r\nx: 1");
        assert!(
            head.starts_with(
                "POST /v1/runtime/invocation/error/a%20b%2F..%0D%0Ax:%201 HTTP/1.1\r\n"
            ),
            "{head}"
        );
        assert!(head.contains("\r\ncontent-type: text/plainx: 1\r\n"), "{head}");
    }
}
