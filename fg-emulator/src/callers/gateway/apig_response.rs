//! The response that API Gateway makes of a function's result (the platform's manual, "using an APIG
//! trigger").

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::http::response::{Response, find_header};

/// Headers of a connection, which are not taken from a function's result.
const CONNECTION_HEADERS: [&str; 5] =
    ["connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"];

/// The response that a function's result describes. In the response to a HEAD request the result may
/// set `Content-Length`. `Err` says what API Gateway does not understand.
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
            let number = code
                .as_u64()
                .and_then(|number| u16::try_from(number).ok())
                .filter(|number| (100..1000).contains(number));
            number.ok_or_else(|| format!("statusCode is {code}, which is not an HTTP status"))?
        }
    };
    let body = match result.get("body") {
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
    if find_header(&headers, "Content-Type").is_none() && !body.is_empty() {
        headers.push(("Content-Type".into(), "application/json".into()));
    }
    Ok(Response { status, headers, body })
}

fn is_true(flag: Option<&Value>) -> bool {
    matches!(flag, Some(Value::Bool(true))) || flag.and_then(Value::as_str) == Some("true")
}

fn headers(headers: Option<&Value>, is_head: bool) -> Result<Vec<(String, String)>, String> {
    let headers = match headers {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(headers)) => headers,
        Some(_) => return Err("headers is not an object".into()),
    };
    let mut all = Vec::new();
    for (name, value) in headers {
        let is_token = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        if !is_token {
            return Err(format!("{name:?} is not a header name"));
        }
        let is_length_of_head = is_head && name.eq_ignore_ascii_case("content-length");
        if !is_length_of_head && CONNECTION_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own))
        {
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
                    return Err(format!("the header {name} has a value that is not a string"));
                }
            };
            if value.contains(['\r', '\n', '\0']) {
                return Err(format!("the header {name} has a line break in its value"));
            }
            all.push((name.clone(), value));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_answer_to_a_head_keeps_the_length_that_the_function_names() {
        let result = br#"{"statusCode":200,"headers":{"Content-Length":"17","Connection":"close"},"body":""}"#;
        assert_eq!(
            apig_response(result, true).expect("an answer").headers,
            [("Content-Length".to_owned(), "17".to_owned())]
        );
        assert_eq!(apig_response(result, false).expect("an answer").headers, []);
    }

    #[test]
    fn a_result_becomes_the_answer_with_all_its_headers() {
        let result = json!({
            "statusCode": 201,
            "headers": {"set-cookie": ["a=1", "b=2"], "X-Number": 7, "content-length": "999", "Connection": "close"},
            "isBase64Encoded": true,
            "body": "/wA=",
        });
        let response = apig_response(result.to_string().as_bytes(), false).expect("an answer");
        assert_eq!((response.status, response.body.as_slice()), (201, &b"\xff\x00"[..]));
        let headers: Vec<_> =
            response.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
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
