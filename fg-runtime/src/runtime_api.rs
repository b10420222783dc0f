//! The Runtime API as it is on the wire: its paths, its limits, its requests.
//!
//! Source: the platform's manual, "creating a custom runtime". The limits without a source are
//! ours.

use std::io::Write;
use std::time::Duration;

pub(crate) const POLL_PATH: &str = "/v1/runtime/invocation/request";
pub(crate) const RESPONSE_PATH: &str = "/v1/runtime/invocation/response/";
pub(crate) const ERROR_PATH: &str = "/v1/runtime/invocation/error/";

/// The manual's own client gives a connection three seconds.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a response that has begun may stay silent before it is given up.
pub(crate) const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// The largest head of a response in bytes: a dozen headers with tokens of a few KB each fit many
/// times.
pub(crate) const HEAD_LIMIT: usize = 256 * 1024;

/// The most headers in one response.
pub(crate) const HEADER_COUNT_LIMIT: usize = 128;

/// The largest body of a response in bytes; the platform's own limit is 6 MB.
pub(crate) const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// How much of an error text of the Runtime API goes into the log, in bytes.
pub(crate) const EXCERPT: usize = 200;

/// What an invocation is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerKind {
    /// The handler's reply.
    Response,
    /// The JSON of a failure.
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

/// Writes the head of an answer; the body follows it, in chunks where its length is not known.
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
    // A line break in a value of the user's would end the header, so what cannot stand in one is
    // left out.
    write_pieces(out, content_type, |byte| matches!(byte, b' '..=b'~'), |_, _| {});
    match length {
        Some(length) => write!(out, "\r\ncontent-length: {length}\r\n\r\n")
            .expect("writing to memory cannot fail"),
        None => out.extend_from_slice(b"\r\ntransfer-encoding: chunked\r\n\r\n"),
    }
}

/// A request id is a UUID; should it ever be something else, it must not break the request line.
fn write_path_segment(out: &mut Vec<u8>, text: &str) {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
    write_pieces(out, text, is_plain, |out, byte| {
        write!(out, "%{byte:02X}").expect("writing to memory cannot fail");
    });
}

/// Writes the pieces of a text that are plain as they are, and each byte between them in its own
/// way.
fn write_pieces(
    out: &mut Vec<u8>,
    text: &str,
    is_plain: impl Fn(u8) -> bool,
    write_other: impl Fn(&mut Vec<u8>, u8),
) {
    let mut rest = text.as_bytes();
    while let Some(end) = rest.iter().position(|&byte| !is_plain(byte)) {
        out.extend_from_slice(&rest[..end]);
        write_other(out, rest[end]);
        rest = &rest[end + 1..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(request_id: &str, content_type: &str) -> String {
        let mut out = Vec::new();
        write_answer_head(&mut out, "h:1", AnswerKind::Error, request_id, content_type, Some(12));
        String::from_utf8(out).expect("a head is text")
    }

    #[test]
    fn an_answer_names_its_request_and_its_length() {
        assert_eq!(
            head("id-1", "application/json"),
            "POST /v1/runtime/invocation/error/id-1 HTTP/1.1\r\nhost: h:1\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n"
        );
    }

    #[test]
    fn nothing_from_outside_can_add_a_line_to_the_head() {
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
