//! CloudEvents over HTTP, as Knative and other engines send them: a request in the binary or the
//! structured mode becomes the event in its JSON form, which is what the handler gets.
//!
//! Source: CloudEvents 1.0.2, "HTTP Protocol Binding" and "JSON Event Format". A batch is refused:
//! it is several events, and each needs a response of its own.
//!
//! The response follows the rules for a sink: nothing, or an event. If the handler's response is no
//! CloudEvent, it becomes the data of one, of the type of the event with `.reply` behind it, from
//! the function.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use fg_core::limits::CLOUD_EVENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::invocation::request_id::random_request_id;

const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";
/// What the binding escapes in a header, beside all that is not ASCII.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');
const REQUIRED: [&str; 4] = ["specversion", "id", "source", "type"];

/// An event, as the handler gets it.
#[derive(Debug)]
pub(crate) struct CloudEvent {
    /// The event in its JSON form.
    pub(crate) payload: Bytes,
    kind: String,
}

/// Why a request carries no event.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) reason: String,
}

fn refuse(status: StatusCode, reason: impl Into<String>) -> Refusal {
    Refusal { status, reason: reason.into() }
}

impl CloudEvent {
    /// Reads the event that a request carries.
    pub(crate) fn read(headers: &HeaderMap, body: &Bytes) -> Result<Self, Refusal> {
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let media_type =
            content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if media_type == BATCH {
            return Err(refuse(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "a batch of CloudEvents is not taken: send each one by itself",
            ));
        }
        if media_type == STRUCTURED {
            let attributes: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
                refuse(
                    StatusCode::BAD_REQUEST,
                    format!("the CloudEvent is not a JSON object: {error}"),
                )
            })?;
            let kind = check(|name| attributes.get(name).and_then(Value::as_str))?;
            return Ok(Self { payload: body.clone(), kind });
        }
        if media_type.starts_with("application/cloudevents") {
            return Err(refuse(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!("a CloudEvent as {media_type} is not taken: send it as JSON"),
            ));
        }
        Self::from_binary_mode(headers, content_type, &media_type, body)
    }

    fn from_binary_mode(
        headers: &HeaderMap,
        content_type: &str,
        media_type: &str,
        body: &Bytes,
    ) -> Result<Self, Refusal> {
        let mut event = Map::new();
        for (name, value) in headers {
            let Some(attribute) = name.as_str().strip_prefix("ce-") else { continue };
            if matches!(attribute, "data" | "data_base64") {
                return Err(refuse(
                    StatusCode::BAD_REQUEST,
                    format!("{name} is no header of a CloudEvent: its data is the body"),
                ));
            }
            let value = percent_decode(&unquote(value.as_bytes()))
                .decode_utf8()
                .map_err(|_| {
                    refuse(
                        StatusCode::BAD_REQUEST,
                        format!("the header {name} of the CloudEvent is not UTF-8"),
                    )
                })?
                .into_owned();
            event.insert(attribute.to_owned(), Value::String(value));
        }
        let kind = check(|name| event.get(name).and_then(Value::as_str))?;
        if !content_type.is_empty() {
            event.insert("datacontenttype".to_owned(), Value::String(content_type.to_owned()));
        }
        let attributes = Value::Object(event).to_string();
        if body.is_empty() {
            return Ok(Self { payload: attributes.into(), kind });
        }
        // Without a type the data is JSON, says the format.
        let is_json =
            media_type.is_empty() || media_type.ends_with("/json") || media_type.ends_with("+json");
        let json = if is_json {
            serde_json::from_slice::<&RawValue>(body).ok().map(|data| data.get().to_owned())
        } else {
            None
        };
        let data = match (json, std::str::from_utf8(body)) {
            (Some(json), _) => format!("\"data\":{json}"),
            (None, _) if is_json => {
                return Err(refuse(
                    StatusCode::BAD_REQUEST,
                    "the data of the CloudEvent is said to be JSON, and is not",
                ));
            }
            (None, Ok(text)) if media_type.starts_with("text/") || media_type.ends_with("xml") => {
                format!("\"data\":{}", Value::from(text))
            }
            (None, _) => format!("\"data_base64\":\"{}\"", BASE64_STANDARD.encode(body)),
        };
        // The attributes are an object that is not empty.
        let payload = format!("{},{data}}}", attributes.trim_end_matches('}'));
        Ok(Self { payload: payload.into(), kind })
    }
}

/// The value of a header without the quotes that older versions of the binding put around it.
fn unquote(value: &[u8]) -> Cow<'_, [u8]> {
    let Some(quoted) = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")) else {
        return Cow::Borrowed(value);
    };
    let mut bytes = quoted.iter().copied();
    let unescape =
        || bytes.next().and_then(|byte| if byte == b'\\' { bytes.next() } else { Some(byte) });
    Cow::Owned(std::iter::from_fn(unescape).collect())
}

