//! The event that API Gateway makes of a request (the platform's manual, "using an APIG trigger").

use std::collections::BTreeMap;

use axum::http::request::Parts;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fg_emulator::random_request_id;
use serde_json::{Map, Value, json};

/// The event of a request: header names in lower case, and the body in base64, as is the gateway's
/// default. `target` is the target as the function sees it.
pub(super) fn apig_event(
    request: &Parts,
    body: &[u8],
    target: &str,
    path_parameters: &BTreeMap<String, String>,
) -> Vec<u8> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = request.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    json!({
        "httpMethod": request.method.as_str(),
        "path": path,
        "headers": collect(headers),
        "queryStringParameters": collect(form_urlencoded::parse(query.as_bytes()).into_owned()),
        "pathParameters": path_parameters,
        "requestContext": {
            "apiId": "local",
            "requestId": random_request_id().replace('-', ""),
            "stage": "RELEASE",
            "sourceIp": "127.0.0.1",
        },
        "body": BASE64_STANDARD.encode(body),
        "isBase64Encoded": true,
    })
    .to_string()
    .into_bytes()
}

/// An object; a name that occurs more than once has an array.
fn collect(pairs: impl Iterator<Item = (String, String)>) -> Value {
    let mut object = Map::new();
    for (name, value) in pairs {
        match object.get_mut(&name) {
            None => drop(object.insert(name, value.into())),
            Some(Value::Array(values)) => values.push(value.into()),
            Some(before) => *before = json!([before.take(), value]),
        }
    }
    object.into()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn a_request_becomes_the_gateways_event() {
        let request = Request::put("/a")
            .header("Host", "a")
            .header("X-Tag", "1")
            .header("x-tag", "2")
            .body(())
            .expect("a request");
        let (request, ()) = request.into_parts();
        let parameters = BTreeMap::from([("id".to_owned(), "7".to_owned())]);
        let target = "/a%20b/c?x=1&y=a+b%26&x=2&z";
        let event = apig_event(&request, b"\xff\x00", target, &parameters);
        let event: Value = serde_json::from_slice(&event).expect("JSON");
        assert_eq!(event["httpMethod"], "PUT");
        assert_eq!(event["path"], "/a%20b/c");
        assert_eq!(event["headers"], json!({"host": "a", "x-tag": ["1", "2"]}));
        assert_eq!(event["queryStringParameters"], json!({"x": ["1", "2"], "y": "a b&", "z": ""}));
        assert_eq!(event["pathParameters"], json!({"id": "7"}));
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
    }
}
