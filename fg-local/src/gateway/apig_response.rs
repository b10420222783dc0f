//! The response that API Gateway makes of a function's result (the platform's manual, "using an
//! APIG trigger").

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

/// Headers of a connection, which are not taken from a function's result.
const CONNECTION_HEADERS: [&str; 5] =
    ["connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"];

/// The response that a function's result describes. In the response to a HEAD request the result
/// may set `Content-Length`. `Err` says what API Gateway does not understand.
pub(super) fn apig_response(result: &[u8], is_head: bool) -> Result<Response, String> {
    let result: Value = serde_json::from_slice(result)
        .map_err(|_| "the function's result is not JSON, and API Gateway expects {\"statusCode\", \"headers\", \"body\"}")?;
    let Value::Object(result) = result else {
        return Err("the function's result is not an object, and API Gateway expects {\"statusCode\", \"headers\", \"body\"}".into());
    };
    let status = match result.get("statusCode") {
        None | Some(Value::Null) => {
            return Err("the function's result has no statusCode, which API Gateway expects".into());
        }
        Some(code) => {
            let number = code.as_u64().and_then(|number| u16::try_from(number).ok());
            let status = number.and_then(|number| StatusCode::from_u16(number).ok());
            status.ok_or_else(|| format!("statusCode is {code}, which is not an HTTP status"))?
        }
    };
    let mut body = match result.get("body") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(string)) if is_true(result.get("isBase64Encoded")) => {
            BASE64_STANDARD.decode(string).map_err(|error| {
                format!("isBase64Encoded is true, and the body is not base64: {error}")
            })?
        }
        Some(Value::String(string)) => string.clone().into_bytes(),
        Some(_) => {
            return Err("the body is not a string; write other values as JSON or as base64".into());
        }
    };
    let mut headers = headers(result.get("headers"), is_head)?;
    if !headers.contains_key(CONTENT_TYPE) && !body.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if headers.contains_key(CONTENT_LENGTH) {
        // Of a response to a HEAD request, which has no body.
        body.clear();
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

fn is_true(flag: Option<&Value>) -> bool {
    matches!(flag, Some(Value::Bool(true))) || flag.and_then(Value::as_str) == Some("true")
}

fn headers(headers: Option<&Value>, is_head: bool) -> Result<HeaderMap, String> {
    let mut all = HeaderMap::new();
    let headers = match headers {
        None | Some(Value::Null) => return Ok(all),
        Some(Value::Object(headers)) => headers,
        Some(_) => return Err("headers is not an object".into()),
    };
    for (written, value) in headers {
        let name = HeaderName::from_bytes(written.as_bytes())
            .map_err(|_| format!("{written:?} is not a header name"))?;
        if is_head && name == CONTENT_LENGTH {
            if let Some(length) = length(value) {
                all.insert(name, HeaderValue::from(length));
            }
            continue;
        }
        if CONNECTION_HEADERS.contains(&name.as_str()) {
            continue;
        }
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            let value = match value {
                Value::String(string) => string.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                Value::Null => continue,
                Value::Array(_) | Value::Object(_) => {
                    return Err(format!("the header {written} has a value that is not a string"));
                }
            };
            if value.contains(['\r', '\n', '\0']) {
                return Err(format!("the header {written} has a line break in its value"));
            }
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
                format!("the header {written} has a control character in its value")
            })?;
            all.append(name.clone(), value);
        }
    }
    Ok(all)
}

/// The number in a `Content-Length`, if it is one.
fn length(value: &Value) -> Option<u64> {
    let value = value.as_array().and_then(|values| values.first()).unwrap_or(value);
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::json;

    use super::*;

    fn headers_of(response: &Response) -> Vec<(&str, &str)> {
        let headers = response.headers().iter();
        headers.map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII"))).collect()
    }

    #[test]
    fn the_answer_to_a_head_keeps_the_length_that_the_function_names() {
        let result = br#"{"statusCode":200,"headers":{"Content-Length":"17","Connection":"close"},"body":""}"#;
        let response = apig_response(result, true).expect("an answer");
        assert_eq!(headers_of(&response), [("content-length", "17")]);
        assert_eq!(headers_of(&apig_response(result, false).expect("an answer")), []);
    }

    #[tokio::test]
    async fn a_result_becomes_the_answer_with_all_its_headers() {
        let result = json!({
            "statusCode": 201,
            "headers": {"set-cookie": ["a=1", "b=2"], "X-Number": 7, "content-length": "999", "Connection": "close"},
            "isBase64Encoded": true,
            "body": "/wA=",
        });
        let response = apig_response(result.to_string().as_bytes(), false).expect("an answer");
        let expected = [
            ("x-number", "7"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("content-type", "application/json"),
        ];
        assert_eq!(headers_of(&response), expected);
        assert_eq!(response.status(), 201);
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        assert_eq!(body, &b"\xff\x00"[..]);
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
                "the function's result is not an object, and API Gateway expects {\"statusCode\", \"headers\", \"body\"}",
            ),
            (
                r#"{"body":"x"}"#,
                "the function's result has no statusCode, which API Gateway expects",
            ),
            (r#"{"statusCode":7}"#, "statusCode is 7, which is not an HTTP status"),
            (
                r#"{"statusCode":200,"body":{}}"#,
                "the body is not a string; write other values as JSON or as base64",
            ),
            (
                r#"{"statusCode":200,"headers":{"a":"b\r\nc: d"}}"#,
                "the header a has a line break in its value",
            ),
            (r#"{"statusCode":200,"headers":{"a b":"c"}}"#, "\"a b\" is not a header name"),
            (
                r#"{"statusCode":200,"headers":{"a":"b\u0007"}}"#,
                "the header a has a control character in its value",
            ),
        ] {
            assert_eq!(apig_response(result.as_bytes(), false).expect_err(result), reason);
        }
        let error =
            apig_response(br#"{"statusCode":200,"isBase64Encoded":true,"body":"%"}"#, false)
                .expect_err("no base64");
        assert!(
            error.starts_with("isBase64Encoded is true, and the body is not base64: "),
            "{error}"
        );
    }
}
