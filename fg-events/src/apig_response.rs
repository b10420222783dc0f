//! The response that API Gateway expects from an event function.

use std::borrow::Cow;

use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::content::base64;
use crate::fields::Headers;
use crate::tolerant::field;

/// The response of a handler behind API Gateway: status, headers, body.
///
/// The body is sent as a string if it is UTF-8 and its content type is textual, and as base64
/// otherwise; the caller gets the same bytes in both cases. The gateway accepts one string per
/// header, so the values of a repeated header are joined by `, `, which is equivalent in HTTP. This
/// is not so for cookies, which are sent under spellings of `Set-Cookie` that differ in case, which
/// HTTP ignores. No document of the platform confirms that the gateway accepts more than one
/// cookie.
///
/// ```
/// use fg_events::apig::ApigResponse;
///
/// let text = ApigResponse::from("Hello!").with_header("cache-control", "no-store");
/// let json = ApigResponse::from(serde_json::json!({ "id": 7 })).with_status(201);
/// let image = ApigResponse::from(vec![0x89, b'P', b'N', b'G']).with_header("content-type", "image/png");
/// assert_eq!(
///     serde_json::to_value(image).unwrap(),
///     serde_json::json!({
///         "statusCode": 200, "headers": { "content-type": "image/png" }, "body": "iVBORw==", "isBase64Encoded": true,
///     }),
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApigResponse {
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

/// 200 without a body.
impl Default for ApigResponse {
    fn default() -> Self {
        Self::new(200)
    }
}

impl ApigResponse {
    /// Creates a response with this status, without headers or body.
    #[must_use]
    pub const fn new(status: u16) -> Self {
        Self { status, headers: Headers::new(), body: Vec::new() }
    }

    /// Sets the status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Appends a header, or replaces it if it is `content-type`. Control characters, which could
    /// begin another header, are removed.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = without_control_characters(name.into());
        let value = without_control_characters(value.into());
        if name.eq_ignore_ascii_case(CONTENT_TYPE) {
            self.headers.remove(&name);
        }
        self.headers.append(name, value);
        self
    }

    /// Adds a cookie: the value of a `Set-Cookie` header.
    #[must_use]
    pub fn with_cookie(self, cookie: impl Into<String>) -> Self {
        self.with_header(SET_COOKIE, cookie)
    }

    /// Sets the body. Without a `content-type` it is sent as base64.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Creates a response of the JSON of a value, as `application/json`.
    ///
    /// # Errors
    ///
    /// If the value cannot be serialized as JSON.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_vec(value)?;
        Ok(Self::default().with_header(CONTENT_TYPE, "application/json").with_body(body))
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    fn text(&self) -> Option<&str> {
        let text = std::str::from_utf8(&self.body).ok()?;
        let is_text = self.headers.get(CONTENT_TYPE).is_some_and(is_text)
            && self.headers.get("content-encoding").is_none();
        (text.is_empty() || is_text).then_some(text)
    }
}

const CONTENT_TYPE: &str = "content-type";
const SET_COOKIE: &str = "set-cookie";

fn without_control_characters(text: String) -> String {
    if text.contains(char::is_control) {
        text.chars().filter(|character| !character.is_control()).collect()
    } else {
        text
    }
}

/// Whether a content type is textual, in a charset that is a subset of UTF-8.
fn is_text(content_type: &str) -> bool {
    let content_type = content_type.to_ascii_lowercase();
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((&content_type, ""));
    let charset =
        parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("charset="));
    let charset_is_utf8 = charset.is_none_or(|charset| {
        matches!(charset.trim_matches(['"', ' ']), "utf-8" | "utf8" | "us-ascii")
    });
    let media_type = media_type.trim();
    let is_text = media_type.starts_with("text/")
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
        || matches!(
            media_type,
            "application/json"
                | "application/xml"
                | "application/javascript"
                | "application/x-ndjson"
                | "application/x-www-form-urlencoded"
                | "application/yaml"
        );
    is_text && charset_is_utf8
}

/// `text/plain` in UTF-8.
impl From<String> for ApigResponse {
    fn from(text: String) -> Self {
        Self::default().with_header(CONTENT_TYPE, "text/plain; charset=utf-8").with_body(text)
    }
}

/// `text/plain` in UTF-8.
impl From<&str> for ApigResponse {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

/// `application/octet-stream`.
impl From<Vec<u8>> for ApigResponse {
    fn from(bytes: Vec<u8>) -> Self {
        Self::default().with_header(CONTENT_TYPE, "application/octet-stream").with_body(bytes)
    }
}

/// `application/octet-stream`.
impl From<&[u8]> for ApigResponse {
    fn from(bytes: &[u8]) -> Self {
        Self::from(bytes.to_vec())
    }
}

/// `application/json`.
impl From<Value> for ApigResponse {
    fn from(value: Value) -> Self {
        Self::default().with_header(CONTENT_TYPE, "application/json").with_body(value.to_string())
    }
}

impl Serialize for ApigResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let body =
            self.text().map_or_else(|| Cow::Owned(base64::encode(&self.body)), Cow::Borrowed);
        let mut response = serializer.serialize_struct("ApigResponse", 4)?;
        response.serialize_field("statusCode", &self.status)?;
        response.serialize_field("headers", &JoinedHeaders(&self.headers))?;
        response.serialize_field("body", &*body)?;
        response.serialize_field("isBase64Encoded", &self.text().is_none())?;
        response.end()
    }
}

