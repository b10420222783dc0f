//! The canonical form of a request, which is what is signed.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};

/// All but letters, digits and `-_.~`.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The same, in a path.
pub(super) const ESCAPED_IN_PATH: &AsciiSet = &ESCAPED.remove(b'/');

/// The canonical path: decoded as a whole, each segment encoded, and with a `/` at its end.
///
/// The path is decoded before it is split, as the official Python SDK does: a `%2F` separates
/// segments in what is signed.
pub(super) fn path(path: &str) -> String {
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    let mut encoded = percent_encode(&decoded, ESCAPED_IN_PATH).to_string();
    if !encoded.ends_with('/') {
        encoded.push('/');
    }
    encoded
}

/// The canonical query: names and values encoded, sorted by name, then by value. A `+` is a plus.
pub(super) fn query(query: &str) -> String {
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode_str(name).collect(), percent_decode_str(value).collect())
        })
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| {
            format!("{}={}", percent_encode(name, ESCAPED), percent_encode(value, ESCAPED))
        })
        .collect();
    pairs.join("&")
}

/// The headers that are signed: names in lower case and sorted, values trimmed.
pub(super) fn headers<'a>(
    headers: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = headers
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    headers.sort();
    headers
}

/// The names of the headers, joined by `;`.
pub(super) fn names(headers: &[(String, String)]) -> String {
    headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";")
}

/// SHA-256 in lower-case hexadecimal.
pub(super) fn sha256_hex(data: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(data))
}

/// The canonical request. `path` and `query` are as in the URL, `headers` are from [`headers`].
pub(super) fn request(
    method: &str,
    path: &str,
    query: &str,
    headers: &[(String, String)],
    body_hash: &str,
) -> String {
    let mut canonical =
        format!("{}\n{}\n{}\n", method.to_ascii_uppercase(), self::path(path), self::query(query));
    for (name, value) in headers {
        canonical.push_str(&format!("{name}:{value}\n"));
    }
    canonical.push_str(&format!("\n{}\n{body_hash}", names(headers)));
    canonical
}

/// The signature of a canonical request.
pub(super) fn signature(secret_key: &str, date: &str, canonical: &str) -> String {
    let hash = sha256_hex(canonical.as_bytes());
    let text = format!("{ALGORITHM}\n{date}\n{hash}");
    super::hmac_sha256_hex(secret_key.as_bytes(), text.as_bytes())
}

/// The name of the scheme.
pub(super) const ALGORITHM: &str = "SDK-HMAC-SHA256";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DATE: &str = "20060102T150405Z";

    fn vector(method: &str, path: &str, query: &str, body: &str) -> (String, String) {
        let headers = headers([("X-Sdk-Date", DATE)].into_iter());
        let canonical = request(method, path, query, &headers, &sha256_hex(body.as_bytes()));
        let signature = signature("SecretKey", DATE, &canonical);
        (canonical, signature)
    }

    // signer_test.go of huaweicloud-sdk-go-v3.
    #[test]
    fn the_published_signature_of_a_get_is_reproduced() {
        let (canonical, signature) = vector("GET", "/path", "limit=1", "");
        assert_eq!(
            canonical,
            "GET\n/path/\nlimit=1\nx-sdk-date:20060102T150405Z\n\nx-sdk-date\n\
             e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            sha256_hex(canonical.as_bytes()),
            "85c3b7730f308aee452b16138a42a914397e43a8f0d732dfa521c0ef2afa98a4"
        );
        assert_eq!(signature, "5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624");
    }

    #[test]
    fn the_published_signature_of_a_post_is_reproduced() {
        let (_, signature) = vector("POST", "/path", "key=value", "{\"Name\":\"test\",\"Id\":1}\n");
        assert_eq!(signature, "cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59");
    }

    #[test]
    fn the_published_query_is_reproduced() {
        let raw = "test=%E4%B8%80%20(%26%3D%3F!%23%25.%2A)&multi=2&multi=1&path=/tmp/123\
                   &enable=true&multi=3&limit=1";
        assert_eq!(
            query(raw),
            "enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Ftmp%2F123\
             &test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29"
        );
    }

    #[test]
    fn a_urn_is_signed_the_same_whether_its_colons_are_encoded_or_not() {
        let raw = path("/v2/p/fgs/functions/urn:fss:cn-north-4:p:function:default:f:!prod/config");
        let encoded = path(
            "/v2/p/fgs/functions/urn%3Afss%3Acn-north-4%3Ap%3Afunction%3Adefault%3Af%3A%21prod/config",
        );
        assert_eq!(raw, encoded);
        assert!(raw.ends_with("%3A%21prod/config/"), "{raw}");
    }

    #[test]
    fn an_encoded_slash_separates_segments_in_what_is_signed() {
        assert_eq!(path("/a%2Fb"), "/a/b/");
        assert_eq!(path("/"), "/");
        assert_eq!(path(""), "/");
    }

    #[test]
    fn a_value_that_is_empty_or_absent_keeps_its_equals_sign() {
        assert_eq!(query("b&a="), "a=&b=");
    }

    proptest! {
        #[test]
        fn what_is_encoded_has_only_unreserved_characters(raw in "\\PC{0,40}") {
            let encoded = percent_encode(raw.as_bytes(), ESCAPED).to_string();
            let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.~%".contains(c);
            prop_assert!(encoded.chars().all(allowed), "{}", encoded);
            let decoded: Vec<u8> = percent_decode_str(&encoded).collect();
            prop_assert_eq!(decoded, raw.into_bytes());
        }

        #[test]
        fn canonical_paths_are_their_own_canonical_form(raw in "/[ -~\u{e9}\u{4e00}]{0,40}") {
            let once = path(&raw);
            prop_assert_eq!(&path(&once), &once);
            prop_assert!(once.starts_with('/') && once.ends_with('/'));
        }

        #[test]
        fn canonical_queries_are_their_own_canonical_form(raw in "[ -~\u{e9}\u{4e00}]{0,40}") {
            let once = query(&raw);
            prop_assert_eq!(&query(&once), &once);
        }

        #[test]
        fn the_order_of_a_query_does_not_change_its_canonical_form(
            pairs in prop::collection::vec(("[a-c%20]{1,3}", "[a-c/]{0,3}"), 0..6),
        ) {
            let join = |pairs: &[(String, String)]| {
                pairs.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("&")
            };
            let reversed: Vec<_> = pairs.iter().rev().cloned().collect();
            prop_assert_eq!(query(&join(&pairs)), query(&join(&reversed)));
        }
    }
}
