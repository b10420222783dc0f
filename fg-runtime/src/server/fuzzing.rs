//! What the fuzz targets drive in the server.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::cloud_event::CloudEvent;
use super::request_framing::scanned;

/// Whatever comes, in whatever pieces, it is passed or refused alike; and what passes is read as
/// `httparse`, the parser of hyper, reads it: one request after another, their bodies untouched.
///
/// # Panics
///
/// Where that is not so, which is a fault of this crate.
pub fn strict_head(sent: &[u8], piece: usize) {
    let seen = scanned(sent, sent.len().max(1));
    assert!(
        seen == scanned(sent, piece) && seen == scanned(sent, 1),
        "the pieces make a difference"
    );
    let mut at = 0;
    while at < seen.len() {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut request = httparse::Request::new(&mut fields);
        let Ok(httparse::Status::Complete(length)) = request.parse(&seen[at..]) else { return };
        let head = &seen[at..at + length];
        let mut before = None;
        for byte in head {
            assert!(
                *byte != b'\n' || before == Some(b'\r'),
                "a line of a head ends without a carriage return"
            );
            before = Some(*byte);
        }
        let values = |name: &str| {
            request
                .headers
                .iter()
                .filter(|field| field.name.eq_ignore_ascii_case(name))
                .map(|field| field.value)
                .collect::<Vec<_>>()
        };
        let (encodings, lengths) = (values("transfer-encoding"), values("content-length"));
        assert!(encodings.is_empty() || lengths.is_empty(), "a request has two lengths");
        if !encodings.is_empty() {
            return;
        }
        let mut size = 0;
        for value in &lengths {
            let digits = std::str::from_utf8(value)
                .ok()
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
            let Some(number) = digits.and_then(|digits| digits.parse::<usize>().ok()) else {
                return;
            };
            if lengths.len() > 1 && lengths[0] != *value {
                return;
            }
            size = number;
        }
        let Some(end) = (at + length).checked_add(size).filter(|end| *end <= seen.len()) else {
            return;
        };
        assert_eq!(&seen[at + length..end], &sent[at + length..end], "a body is changed");
        at = end;
    }
}

/// Whatever the headers and the body are, it is a refusal or an event in JSON with all that an
/// event must have.
///
/// # Panics
///
/// Where that is not so, which is a fault of this crate.
pub fn cloud_event(sent: &[u8]) {
    let mut parts = sent.splitn(8, |byte| *byte == 0xff);
    let mut headers = HeaderMap::new();
    for name in
        ["ce-specversion", "ce-id", "ce-type", "ce-source", "content-type", "ce-x", "ce-time"]
    {
        if let Some(Ok(value)) = parts.next().map(HeaderValue::from_bytes) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    let body = Bytes::copy_from_slice(parts.next().unwrap_or_default());
    let Ok(event) = CloudEvent::read(&headers, &body) else { return };
    // Numbers and depths that a `Value` does not take are taken from the wire: the payload is
    // looked at as it stands.
    let _: &RawValue = serde_json::from_slice(&event.payload).expect("an event is JSON");
    if let Ok(attributes) = serde_json::from_slice::<Map<String, Value>>(&event.payload) {
        assert!(
            ["specversion", "id", "source", "type"]
                .iter()
                .all(|name| attributes[*name].is_string())
        );
    }
}
