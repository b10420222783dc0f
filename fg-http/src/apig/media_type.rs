//! Decides which bodies are sent as strings, by their content type.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

/// The body as a string, if it is UTF-8 and the headers declare it as text. There is no content
/// sniffing and no lossy decoding.
pub(super) fn text_of<'a>(headers: &HeaderMap, body: &'a [u8]) -> Option<&'a str> {
    let is_declared_text = || {
        let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        (is_text(content_type) && !headers.contains_key(CONTENT_ENCODING)).then_some(())
    };
    if !body.is_empty() {
        is_declared_text()?;
    }
    std::str::from_utf8(body).ok()
}

/// Whether a content type is textual, in a charset that is a subset of UTF-8.
fn is_text(content_type: &str) -> bool {
    const TEXT: [&str; 6] =
        ["json", "xml", "javascript", "x-ndjson", "x-www-form-urlencoded", "yaml"];
    let mut parts = content_type.split(';').map(str::trim);
    let Some((family, subtype)) = parts.next().and_then(|media_type| media_type.split_once('/'))
    else {
        return false;
    };
    let subtype = subtype.to_ascii_lowercase();
    let is_text = family.eq_ignore_ascii_case("text")
        || [subtype.as_str(), subtype.rsplit_once('+').map_or("", |(_, suffix)| suffix)]
            .iter()
            .any(|name| TEXT.contains(name));
    let charset = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    let is_utf8 = |charset: &str| {
        ["utf-8", "utf8", "us-ascii"].iter().any(|name| charset.eq_ignore_ascii_case(name))
    };
    is_text && charset.is_none_or(|(_, charset)| is_utf8(charset.trim_matches('"')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn textual_content_types_are_recognised() {
        for content_type in [
            "text/html",
            "TEXT/plain; charset=UTF-8",
            "application/json",
            "application/problem+json;charset=\"utf-8\"",
            "image/svg+xml",
            "application/x-www-form-urlencoded",
            "application/javascript",
        ] {
            assert!(is_text(content_type), "{content_type}");
        }
    }

    #[test]
    fn other_content_types_are_not_text() {
        for content_type in [
            "",
            "text",
            "image/png",
            "application/octet-stream",
            "text/plain; charset=gbk",
            "application/x-json-like",
        ] {
            assert!(!is_text(content_type), "{content_type}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_or_are_compressed_are_not_text() {
        let mut headers = HeaderMap::new();
        assert_eq!((text_of(&headers, b""), text_of(&headers, b"x")), (Some(""), None));
        headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("text/plain"));
        assert_eq!((text_of(&headers, b"x"), text_of(&headers, b"\xff")), (Some("x"), None));
        headers.insert(CONTENT_ENCODING, http::HeaderValue::from_static("br"));
        assert_eq!(text_of(&headers, b"x"), None);
    }
}
