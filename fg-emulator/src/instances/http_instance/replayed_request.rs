//! The HTTP request that an HTTP function gets for an event of API Gateway.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::http::hop_by_hop::{is_hop_by_hop, is_token};
use crate::printable::excerpt;
use crate::runtime_api::event::Event;
use crate::settings::Settings;

/// What a path cannot have as it is. Percent signs stay, since paths come encoded.
const NOT_IN_PATHS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// How much of an event is repeated in a message, in characters.
const MAX_QUOTED: usize = 100;

/// The platform's headers begin with this. A caller cannot set them.
const PLATFORM_PREFIX: &str = "x-cff-";

/// Credentials that only custom runtimes get.
const NOT_FOR_HTTP: [&str; 2] = ["X-CFF-Access-Key", "X-CFF-Secret-Key"];

/// A request, ready to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ReplayedRequest {
    pub(super) is_head: bool,
    /// The request line and all headers.
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
}

impl ReplayedRequest {
    /// The request of this event. `Err` says what the event lacks.
    pub(super) fn new(event: &Event, settings: &Settings) -> Result<Self, String> {
        let object: Map<String, Value> = match serde_json::from_slice(event.body()) {
            Ok(Value::Object(object)) => object,
            Ok(_) => return Err("the event is not a JSON object".into()),
            Err(error) => return Err(format!("the event is not JSON: {error}")),
        };
        let method = required_string(&object, "httpMethod")?;
        if !is_token(method) {
            return Err(format!("httpMethod is {:?}", excerpt(method, MAX_QUOTED)));
        }
        let path = required_string(&object, "path")?;
        if !path.starts_with('/') {
            return Err(format!(
                "path is {:?}, and does not begin with a slash",
                excerpt(path, MAX_QUOTED)
            ));
        }
        let query = query(&object)?;
        let body = body(&object)?;
        let mut headers = headers(&object)?;
        let host = headers.iter().position(|(name, _)| name.eq_ignore_ascii_case("host"));
        let host = host.map_or_else(|| "127.0.0.1:8000".to_owned(), |at| headers.remove(at).1);
        headers.insert(0, ("Host".into(), host));
        headers.extend(gateway_headers(&object)?);
        headers.extend(platform_headers(event, settings));
        headers.push(("Connection".into(), "close".into()));
        if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
            headers.push(("Content-Length".into(), body.len().to_string()));
        }
        let mut head = format!("{method} {}", utf8_percent_encode(path, NOT_IN_PATHS));
        if !query.is_empty() {
            head.push('?');
            head.push_str(&query);
        }
        head.push_str(" HTTP/1.1\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        Ok(Self { is_head: method == "HEAD", head: head.into_bytes(), body })
    }
}

fn required_string<'a>(object: &'a Map<String, Value>, key: &str) -> Result<&'a str, String> {
    match object.get(key) {
        Some(Value::String(string)) => Ok(string),
        Some(_) => Err(format!("{key} is not a string")),
        None => Err(format!("the event has no {key}")),
    }
}

fn optional_object<'a>(
    object: &'a Map<String, Value>,
    key: &str,
) -> Result<Option<&'a Map<String, Value>>, String> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(inner)) => Ok(Some(inner)),
        Some(_) => Err(format!("{key} is not an object")),
    }
}