/// Headers as an object with one string for each name.
struct JoinedHeaders<'a>(&'a Headers);

impl Serialize for JoinedHeaders<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, values) in self.0.entries() {
            if name.eq_ignore_ascii_case(SET_COOKIE) {
                for (number, value) in values.iter().enumerate() {
                    map.serialize_entry(&spelling(name, number), value)?;
                }
            } else {
                map.serialize_entry(name, &values.join(", "))?;
            }
        }
        map.end()
    }
}

/// The name with different letters in upper case for each number: `set-cookie`, `Set-cookie`,
/// `sEt-cookie`, ...
fn spelling(name: &str, number: usize) -> String {
    let mut bits = number;
    let letter = |character: char| {
        if !character.is_ascii_alphabetic() {
            return character;
        }
        let upper = bits & 1 == 1;
        bits >>= 1;
        if upper { character.to_ascii_uppercase() } else { character.to_ascii_lowercase() }
    };
    name.chars().map(letter).collect()
}

/// The JSON form of a response, for deserialization.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ReadResponse {
    #[serde(rename = "statusCode", deserialize_with = "field")]
    status: Option<u16>,
    #[serde(deserialize_with = "field")]
    headers: Headers,
    #[serde(deserialize_with = "field")]
    body: String,
    #[serde(rename = "isBase64Encoded", deserialize_with = "field")]
    is_base64_encoded: bool,
}

/// For tests that inspect the response of a function.
impl<'de> Deserialize<'de> for ApigResponse {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = ReadResponse::deserialize(deserializer)?;
        let body = if read.is_base64_encoded {
            base64::decode("body", &read.body).map_err(serde::de::Error::custom)?
        } else {
            read.body.into_bytes()
        };
        Ok(Self { status: read.status.unwrap_or(200), headers: read.headers, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::json;

    fn sent(response: &ApigResponse) -> Value {
        serde_json::to_value(response).expect("it is written")
    }

    #[test]
    fn a_body_with_a_textual_content_type_is_sent_as_a_string() {
        let expected = json!({
            "statusCode": 404, "headers": { "content-type": "text/plain; charset=utf-8" }, "body": "not here", "isBase64Encoded": false,
        });
        assert_eq!(sent(&ApigResponse::from("not here").with_status(404)), expected);
        assert_eq!(sent(&ApigResponse::from(json!({"a": 1})))["body"], r#"{"a":1}"#);
        for content_type in [
            "application/problem+json",
            "image/svg+xml",
            "TEXT/HTML;charset=UTF-8",
            "application/json",
        ] {
            let response =
                ApigResponse::default().with_header("Content-Type", content_type).with_body("x");
            assert_eq!(sent(&response)["isBase64Encoded"], false, "{content_type}");
        }
    }

    #[test]
    fn any_other_body_is_sent_as_base64() {
        for content_type in ["image/png", "text/plain; charset=gbk", "application/octet-stream", ""]
        {
            let response =
                ApigResponse::default().with_header("content-type", content_type).with_body("x");
            assert_eq!(sent(&response)["body"], "eA==", "{content_type}");
        }
        assert_eq!(sent(&ApigResponse::default().with_body("x"))["isBase64Encoded"], true);
        assert_eq!(sent(&ApigResponse::from("x").with_body([0xff]))["body"], "/w==");
        assert_eq!(
            sent(&ApigResponse::from("x").with_header("content-encoding", "br"))["isBase64Encoded"],
            true
        );
    }

    #[test]
    fn repeated_headers_are_joined_and_cookies_are_not() {
        let response =
            ApigResponse::default().with_header("Vary", "accept").with_header("vary", "origin");
        let response = response.with_cookie("a=1").with_cookie("b=2").with_cookie("c=3");
        let headers = json!({ "Vary": "accept, origin", "set-cookie": "a=1", "Set-cookie": "b=2", "sEt-cookie": "c=3" });
        assert_eq!(sent(&response)["headers"], headers);
    }

    #[test]
    fn a_value_cannot_begin_another_header() {
        let response = ApigResponse::default().with_header("x-name", "Ada\r\nset-cookie: a=1");
        assert_eq!(response.headers().get("x-name"), Some("Adaset-cookie: a=1"));
    }

    proptest! {
        #[test]
        fn any_bytes_of_any_type_arrive(
            body in vec(any::<u8>(), 0..64),
            content_type in prop::option::of("(text/plain|image/png|application/json|x)(; ?charset=(utf-8|gbk))?"),
            cookies in vec("[a-z]=[a-z]{0,3}", 0..40),
        ) {
            let mut response = ApigResponse::default().with_body(body.clone());
            if let Some(content_type) = content_type {
                response = response.with_header("content-type", content_type);
            }
            for cookie in &cookies {
                response = response.with_cookie(cookie);
            }
            let json = serde_json::to_string(&response).expect("it is written");
            let read: ApigResponse = serde_json::from_str(&json).expect("it is read");
            prop_assert_eq!(read.body(), body);
            prop_assert_eq!(read.headers().get_all("set-cookie").collect::<Vec<_>>(), cookies);
            prop_assert_eq!(read, response);
        }
    }
}
