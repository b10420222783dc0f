//! The signature of a request to the platform's API, `SDK-HMAC-SHA256` (its API reference,
//! "AK/SK-based authentication"): made again from the request, and compared.

use std::fmt;
use std::fmt::Write;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::http::request_parser::Request;
use crate::http::response::header_of;

const ALGORITHM: &str = "SDK-HMAC-SHA256";
const DATE: &str = "X-Sdk-Date";
const BODY_HASH: &str = "X-Sdk-Content-Sha256";

/// An access key and its secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct KeyPair {
    access: String,
    secret: String,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(***)")
    }
}

impl KeyPair {
    pub(crate) fn new(access: String, secret: String) -> Self {
        Self { access, secret }
    }

    /// Whether the request was signed with this pair; an error is a sentence that says why not. The
    /// age of the date is not judged.
    pub(crate) fn verify(&self, request: &Request) -> Result<(), String> {
        let authorization = header_of(&request.headers, "Authorization")
            .ok_or("there is no Authorization header")?;
        let parts = authorization
            .trim()
            .strip_prefix(ALGORITHM)
            .ok_or_else(|| format!("Authorization is not {ALGORITHM}"))?;
        let part = |name: &str| {
            let value =
                parts.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
            value.ok_or_else(|| format!("Authorization has no {name}"))
        };
        let (access, signed, signature) =
            (part("Access")?, part("SignedHeaders")?, part("Signature")?);
        if access != self.access {
            return Err(format!("there is no access key {access}"));
        }
        let date = header_of(&request.headers, DATE)
            .ok_or_else(|| format!("there is no {DATE} header"))?;
        let canonical = canonical_request(request, signed)?;
        let to_sign =
            format!("{ALGORITHM}\n{date}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
        // A key of any length is valid.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes())
            .map_err(|error| error.to_string())?;
        mac.update(to_sign.as_bytes());
        let expected = from_hex(signature).ok_or("the signature is not hexadecimal")?;
        mac.verify_slice(&expected)
            .map_err(|_| "the signature does not match the request".to_owned())
    }
}

fn canonical_request(request: &Request, signed: &str) -> Result<String, String> {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let mut headers = String::new();
    for name in signed.split(';') {
        let value = header_of(&request.headers, name)
            .ok_or_else(|| format!("the signed header {name} is not there"))?;
        headers.push_str(&format!("{}:{}\n", name.to_ascii_lowercase(), value.trim()));
    }
    let body_hash = match header_of(&request.headers, BODY_HASH) {
        // What the header says is what was signed, so it has to be true.
        Some(hash)
            if hash.eq_ignore_ascii_case(&hex(&Sha256::digest(&request.body)))
                || hash == "UNSIGNED-PAYLOAD" =>
        {
            hash.to_owned()
        }
        Some(_) => return Err(format!("{BODY_HASH} is not the hash of the body")),
        None => hex(&Sha256::digest(&request.body)),
    };
    let (path, query) = (canonical_path(path), canonical_query(query));
    Ok(format!("{}\n{path}\n{query}\n{headers}\n{signed}\n{body_hash}", request.method))
}

/// Each segment encoded, and a `/` at the end.
fn canonical_path(path: &str) -> String {
    let segments: Vec<_> = path.split('/').map(|segment| encode(&decode(segment))).collect();
    let path = segments.join("/");
    if path.ends_with('/') { path } else { path + "/" }
}

/// Names and values encoded, and sorted.
fn canonical_query(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<_> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode(&decode(name)), encode(&decode(&value.replace('+', " "))))
        })
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            // Writing to memory cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Undoes the percent-encoding; what is none stays as it is.
pub(crate) fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let coded = if *first == b'%' {
            after.get(..2).and_then(|digits| from_hex(std::str::from_utf8(digits).ok()?))
        } else {
            None
        };
        match coded {
            Some(byte) => {
                bytes.extend(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to memory cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() % 2 != 0 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
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

    fn verify(request: &Request) -> Result<(), String> {
        KeyPair::new("AccessKey".into(), "SecretKey".into()).verify(request)
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
        let other = KeyPair::new("Other".into(), "SecretKey".into());
        assert_eq!(
            other.verify(&signed("GET", "/path?limit=1", "", signature)),
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
