//! Responses that the server gives in place of the function: errors, and refusals of requests that
//! HTTP/1.1 says to refuse and the parser takes.

use bytes::Bytes;
use fg_core::{Context, Failure};
use http::header::{CONNECTION, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version};
use http_body::Body;

use crate::invocation::error_audience::{ErrorAudience, truncate_id};

/// Where an HTTP client finds the id of its request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// An error as JSON.
pub(crate) fn failed(status: StatusCode, failure: &Failure) -> Response<Bytes> {
    let mut response = Response::new(failure.to_json().into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The error of an invocation, as far as its caller may know it.
pub(crate) fn failed_invocation(
    status: StatusCode,
    failure: &Failure,
    ctx: &Context,
    caller: ErrorAudience,
) -> Response<Bytes> {
    let mut response = failed(status, &caller.redact(failure, ctx.request_id()));
    if caller == ErrorAudience::HttpClient {
        // An id that cannot stand in a header is in the body alone.
        if let Ok(id) = HeaderValue::from_str(truncate_id(ctx.request_id())) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
    }
    response
}

/// The response to a request that is refused on this connection, which is then closed.
pub(crate) fn refusal<B: Body>(
    request: &Request<B>,
    is_for_probes: bool,
) -> Option<Response<Bytes>> {
    if is_for_probes && !matches!(request.uri().path(), "/healthz" | "//healthz") {
        let reason = "all connections of this instance are at work";
        return Some(refuse(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", reason));
    }
    // Only a chunked body has no length, and that takes less time than to look for a header.
    let is_chunked = request.body().size_hint().exact().is_none();
    refusal_of(request, is_chunked)
}

/// The response to a request that is not as HTTP/1.1 wants it.
///
/// Source: RFC 9112, sections 3.2 (the host) and 6.1 (the transfer coding); RFC 9110, section 7.2,
/// for what a host consists of.
fn refusal_of<B>(request: &Request<B>, is_chunked: bool) -> Option<Response<Bytes>> {
    let headers = request.headers();
    let host = match hosts(headers) {
        (Some(host), None) if host.as_bytes().iter().all(|byte| HOST_BYTES[usize::from(*byte)]) => {
            Ok(())
        }
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

/// The first two values of `Host`.
fn hosts(headers: &HeaderMap) -> (Option<&HeaderValue>, Option<&HeaderValue>) {
    // Most clients send it first, and there it is found faster. Values of one name are neighbours.
    let mut lines = headers.iter().map_while(|(name, host)| (name == HOST).then_some(host));
    if let Some(first) = lines.next() {
        return (Some(first), lines.next());
    }
    let mut hosts = headers.get_all(HOST).iter();
    (hosts.next(), hosts.next())
}

/// Which bytes may be in a host with its port. The others would end it in a URI, or are not allowed
/// there at all.
const HOST_BYTES: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        allowed[byte] = matches!(
            byte as u8,
            b'!' | b'$'..=b'.' | b'0'..=b';' | b'=' | b'A'..=b'[' | b']' | b'_' | b'a'..=b'z' | b'~'
        );
        byte += 1;
    }
    allowed
};

/// Whether there is another transfer coding than one `chunked`. The parser has checked that it is
/// the last one.
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