/// The values of a header or a parameter: one, or an array of them.
fn values(key: &str, name: &str, value: &Value) -> Result<Vec<String>, String> {
    let all = match value {
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    let as_string = |value: &Value| match value {
        Value::String(string) => Ok(string.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        Value::Null => Ok(String::new()),
        Value::Array(_) | Value::Object(_) => {
            Err(format!("{key} has a {:?} that is not a string", excerpt(name, MAX_QUOTED)))
        }
    };
    all.iter().map(as_string).collect()
}

fn query(object: &Map<String, Value>) -> Result<String, String> {
    const KEY: &str = "queryStringParameters";
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in optional_object(object, KEY)?.into_iter().flatten() {
        for value in values(KEY, name, value)? {
            query.append_pair(name, &value);
        }
    }
    Ok(query.finish())
}

/// The headers of the caller, without those of its connection and those that only the platform
/// sets.
fn headers(object: &Map<String, Value>) -> Result<Vec<(String, String)>, String> {
    let mut all = Vec::new();
    for (name, value) in optional_object(object, "headers")?.into_iter().flatten() {
        if !is_token(name) {
            return Err(format!("{:?} is not a header name", excerpt(name, MAX_QUOTED)));
        }
        let lower = name.to_ascii_lowercase();
        let is_framing = matches!(lower.as_str(), "content-length" | "expect");
        if is_hop_by_hop(name) || is_framing || lower.starts_with(PLATFORM_PREFIX) {
            continue;
        }
        for value in values("headers", name, value)? {
            all.push((name.clone(), checked_value(name, value)?));
        }
    }
    Ok(all)
}

fn checked_value(name: &str, value: String) -> Result<String, String> {
    if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        let name = excerpt(name, MAX_QUOTED);
        return Err(format!("the header {name} has a control character in its value"));
    }
    Ok(value)
}

fn body(object: &Map<String, Value>) -> Result<Vec<u8>, String> {
    let is_base64 = match object.get("isBase64Encoded") {
        Some(Value::Bool(is_base64)) => *is_base64,
        Some(Value::String(string)) => string == "true",
        None | Some(Value::Null) => false,
        Some(_) => return Err("isBase64Encoded is neither true nor false".into()),
    };
    match object.get("body") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(string)) if is_base64 => {
            BASE64_STANDARD.decode(string.trim()).map_err(|error| {
                format!("isBase64Encoded is true, and the body is not base64: {error}")
            })
        }
        Some(Value::String(string)) => Ok(string.clone().into_bytes()),
        Some(_) => Err("the body is not a string".into()),
    }
}

/// What API Gateway tells of the request, in the headers of the open-source engine.
fn gateway_headers(object: &Map<String, Value>) -> Result<Vec<(String, String)>, String> {
    let Some(context) = optional_object(object, "requestContext")? else { return Ok(Vec::new()) };
    let names = [
        ("apiId", "X-APIG-Api-Id"),
        ("requestId", "X-APIG-Request-Id"),
        ("sourceIp", "X-APIG-Source-Ip"),
        ("stage", "X-APIG-Source-Stage"),
    ];
    let mut all = Vec::new();
    for (key, name) in names {
        if let Some(Value::String(value)) = context.get(key) {
            all.push((name.to_owned(), checked_value(name, value.clone())?));
        }
    }
    Ok(all)
}

