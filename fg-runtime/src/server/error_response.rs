//! Requests that HTTP/1.1 says to refuse, and that the parser takes.

use bytes::Bytes;
use fg_core::Failure;
use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version};
use http_body::Body;

use super::connection_state::Link;
use super::event_function::path_of;
use super::failed::failed;

/// The answer to a request that is refused on this connection, which is then closed.
pub(crate) fn refusal<B: Body>(request: &Request<B>, link: &Link) -> Option<Response<Bytes>> {
    let in_reserve = if link.is_reserve { refusal_in_reserve(request) } else { None };
    // Only a body in chunks has no length, and to look for a header takes longer than to look at
    // that.
    let is_chunked = request.body().size_hint().exact().is_none();
    in_reserve.or_else(|| refusal_of(request, is_chunked))
}

/// The answer to a request that is not as HTTP/1.1 wants it.
///
/// Source: RFC 9112, sections 3.2 (the host) and 6.1 (the transfer coding); RFC 9110, section 7.2,
/// for what a host consists of.
fn refusal_of<B>(request: &Request<B>, is_chunked: bool) -> Option<Response<Bytes>> {
    let headers = request.headers();
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) if host.as_bytes().iter().all(|byte| is_of_host(*byte)) => Ok(()),
        (Some(_), None) => Err("the header `Host` is no host"),
        (Some(_), Some(_)) => Err("there is more than one header `Host`"),
        (None, _) if request.version() == Version::HTTP_11 => Err("there is no header `Host`"),
        (None, _) => Ok(()),
    };
    if let Err(reason) = host {
        return Some(refuse(StatusCode::BAD_REQUEST, "BadRequest", reason));
    }
    if is_chunked && is_encoded(headers) {
        let reason = "the only transfer coding that this server knows is `chunked`";
        return Some(refuse(StatusCode::NOT_IMPLEMENTED, "NotImplemented", reason));
    }
    None
}

/// The answer to anything but a probe, on one of the places that are left for those.
fn refusal_in_reserve<B>(request: &Request<B>) -> Option<Response<Bytes>> {
    if path_of(request.uri()) == "/healthz" {
        return None;
    }
    let reason = "all connections of this instance are at work";
    Some(refuse(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", reason))
}

/// Whether this byte may be in a host with its port. The rest would end it in a URI, or is not
/// allowed there at all.
const fn is_of_host(byte: u8) -> bool {
    matches!(byte, b'!' | b'$'..=b'.' | b'0'..=b';' | b'=' | b'A'..=b'[' | b']' | b'_' | b'a'..=b'z' | b'~')
}

/// Whether there is another transfer coding than one that is `chunked`. That the last one is, the
/// parser has looked at.
fn is_encoded(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(TRANSFER_ENCODING).iter();
    let Some(first) = encodings.next() else { return false };
    let codings = std::iter::once(first)
        .chain(encodings)
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let mut codings = codings.map(<[u8]>::trim_ascii).filter(|coding| !coding.is_empty());
    !codings.next().is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"))
        || codings.next().is_some()
}

#[cold]
fn refuse(status: StatusCode, error_type: &'static str, reason: &str) -> Response<Bytes> {
    let mut response = failed(status, &Failure::new(error_type, reason));
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(version: Version, headers: &[(&str, &str)]) -> Option<u16> {
        let mut request = Request::builder().version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        refusal_of(&request.body(()).expect("it is valid"), true)
            .map(|response| response.status().as_u16())
    }

    #[test]
    fn a_request_has_one_host_which_is_one() {
        for host in [
            "",
            "a",
            "a:80",
            "127.0.0.1:8000",
            "[::1]:8000",
            "xn--bcher-kva.example",
            "a%20b",
            "a_b",
        ] {
            assert_eq!(status(Version::HTTP_11, &[("host", host)]), None, "{host:?}");
        }
        for host in ["a b", "a/b", "user@a", "a, b", "a?b", "a#b", "a\\b", "a\"b", "\u{e9}"] {
            assert_eq!(status(Version::HTTP_11, &[("host", host)]), Some(400), "{host:?}");
        }
        assert_eq!(status(Version::HTTP_11, &[]), Some(400));
        assert_eq!(status(Version::HTTP_10, &[]), None);
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert_eq!(status(version, &[("host", "a"), ("host", "a")]), Some(400));
        }
    }

    #[test]
    fn chunked_is_the_only_coding_there_is() {
        let te = |values: &[&str]| {
            let values: Vec<_> = values.iter().map(|value| ("transfer-encoding", *value)).collect();
            status(Version::HTTP_11, &[&[("host", "a")], &values[..]].concat())
        };
        for taken in [&[][..], &["chunked"], &["Chunked"], &[", chunked ,"], &["", "chunked"]] {
            assert_eq!(te(taken), None, "{taken:?}");
        }
        for refused in [
            &["gzip, chunked"][..],
            &["gzip", "chunked"],
            &["chunked, chunked"],
            &["chunked", "chunked"],
            &["identity"],
        ] {
            assert_eq!(te(refused), Some(501), "{refused:?}");
        }
    }
}
