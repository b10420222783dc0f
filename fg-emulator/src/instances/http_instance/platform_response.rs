//! The platform's JSON for the response of an HTTP function (live responses of the platform, and
//! the open-source engine).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

/// `{"body": base64, "headers": {name: [values]}, "statusCode": n, "isBase64Encoded": true}`.
pub(super) fn platform_response(status: u16, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let mut by_name = Map::new();
    for (name, value) in headers {
        let values = by_name.entry(canonical(name)).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(value.as_str().into());
        }
    }
    json!({
        "body": BASE64_STANDARD.encode(body),
        "headers": by_name,
        "statusCode": status,
        "isBase64Encoded": true,
    })
    .to_string()
    .into_bytes()
}

/// A header name in the form of Go, in which the platform's engine is written: `Content-Type`.
fn canonical(name: &str) -> String {
    let capitalized = |part: &str| {
        let (first, rest) = part.split_at(part.len().min(1));
        first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
    };
    // The parser of heads has accepted the name, so that it is ASCII.
    name.split('-').map(capitalized).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_header_are_collected_under_one_name() {
        let headers = [("content-type", "text/plain"), ("set-cookie", "a=1"), ("Set-Cookie", "b")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let response = platform_response(201, &headers, b"\xff\x00");
        let expected = json!({
            "body": "/wA=",
            "headers": {"Content-Type": ["text/plain"], "Set-Cookie": ["a=1", "b"]},
            "statusCode": 201,
            "isBase64Encoded": true,
        });
        assert_eq!(serde_json::from_slice::<Value>(&response).expect("JSON"), expected);
    }
}
