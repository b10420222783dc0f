//! The canonical form of a request, whose hash is signed.

use axum::http::request::Parts;
use fg_emulator::printable::excerpt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};

/// What is encoded in a canonical request: all but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Headers whose values are not shown.
const SECRET_HEADERS: [&str; 3] = ["authorization", "x-auth-token", "x-security-token"];

/// How much of a canonical request is shown, in characters.
const MAX_SHOWN: usize = 4000;

/// A canonical request up to the hash of its body.
#[derive(Debug)]
pub(super) struct CanonicalHead {
    method: String,
    path: String,
    query: String,
    /// Each name in lower case, with its value.
    headers: Vec<(String, Vec<u8>)>,
    /// As the client has named them.
    signed_headers: String,
}

impl CanonicalHead {
    /// The canonical form of a request with these signed headers. `Err` if one of them is missing
    /// or ambiguous.
    pub(super) fn of(request: &Parts, signed_headers: &str) -> Result<Self, String> {
        let mut headers = Vec::new();
        for name in signed_headers.split(';') {
            let mut values = request.headers.get_all(name).iter();
            let shown = || excerpt(name, 100);
            let Some(value) = values.next() else {
                return Err(format!("the signed header {} is not there", shown()));
            };
            if values.next().is_some() {
                return Err(format!("the signed header {} occurs more than once", shown()));
            }
            headers.push((name.to_ascii_lowercase(), value.as_bytes().trim_ascii().to_owned()));
        }
        Ok(Self {
            method: request.method.to_string(),
            path: canonical_path(request.uri.path()),
            query: canonical_query(request.uri.query().unwrap_or_default()),
            headers,
            signed_headers: signed_headers.to_owned(),
        })
    }

    /// The whole canonical request, with this hash of the body.
    pub(super) fn with_body(&self, body_hash: &str) -> Vec<u8> {
        let mut canonical =
            format!("{}\n{}\n{}\n", self.method, self.path, self.query).into_bytes();
        for (name, value) in &self.headers {
            canonical.extend_from_slice(name.as_bytes());
            canonical.push(b':');
            canonical.extend_from_slice(value);
            canonical.push(b'\n');
        }
        canonical.extend_from_slice(format!("\n{}\n{body_hash}", self.signed_headers).as_bytes());
        canonical
    }

    /// The canonical request on one line, as the platform shows it, without secrets.
    pub(super) fn shown(&self, body_hash: &str) -> String {
        let mut shown = format!("{}|{}|{}|", self.method, self.path, self.query);
        for (name, value) in &self.headers {
            let value = if SECRET_HEADERS.contains(&name.as_str()) {
                "***".into()
            } else {
                String::from_utf8_lossy(value)
            };
            shown.push_str(&format!("{name}:{value}|"));
        }
        shown.push_str(&format!("|{}|{body_hash}", self.signed_headers));
        excerpt(&shown, MAX_SHOWN)
    }
}

/// The path decoded, each segment of that encoded, and a `/` at the end. Splitting it before
/// decoding would keep an encoded slash in its segment, and clients sign two segments.
fn canonical_path(path: &str) -> String {
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    let segments: Vec<_> = decoded.split(|byte| *byte == b'/').map(encode).collect();
    let path = segments.join("/");
    if path.ends_with('/') { path } else { path + "/" }
}

/// Names and values sorted as they are meant, and encoded.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // Clients differ in what they encode. A `+` is a space, as in a form.
            let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).collect();
            (decode(name), decode(value))
        })
        .collect();
    pairs.sort();
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn encode(bytes: &[u8]) -> String {
    percent_encode(bytes, ENCODED).to_string()
}

/// The SHA-256 in lower-case hexadecimal.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_decoded_before_it_is_split() {
        for (path, canonical) in [
            (
                "/v2/p/fgs/functions/urn:fss:a/invocations",
                "/v2/p/fgs/functions/urn%3Afss%3Aa/invocations/",
            ),
            ("/urn%3afss", "/urn%3Afss/"),
            ("/a%2Fb/%21prod", "/a/b/%21prod/"),
            ("/a/", "/a/"),
            ("/", "/"),
            ("//a", "//a/"),
            ("/%25%20é", "/%25%20%C3%A9/"),
        ] {
            assert_eq!(canonical_path(path), canonical, "{path}");
        }
    }

    #[test]
    fn the_query_is_canonical_as_the_sdk_has_it() {
        let query = "path=%2Ftmp%2F123&multi=2&limit=1&multi=1&enable=true&multi=3&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29";
        let canonical = "enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Ftmp%2F123&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29";
        assert_eq!(canonical_query(query), canonical);
        for (query, canonical) in [
            ("", ""),
            ("empty", "empty="),
            ("a=&a", "a=&a="),
            ("a=b=c", "a=b%3Dc"),
            ("a=1+2&b=1%2B2", "a=1%202&b=1%2B2"),
            ("aB=1&a%5B0%5D=2&&", "aB=1&a%5B0%5D=2"),
            ("b=2&%61=1", "a=1&b=2"),
        ] {
            assert_eq!(canonical_query(query), canonical, "{query}");
        }
    }
}
