//! What API Gateway makes of a request, and of a function's result: the platform's manual, "using
//! an APIG trigger".

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use crate::callers::signature::decode;
use crate::http::request_parser::Request;
use crate::http::response::{Reply, header_of};
use crate::runtime_api::event::Event;

/// Headers that belong to a connection; the answer gets its own.
const OF_THE_CONNECTION: [&str; 5] =
    ["connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"];

/// The event for a request: names of headers in lower case, the body in base64, as the gateway does
/// by default.
pub(super) fn event(request: &Request, target: &str) -> Vec<u8> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let headers =
        request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    json!({
        "httpMethod": request.method,
        "path": path,
        "headers": collect(headers),
        "queryStringParameters": collect(pairs.map(|(name, value)| (unescape(name), unescape(value)))),
        "pathParameters": {},
        "requestContext": {
            "apiId": "local",
            "requestId": Event::new("").id().replace('-', ""),
            "stage": "RELEASE",
            "sourceIp": "127.0.0.1",
        },
        "body": BASE64_STANDARD.encode(&request.body),
        "isBase64Encoded": true,
    })
    .to_string()
    .into_bytes()
}

/// An object; a name that comes more than once has a list.
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

fn unescape(text: &str) -> String {
    String::from_utf8_lossy(&decode(&text.replace('+', " "))).into_owned()
}

/// The answer that a function's result asks for; to a HEAD, it says how long a body would be. `Err`
/// says what API Gateway does not understand.
pub(super) fn reply(result: &[u8], is_head: bool) -> Result<Reply, String> {
    let result: Value = serde_json::from_slice(result)
        .map_err(|_| "the function's result is not JSON, and API Gateway expects {\"statusCode\", \"headers\", \"body\"}")?;
    let Value::Object(result) = result else {
        return Err("the function's result is no object, and API Gateway expects {\"statusCode\", \"headers\", \"body\"}".into());
    };
    let status = match result.get("statusCode") {
        None | Some(Value::Null) => {
            return Err("the function's result has no statusCode, which API Gateway expects".into());
        }
        Some(code) => {
            let number = code
                .as_u64()
                .and_then(|number| u16::try_from(number).ok())
                .filter(|number| (100..1000).contains(number));
            number.ok_or_else(|| format!("statusCode is {code}, and not a status of HTTP"))?
        }
    };
    let body =
        match result.get("body") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) if is_true(result.get("isBase64Encoded")) => {
                BASE64_STANDARD.decode(text).map_err(|error| {
                    format!("isBase64Encoded is true, and the body is not base64: {error}")
                })?
            }
            Some(Value::String(text)) => text.clone().into_bytes(),
            Some(_) => return Err(
                "the body is not a text; what is not one has to be written as JSON or as base64"
                    .into(),
            ),
        };
    let mut headers = headers(result.get("headers"), is_head)?;
    if header_of(&headers, "Content-Type").is_none() && !body.is_empty() {
        headers.push(("Content-Type".into(), "application/json".into()));
    }
    Ok(Reply { status, headers, body })
}

fn is_true(flag: Option<&Value>) -> bool {
    matches!(flag, Some(Value::Bool(true))) || flag.and_then(Value::as_str) == Some("true")
}

fn headers(headers: Option<&Value>, is_head: bool) -> Result<Vec<(String, String)>, String> {
    let headers = match headers {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(headers)) => headers,
        Some(_) => return Err("headers is no object".into()),
    };
    let mut all = Vec::new();
    for (name, value) in headers {
        let is_token = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        if !is_token {
            return Err(format!("{name:?} is not a name of a header"));
        }
        let is_length_of_head = is_head && name.eq_ignore_ascii_case("content-length");
        if !is_length_of_head && OF_THE_CONNECTION.iter().any(|own| name.eq_ignore_ascii_case(own))
        {
            continue;
        }
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                Value::Null => continue,
                Value::Array(_) | Value::Object(_) => {
                    return Err(format!("the header {name} has a value that is not a text"));
                }
            };
            if value.contains(['\r', '\n', '\0']) {
                return Err(format!("the header {name} has a line end in its value"));
            }
            all.push((name.clone(), value));
        }
    }
    Ok(all)
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
    fn the_answer_to_a_head_keeps_the_length_that_the_function_names() {
        let result = br#"{"statusCode":200,"headers":{"Content-Length":"17","Connection":"close"},"body":""}"#;
        assert_eq!(
            reply(result, true).expect("an answer").headers,
            [("Content-Length".to_owned(), "17".to_owned())]
        );
        assert_eq!(reply(result, false).expect("an answer").headers, []);
    }

    #[test]
    fn a_request_becomes_the_gateways_event() {
        let request = request("PUT", &[("Host", "a"), ("X-Tag", "1"), ("x-tag", "2")], b"\xff\x00");
        let event: Value =
            serde_json::from_slice(&event(&request, "/a%20b/c?x=1&y=a+b%26&x=2&z")).expect("JSON");
        assert_eq!(event["httpMethod"], "PUT");
        assert_eq!(event["path"], "/a%20b/c");
        assert_eq!(event["headers"], json!({"host": "a", "x-tag": ["1", "2"]}));
        assert_eq!(event["queryStringParameters"], json!({"x": ["1", "2"], "y": "a b&", "z": ""}));
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
    }

    #[test]
    fn a_result_becomes_the_answer_with_all_its_headers() {
        let result = json!({
            "statusCode": 201,
            "headers": {"set-cookie": ["a=1", "b=2"], "X-Number": 7, "content-length": "999", "Connection": "close"},
            "isBase64Encoded": true,
            "body": "/wA=",
        });
        let reply = reply(result.to_string().as_bytes(), false).expect("an answer");
        assert_eq!((reply.status, reply.body.as_slice()), (201, &b"\xff\x00"[..]));
        let headers: Vec<_> =
            reply.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [
            ("X-Number", "7"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("Content-Type", "application/json"),
        ];
        assert_eq!(headers, expected);
    }

    #[test]
    fn what_the_gateway_does_not_understand_is_told() {
        for (result, reason) in [
            (
                "hello",
                "the function's result is not JSON, and API Gateway expects {\"statusCode\", \"headers\", \"body\"}",
            ),
            (
                "\"hello\"",
                "the function's result is no object, and API Gateway expects {\"statusCode\", \"headers\", \"body\"}",
            ),
            (
                r#"{"body":"x"}"#,
                "the function's result has no statusCode, which API Gateway expects",
            ),
            (r#"{"statusCode":7}"#, "statusCode is 7, and not a status of HTTP"),
            (
                r#"{"statusCode":200,"body":{}}"#,
                "the body is not a text; what is not one has to be written as JSON or as base64",
            ),
            (
                r#"{"statusCode":200,"headers":{"a":"b\r\nc: d"}}"#,
                "the header a has a line end in its value",
            ),
            (r#"{"statusCode":200,"headers":{"a b":"c"}}"#, "\"a b\" is not a name of a header"),
        ] {
            assert_eq!(reply(result.as_bytes(), false).expect_err(result), reason);
        }
        let error = reply(br#"{"statusCode":200,"isBase64Encoded":true,"body":"%"}"#, false)
            .expect_err("no base64");
        assert!(
            error.starts_with("isBase64Encoded is true, and the body is not base64: "),
            "{error}"
        );
    }
}