/// Whether what every event must have is there; the type of the event.
fn check<'e>(attribute: impl Fn(&str) -> Option<&'e str>) -> Result<String, Refusal> {
    let is_missing = |name: &&str| attribute(name).is_none_or(str::is_empty);
    let missing: Vec<_> = REQUIRED.into_iter().filter(is_missing).collect();
    if let [first, others @ ..] = &missing[..] {
        let mut list = format!("`{first}`");
        for (index, name) in others.iter().enumerate() {
            let separator = if index + 1 == others.len() { " and" } else { "," };
            list = format!("{list}{separator} `{name}`");
        }
        let verb = if others.is_empty() { "is" } else { "are" };
        let reason = format!(
            "this is not a CloudEvent: {list} {verb} missing. Send each as a header such as `ce-{first}`, or the whole event as {STRUCTURED}; an event that is no CloudEvent goes to POST /invoke"
        );
        return Err(refuse(StatusCode::BAD_REQUEST, reason));
    }
    match attribute("specversion") {
        Some("1.0") => {
            let kind = attribute("type").unwrap_or_default();
            // It stands in a header of the reply, and one that is too long makes the reply be
            // refused.
            if escape(kind).len() > CLOUD_EVENT_TYPE {
                let reason = format!(
                    "the type of the CloudEvent has {} bytes; {CLOUD_EVENT_TYPE} are taken",
                    kind.len()
                );
                return Err(refuse(StatusCode::BAD_REQUEST, reason));
            }
            Ok(kind.to_owned())
        }
        other => Err(refuse(
            StatusCode::BAD_REQUEST,
            format!("CloudEvents {} is not understood; 1.0 is", other.unwrap_or_default()),
        )),
    }
}

/// The HTTP response that carries the response of the handler.
pub(crate) fn response_to(
    event: &CloudEvent,
    function_name: &str,
    content_type: HeaderValue,
    body: Vec<u8>,
) -> Response<Bytes> {
    // `null` is what `None` and `()` are in JSON: there is nothing to send on.
    if body.is_empty() || content_type == "application/json" && body == b"null" {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        return response;
    }
    let is_event =
        content_type == STRUCTURED || (content_type == "application/json" && is_event(&body));
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    if is_event {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(STRUCTURED));
        return response;
    }
    headers.insert(header::CONTENT_TYPE, content_type);
    // It may have come with the request.
    let is_a_name = !function_name.is_empty() && escape(function_name).len() <= CLOUD_EVENT_TYPE;
    let function_name = if is_a_name { function_name } else { "fg" };
    for (name, value) in [
        ("ce-specversion", "1.0".to_owned()),
        ("ce-id", random_request_id()),
        ("ce-source", format!("/functions/{function_name}")),
        ("ce-type", format!("{}.reply", event.kind)),
    ] {
        // Escaped, it can stand in a header.
        if let Ok(value) = HeaderValue::from_str(&escape(&value)) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn escape(value: &str) -> String {
    utf8_percent_encode(value, ESCAPED).to_string()
}

fn is_event(json: &[u8]) -> bool {
    let object = serde_json::from_slice::<Map<String, Value>>(json);
    object.is_ok_and(|object| check(|name| object.get(name).and_then(Value::as_str)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(headers: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_bytes(value.as_bytes()).expect("it can stand in a header"),
            )
        };
        headers.iter().map(pair).collect()
    }

    /// The event of a request in the binary mode that has what is required, and this.
    fn read(more: &[(&'static str, &str)], body: &[u8]) -> Value {
        let required =
            [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t")];
        let event =
            CloudEvent::read(&headers(&[&required, more].concat()), &Bytes::copy_from_slice(body));
        serde_json::from_slice(&event.expect("it is one").payload).expect("it is JSON")
    }

    #[test]
    fn a_value_in_quotes_is_that_without_them() {
        for (header, expected) in [
            ("a b", "a b"),
            ("\"a b\"", "a b"),
            ("\"a \\\"b\\\\ c\"", "a \"b\\ c"),
            ("\"", "\""),
            ("\"\"", ""),
            ("\"a", "\"a"),
            ("\"a\\\"", "a"),
            ("\"%22\"", "\""),
        ] {
            assert_eq!(read(&[("ce-subject", header)], b"")["subject"], expected, "{header}");
        }
    }

    #[test]
    fn what_ends_like_the_object_around_it_is_not_taken_for_that() {
        assert_eq!(read(&[("ce-zone", "}}")], b"{\"a\":{}}")["zone"], "}}");
    }

    proptest! {
        #[test]
        fn any_data_comes_through(data in proptest::collection::vec(any::<u8>(), 1..40), is_text: bool) {
            let event = read(&[("content-type", if is_text { "text/plain" } else { "image/png" })], &data);
            let base64 = || BASE64_STANDARD.decode(event["data_base64"].as_str().expect("it is bytes")).expect("it is base64");
            let got = event["data"].as_str().map_or_else(base64, |text| text.as_bytes().to_vec());
            prop_assert_eq!(got, data);
        }

        #[test]
        fn any_attribute_comes_through_the_way_we_escape_it(subject in any::<String>()) {
            let escaped = utf8_percent_encode(&subject, ESCAPED).to_string();
            prop_assert_eq!(&read(&[("ce-subject", &escaped)], b"")["subject"], &Value::String(subject));
        }

        #[test]
        fn no_request_makes_it_panic(content_type in "(application/)?(cloudevents)?[+a-z;= ]{0,12}(json)?", name in "ce-[a-z]{1,5}", value in "[ -~]{0,10}", body in any::<Vec<u8>>()) {
            let mut headers = headers(&[("content-type", &content_type), ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "s"), ("ce-type", "t")]);
            headers.insert(HeaderName::try_from(name).expect("it is one"), HeaderValue::try_from(value).expect("it is one"));
            if let Ok(event) = CloudEvent::read(&headers, &body.into()) {
                prop_assert!(serde_json::from_slice::<Map<String, Value>>(&event.payload).is_ok());
            }
        }
    }
}
