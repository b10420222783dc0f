//! The event that API Gateway makes of a request (the platform's manual, "using an APIG trigger").

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use crate::http::request::Request;
use crate::request_id::random_request_id;

/// The event of a request: header names in lower case, and the body in base64, as is the gateway's
/// default.
pub(super) fn apig_event(request: &Request, target: &str) -> Vec<u8> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers =
        request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    json!({
        "httpMethod": request.method,
        "path": path,
        "headers": collect(headers),
        "queryStringParameters": collect(form_urlencoded::parse(query.as_bytes()).into_owned()),
        "pathParameters": {},
        "requestContext": {
            "apiId": "local",
            "requestId": random_request_id().replace('-', ""),
            "stage": "RELEASE",
            "sourceIp": "127.0.0.1",
        },
        "body": BASE64_STANDARD.encode(&request.body),
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
    use super::*;

    fn request(method: &str, headers: &[(&str, &str)], body: &[u8]) -> Request {
        let headers =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Request {
            method: method.into(),
            headers,
            body: body.to_vec(),
            keep_alive: true,
            ..Request::default()
        }
    }

    #[test]
    fn a_request_becomes_the_gateways_event() {
        let request = request("PUT", &[("Host", "a"), ("X-Tag", "1"), ("x-tag", "2")], b"\xff\x00");
        let event: Value =
            serde_json::from_slice(&apig_event(&request, "/a%20b/c?x=1&y=a+b%26&x=2&z"))
                .expect("JSON");
        assert_eq!(event["httpMethod"], "PUT");
        assert_eq!(event["path"], "/a%20b/c");
        assert_eq!(event["headers"], json!({"host": "a", "x-tag": ["1", "2"]}));
        assert_eq!(event["queryStringParameters"], json!({"x": ["1", "2"], "y": "a b&", "z": ""}));
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
    }
}
