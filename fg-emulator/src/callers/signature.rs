//! Verifies the signature of a request to the platform's API, `SDK-HMAC-SHA256` (its API reference,
//! "AK/SK-based authentication").

use hmac::{Hmac, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};

use crate::http::request::Request;
use crate::settings::key_pair::KeyPair;

const ALGORITHM: &str = "SDK-HMAC-SHA256";
const DATE: &str = "X-Sdk-Date";
const BODY_HASH: &str = "X-Sdk-Content-Sha256";

/// What is encoded in a canonical request: all but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Checks that a request was signed with this key pair. `Err` says why not. The age of the date is
/// not checked.
pub(super) fn verify(key_pair: &KeyPair, request: &Request) -> Result<(), String> {
    let authorization =
        request.header("Authorization").ok_or("there is no Authorization header")?;
    let parameters = authorization
        .trim()
        .strip_prefix(ALGORITHM)
        .ok_or_else(|| format!("Authorization is not {ALGORITHM}"))?;
    let parameter = |name: &str| {
        parameters
            .split(',')
            .find_map(|parameter| parameter.trim().strip_prefix(name)?.strip_prefix('='))
            .ok_or_else(|| format!("Authorization has no {name}"))
    };
    let (access_key, signed_headers, signature) =
        (parameter("Access")?, parameter("SignedHeaders")?, parameter("Signature")?);
    if access_key != key_pair.access_key {
        return Err(format!("there is no access key {access_key}"));
    }
    let date = request.header(DATE).ok_or_else(|| format!("there is no {DATE} header"))?;
    let canonical = canonical_request(request, signed_headers)?;
    let string_to_sign = format!("{ALGORITHM}\n{date}\n{}", sha256_hex(canonical.as_bytes()));
    // HMAC accepts a key of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(key_pair.secret_key.as_bytes())
        .map_err(|error| error.to_string())?;
    mac.update(string_to_sign.as_bytes());
    let signature =
        base16ct::mixed::decode_vec(signature).map_err(|_| "the signature is not hexadecimal")?;
    mac.verify_slice(&signature).map_err(|_| "the signature does not match the request".to_owned())
}

fn canonical_request(request: &Request, signed_headers: &str) -> Result<String, String> {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let mut headers = String::new();
    for name in signed_headers.split(';') {
        let value =
            request.header(name).ok_or_else(|| format!("the signed header {name} is not there"))?;
        headers.push_str(&format!("{}:{}\n", name.to_ascii_lowercase(), value.trim()));
    }
    let body_hash = match request.header(BODY_HASH) {
        // The value of the header was signed, so it has to be the true hash.
        Some(hash)
            if hash.eq_ignore_ascii_case(&sha256_hex(&request.body))
                || hash == "UNSIGNED-PAYLOAD" =>
        {
            hash.to_owned()
        }
        Some(_) => return Err(format!("{BODY_HASH} is not the hash of the body")),
        None => sha256_hex(&request.body),
    };
    let (path, query) = (canonical_path(path), canonical_query(query));
    Ok(format!("{}\n{path}\n{query}\n{headers}\n{signed_headers}\n{body_hash}", request.method))
}

/// Each segment encoded, and a `/` at the end.
fn canonical_path(path: &str) -> String {
    let segments: Vec<_> = path.split('/').map(encode_anew).collect();
    let path = segments.join("/");
    if path.ends_with('/') { path } else { path + "/" }
}

/// Names and values encoded, and sorted.
fn canonical_query(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<_> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode_anew(name), encode_anew(&value.replace('+', " ")))
        })
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Clients differ in what they encode, so it is decoded first.
fn encode_anew(string: &str) -> String {
    let decoded: Vec<u8> = percent_decode_str(string).collect();
    percent_encode(&decoded, ENCODED).to_string()
}

fn sha256_hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(method: &str, target: &str, body: &str, signature: &str) -> Request {
        let authorization = format!(
            "SDK-HMAC-SHA256 Access=AccessKey, SignedHeaders=x-sdk-date, Signature={signature}"
        );
        Request {
            method: method.into(),
            target: target.into(),
            headers: vec![
                ("X-Sdk-Date".into(), "20060102T150405Z".into()),
                ("Authorization".into(), authorization),
            ],
            body: body.into(),
            keep_alive: true,
            ..Request::default()
        }
    }

    fn key_pair(access_key: &str) -> KeyPair {
        KeyPair { access_key: access_key.into(), secret_key: "SecretKey".into() }
    }

    fn verify(request: &Request) -> Result<(), String> {
        super::verify(&key_pair("AccessKey"), request)
    }

    #[test]
    fn the_vectors_of_the_official_sdk_are_verified() {
        let get = "5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624";
        assert_eq!(verify(&signed("GET", "/path?limit=1", "", get)), Ok(()));
        let post = "cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59";
        assert_eq!(
            verify(&signed("POST", "/path?key=value", "{\"Name\":\"test\",\"Id\":1}\n", post)),
            Ok(())
        );
    }

    #[test]
    fn another_request_with_the_same_signature_is_refused_with_a_reason() {
        let signature = "5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624";
        let wrong = "the signature does not match the request";
        assert_eq!(verify(&signed("GET", "/path?limit=2", "", signature)), Err(wrong.into()));
        assert_eq!(verify(&signed("GET", "/path?limit=1", "x", signature)), Err(wrong.into()));
        let mut unsigned = signed("GET", "/path?limit=1", "", signature);
        unsigned.headers.pop();
        assert_eq!(verify(&unsigned), Err("there is no Authorization header".into()));
        assert_eq!(
            super::verify(&key_pair("Other"), &signed("GET", "/path?limit=1", "", signature)),
            Err("there is no access key AccessKey".into())
        );
    }

    #[test]
    fn path_and_query_are_canonical_as_the_sdk_has_them() {
        assert_eq!(
            canonical_path("/v2/p/fgs/functions/urn:fss:a/invocations"),
            "/v2/p/fgs/functions/urn%3Afss%3Aa/invocations/"
        );
        assert_eq!(canonical_path("/urn%3afss"), "/urn%3Afss/");
        let query = "path=%2Ftmp%2F123&multi=2&limit=1&multi=1&enable=true&multi=3&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29";
        let canonical = "enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Ftmp%2F123&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29";
        assert_eq!(canonical_query(query), canonical);
        assert_eq!(canonical_query("empty"), "empty=");
    }
}