/// The headers of the platform, and those that were added to the event.
fn platform_headers(event: &Event, settings: &Settings) -> Vec<(String, String)> {
    let event = settings.with_credentials(event.clone());
    let event = [
        ("X-CFF-Request-Id", event.id().to_owned()),
        ("X-CFF-Invoke-Type", "sync".to_owned()),
        ("X-CFF-Memory", settings.memory.to_string()),
        ("X-CFF-Timeout", settings.timeout.as_secs_f64().ceil().to_string()),
        ("X-CFF-Func-Name", settings.name.clone()),
        ("X-CFF-Func-Version", settings.version.clone()),
        ("X-CFF-Package", settings.package.clone()),
        ("X-CFF-Project-Id", settings.project_id.clone()),
        ("X-CFF-Region", settings.region.clone()),
    ]
    .into_iter()
    .fold(event, |event, (name, value)| event.default_header(name, &value));
    let is_for_http = |(name, _): &(String, String)| {
        !NOT_FOR_HTTP.iter().any(|other| name.eq_ignore_ascii_case(other))
    };
    event
        .into_headers()
        .into_iter()
        .filter(is_for_http)
        // Settings are not checked, and must not break the request.
        .filter(|(name, value)| is_token(name) && checked_value(name, value.clone()).is_ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Program;
    use crate::settings::credentials::Credentials;

    fn settings() -> Settings {
        let mut settings =
            Settings::new(Program::Started { path: "/code/shop".into(), arguments: Vec::new() });
        settings.credentials = Some(Credentials {
            access_key: "old".into(),
            security_access_key: "AK".into(),
            security_secret_key: "SK".into(),
            ..Credentials::default()
        });
        settings
    }

    fn replay(event: &str) -> Result<(Vec<String>, Vec<u8>), String> {
        let event = Event::new(event).request_id("r-1").header("X-CFF-Origin-Version-Tag", "!a");
        let request = ReplayedRequest::new(&event, &settings())?;
        let head = String::from_utf8(request.head).expect("text");
        let head = head.strip_suffix("\r\n\r\n").expect("an empty line");
        Ok((head.split("\r\n").map(str::to_owned).collect(), request.body))
    }

    #[test]
    fn an_event_becomes_the_request_of_its_caller_with_the_platforms_headers() {
        let (head, body) = replay(
            r#"{"httpMethod":"PUT","path":"/a%20b/c d","queryStringParameters":{"x":["1","2"],"y":"a b&"},
                "headers":{"host":"shop.example","x-tag":["1","2"],"Connection":"close","content-length":"99",
                "x-cff-request-id":"forged","Expect":"100-continue"},
                "requestContext":{"apiId":"a","stage":"RELEASE"},"body":"/wA=","isBase64Encoded":true}"#,
        )
        .expect("a request");
        assert_eq!(
            head,
            [
                "PUT /a%20b/c%20d?x=1&x=2&y=a+b%26 HTTP/1.1",
                "Host: shop.example",
                "x-tag: 1",
                "x-tag: 2",
                "X-APIG-Api-Id: a",
                "X-APIG-Source-Stage: RELEASE",
                "X-CFF-Origin-Version-Tag: !a",
                "X-CFF-Security-Access-Key: AK",
                "X-CFF-Security-Secret-Key: SK",
                "X-CFF-Security-Token: ",
                "X-CFF-Request-Id: r-1",
                "X-CFF-Invoke-Type: sync",
                "X-CFF-Memory: 128",
                "X-CFF-Timeout: 3",
                "X-CFF-Func-Name: shop",
                "X-CFF-Func-Version: latest",
                "X-CFF-Package: default",
                "X-CFF-Project-Id: 0123456789abcdef0123456789abcdef",
                "X-CFF-Region: local",
                "Connection: close",
                "Content-Length: 2",
            ]
        );
        assert_eq!(body, b"\xff\x00");
    }

    #[test]
    fn a_request_needs_a_method_and_a_path_alone() {
        let (head, body) = replay(
            r#"{"httpMethod":"GET","path":"/","body":"","isBase64Encoded":true,"headers":{}}"#,
        )
        .expect("a request");
        assert_eq!(
            (head[0].as_str(), head[1].as_str()),
            ("GET / HTTP/1.1", "Host: 127.0.0.1:8000")
        );
        assert!(body.is_empty() && !head.iter().any(|line| line.starts_with("Content-Length")));
    }

    #[test]
    fn nothing_of_an_event_can_end_a_line_of_the_request() {
        let (head, _) = replay(
            r#"{"httpMethod":"GET","path":"/a\r\nX-A: b","queryStringParameters":{"x\r\n":"\r\ny"}}"#,
        )
        .expect("a request");
        assert_eq!(head[0], "GET /a%0D%0AX-A:%20b?x%0D%0A=%0D%0Ay HTTP/1.1");
    }

    #[test]
    fn an_event_that_is_no_request_is_refused_with_what_it_lacks() {
        for (event, reason) in [
            ("[1]", "the event is not a JSON object"),
            (r#"{"path":"/"}"#, "the event has no httpMethod"),
            (r#"{"httpMethod":7,"path":"/"}"#, "httpMethod is not a string"),
            (r#"{"httpMethod":"GET /","path":"/"}"#, "httpMethod is \"GET /\""),
            (r#"{"httpMethod":"GET"}"#, "the event has no path"),
            (
                r#"{"httpMethod":"GET","path":"a"}"#,
                "path is \"a\", and does not begin with a slash",
            ),
            (r#"{"httpMethod":"GET","path":"/","headers":[]}"#, "headers is not an object"),
            (
                r#"{"httpMethod":"GET","path":"/","headers":{"a":{}}}"#,
                "headers has a \"a\" that is not a string",
            ),
            (
                r#"{"httpMethod":"GET","path":"/","headers":{"a b":"c"}}"#,
                "\"a b\" is not a header name",
            ),
            (
                r#"{"httpMethod":"GET","path":"/","headers":{"a":"b\r\nc: d"}}"#,
                "the header a has a control character in its value",
            ),
            (r#"{"httpMethod":"GET","path":"/","body":{}}"#, "the body is not a string"),
            (
                r#"{"httpMethod":"GET","path":"/","isBase64Encoded":1}"#,
                "isBase64Encoded is neither true nor false",
            ),
        ] {
            assert_eq!(replay(event).map(|_| ()), Err(reason.to_owned()), "{event}");
        }
        for (event, reason) in [
            ("no json", "the event is not JSON: "),
            (
                r#"{"httpMethod":"GET","path":"/","isBase64Encoded":true,"body":"%"}"#,
                "isBase64Encoded is true, and the body is not base64: ",
            ),
        ] {
            let error = replay(event).expect_err(event);
            assert!(error.starts_with(reason), "{error}");
        }
    }
}
