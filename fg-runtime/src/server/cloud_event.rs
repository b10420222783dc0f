//! CloudEvents over HTTP, as Knative and other engines send them: a request in the binary or the structured mode becomes the event in its JSON
//! form, which is what the handler gets.
//!
//! Source: CloudEvents 1.0.2, "HTTP Protocol Binding" and "JSON Event Format". A batch is refused: it is several events, and each needs an
//! answer of its own.
//!
//! The answer follows the rules for a sink: nothing, or an event. A reply that is no CloudEvent becomes the data of one, of the type of the
//! event with `.reply` behind it, from the function.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::one_shot::random_request_id;

const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";
/// What the binding escapes in a header, but for the space, which is harmless in a media type and expected there.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'"').add(b'%');
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
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if media_type == BATCH {
            return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a batch of CloudEvents is not taken: send each one by itself"));
        }
        if media_type == STRUCTURED {
            let attributes: Map<String, Value> = serde_json::from_slice(body)
                .map_err(|error| refuse(StatusCode::BAD_REQUEST, format!("the CloudEvent is not a JSON object: {error}")))?;
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

    fn from_binary_mode(headers: &HeaderMap, content_type: &str, media_type: &str, body: &Bytes) -> Result<Self, Refusal> {
        let mut event = Map::new();
        for (name, value) in headers {
            let Some(attribute) = name.as_str().strip_prefix("ce-") else { continue };
            let value = percent_decode(value.as_bytes())
                .decode_utf8()
                .map_err(|_| refuse(StatusCode::BAD_REQUEST, format!("the header {name} of the CloudEvent is not UTF-8")))?;
            event.insert(attribute.to_owned(), Value::String(value.into_owned()));
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
        let is_json = media_type.is_empty() || media_type == "application/json" || media_type.ends_with("+json");
        let json = if is_json { serde_json::from_slice::<&RawValue>(body).ok().map(|data| data.get().to_owned()) } else { None };
        let data = match (json, std::str::from_utf8(body)) {
            (Some(json), _) => format!("\"data\":{json}"),
            (None, _) if is_json => {
                return Err(refuse(StatusCode::BAD_REQUEST, "the data of the CloudEvent is said to be JSON, and is not"));
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

/// Whether what every event must have is there; the type of the event.
fn check<'e>(attribute: impl Fn(&str) -> Option<&'e str>) -> Result<String, Refusal> {
    for name in REQUIRED {
        if attribute(name).is_none_or(str::is_empty) {
            let reason = format!(
                "this is not a CloudEvent: `{name}` is missing. Send `ce-{name}` as a header, or the whole event as {STRUCTURED}; an event that is no CloudEvent goes to POST /invoke"
            );
            return Err(refuse(StatusCode::BAD_REQUEST, reason));
        }
    }
    match attribute("specversion") {
        Some("1.0") => Ok(attribute("type").unwrap_or_default().to_owned()),
        other => {
            Err(refuse(StatusCode::BAD_REQUEST, format!("CloudEvents {} is not understood; 1.0 is", other.unwrap_or_default())))
        }
    }
}

/// The answer that carries this reply.
pub(crate) fn reply(event: &CloudEvent, function_name: &str, content_type: &str, body: Vec<u8>) -> Response<Bytes> {
    if body.is_empty() {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        return response;
    }
    let is_json = content_type == "application/json";
    let object = if is_json { serde_json::from_slice::<Map<String, Value>>(&body).ok() } else { None };
    let is_event = object.is_some_and(|object| check(|name| object.get(name).and_then(Value::as_str)).is_ok());
    let mut response = Response::new(body.into());
    let mut insert = |name, value: &str| {
        // Our own texts, and texts that came in a header or in JSON: what cannot stand in a header is escaped.
        if let Ok(value) = HeaderValue::from_str(&utf8_percent_encode(value, ESCAPED).to_string()) {
            response.headers_mut().insert(name, value);
        }
    };
    if is_event {
        insert(header::CONTENT_TYPE, STRUCTURED);
    } else {
        insert(header::CONTENT_TYPE, content_type);
        insert(HeaderName::from_static("ce-specversion"), "1.0");
        insert(HeaderName::from_static("ce-id"), &random_request_id());
        insert(
            HeaderName::from_static("ce-source"),
            &format!("/functions/{}", if function_name.is_empty() { "fg" } else { function_name }),
        );
        insert(HeaderName::from_static("ce-type"), &format!("{}.reply", event.kind));
    }
    response
}
