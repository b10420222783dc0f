//! Converts an event of API Gateway to an HTTP request, and back.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use fg_core::Failure;
use fg_events::apig::{ApigEvent, Parameters, RequestContext, reading};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Method, Uri};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::headers_and_query::{Query, RequestHeaders, SkippedHeaders, parameters_of};
use super::json_output::{EncodedBody, Entries, Object, string_len};
use super::{AuthorizerData, PathParameters};
use crate::deserialize;

/// The event, for deserialization without copies.
///
/// Its fields are deserialized by the same functions as those of [`ApigEvent`], so that both accept
/// the same events.
#[derive(Deserialize)]
struct ReadEvent<'a> {
    #[serde(borrow, default, rename = "httpMethod", deserialize_with = "reading::string")]
    method: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "reading::string")]
    path: Cow<'a, str>,
    #[serde(default)]
    headers: RequestHeaders,
    #[serde(default, rename = "queryStringParameters")]
    query: Query,
    #[serde(default, rename = "pathParameters")]
    path_parameters: Parameters,
    #[serde(default, rename = "requestContext", deserialize_with = "reading::request_context")]
    request_context: RequestContext,
    #[serde(borrow, default, deserialize_with = "reading::string_or_json")]
    body: Cow<'a, str>,
    #[serde(default, rename = "isBase64Encoded", deserialize_with = "reading::flag")]
    is_base64_encoded: bool,
    #[serde(borrow, default, deserialize_with = "reading::string_or_json")]
    user_data: Cow<'a, str>,
}

/// The HTTP request in an event of API Gateway.
///
/// - Percent-escapes in the path are kept; characters that a URI cannot have, such as a space, are
///   percent-encoded.
/// - Repeated headers and query parameters come as lists, or under names that differ in case; every
///   value is kept, in order.
/// - The body is decoded if the event says that it is base64. If it is not valid base64, as in the
///   console's test events, it is used as it is.
/// - The extensions have [`PathParameters`], the [`RequestContext`], and [`AuthorizerData`] if a
///   custom authorizer sent some.
///
/// Every event that [`ApigEvent`] accepts is accepted, if it has a method and a path. Headers with
/// a name or a value that HTTP does not allow are skipped; the service of a function logs which.
///
/// The body is copied once, out of the payload; a string with escape sequences is unescaped into a
/// buffer first.
///
/// # Errors
///
/// [`Failure::INVALID_PAYLOAD`] if the payload is not such an event: no method or no path, or a
/// path and query of more than 65,534 bytes. The message has the reason and the JSON path, but
/// never the value of a header.
pub fn request_of(payload: &[u8]) -> Result<http::Request<Bytes>, Failure> {
    read_request(payload).map(|(request, _)| request)
}

/// Like [`request_of`], and returns the headers that were skipped.
pub(crate) fn read_request(
    payload: &[u8],
) -> Result<(http::Request<Bytes>, SkippedHeaders), Failure> {
    let event = deserialize::from_json::<ReadEvent<'_>>(payload)
        .map_err(|error| error.into_failure(Failure::INVALID_PAYLOAD, NOT_AN_EVENT))?;
    let require = |name, value: &str| {
        if value.is_empty() {
            Err(not_an_event(format_args!("`{name}` is missing")))
        } else {
            Ok(())
        }
    };
    require("httpMethod", &event.method)?;
    require("path", &event.path)?;

    let mut request = http::Request::new(body_of(event.body, event.is_base64_encoded));
    let method = Method::from_bytes(event.method.as_bytes());
    *request.method_mut() = method.map_err(|_| {
        not_an_event(format_args!("`httpMethod`: {:?} is not a method", event.method))
            .logged_as(format!("{NOT_AN_EVENT}`httpMethod` is not a method"))
    })?;
    *request.uri_mut() = uri_of(&event.path, &event.query.0)?;
    *request.headers_mut() = event.headers.map;
    let extensions = request.extensions_mut();
    extensions.insert(PathParameters(event.path_parameters));
    extensions.insert(event.request_context);
    if !event.user_data.is_empty() {
        extensions.insert(AuthorizerData(event.user_data.into_owned()));
    }
    Ok((request, event.headers.skipped))
}

const NOT_AN_EVENT: &str = "the payload is not an event of API Gateway: ";

fn not_an_event(reason: impl std::fmt::Display) -> Failure {
    Failure::new(Failure::INVALID_PAYLOAD, format!("{NOT_AN_EVENT}{reason}"))
}

fn uri_of(path: &str, query: &str) -> Result<Uri, Failure> {
    /// Characters that the path of a URI cannot have. `%` is not one of them: the sender has
    /// already encoded the path.
    const TO_ENCODE: &AsciiSet =
        &CONTROLS.add(b' ').add(b'#').add(b'<').add(b'>').add(b'?').add(b'`');
    let mut target = String::with_capacity(path.len() + query.len() + 2);
    if !path.starts_with('/') && path != "*" {
        target.push('/');
    }
    target.extend(utf8_percent_encode(path, TO_ENCODE));
    if !query.is_empty() {
        target.push('?');
        target.push_str(query);
    }
    let target = PathAndQuery::from_maybe_shared(Bytes::from(target));
    target.map(Uri::from).map_err(|error| {
        not_an_event(format_args!("`path` and `queryStringParameters` make no URI: {error}"))
    })
}

fn body_of(text: Cow<'_, str>, is_base64: bool) -> Bytes {
    const TOLERANT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const ENGINE: GeneralPurpose = GeneralPurpose::new(&STANDARD, TOLERANT);
    if is_base64 {
        // `ApigEvent` also decodes other variants of base64, and returns what is none as it is.
        return ENGINE.decode(&*text).map_or_else(
            |_| {
                ApigEvent::new()
                    .with_body_text(text)
                    .with_is_base64_encoded(true)
                    .body()
                    .into_owned()
                    .into()
            },
            Bytes::from,
        );
    }
    match text {
        Cow::Borrowed(text) => Bytes::copy_from_slice(text.as_bytes()),
        Cow::Owned(text) => Bytes::from(text),
    }
}

/// The event, for serialization.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenEvent<'a> {
    http_method: &'a str,
    path: &'a str,
    headers: Object<'a>,
    query_string_parameters: Object<'a>,
    path_parameters: &'a Parameters,
    request_context: &'a RequestContext,
    #[serde(rename = "user_data", skip_serializing_if = "str::is_empty")]
    user_data: &'a str,
    is_base64_encoded: bool,
    body: EncodedBody<'a>,
}

/// The event that API Gateway would send for a request.
///
/// The body is base64, as by default in the gateway. A repeated header or parameter is a list. Path
/// parameters, request context and authorizer data are taken from the extensions, if present. An
/// event has no scheme and no authority; it does have the header `host`.
///
/// # Errors
///
/// [`Failure::INVALID_PAYLOAD`] if a header or the decoded query is not UTF-8, which JSON cannot
/// represent. A server should respond with 400.
pub fn event_of(request: &http::request::Parts, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let headers = strings_of(&request.headers).map_err(|name| {
        Failure::new(
            Failure::INVALID_PAYLOAD,
            format!("the header `{name}` of the request is not UTF-8"),
        )
    })?;
    let query = request.uri.query().unwrap_or_default();
    percent_decode_str(query).decode_utf8().map_err(|error| {
        Failure::new(
            Failure::INVALID_PAYLOAD,
            format!("the query of the request is not UTF-8: {error}"),
        )
    })?;
    let (path_parameters, context, user_data) =
        (PathParameters::default(), RequestContext::default(), AuthorizerData::default());
    let body = EncodedBody::Base64(body);
    let event = WrittenEvent {
        http_method: request.method.as_str(),
        path: match request.uri.path() {
            "" => "/",
            path => path,
        },
        headers: Object(headers),
        query_string_parameters: Object(parameters_of(query)),
        path_parameters: &request.extensions.get().unwrap_or(&path_parameters).0,
        request_context: request.extensions.get().unwrap_or(&context),
        user_data: &request.extensions.get().unwrap_or(&user_data).0,
        is_base64_encoded: body.is_base64(),
        body,
    };
    /// Room for the names of the fields, and for a context and path parameters of the usual size.
    const REST: usize = 1024;
    let length = event.headers.len()
        + event.query_string_parameters.len()
        + string_len(event.path)
        + string_len(event.user_data);
    let mut json = Vec::with_capacity(REST + length + body.len());
    serde_json::to_writer(&mut json, &event).map_err(|error| {
        Failure::new(
            Failure::INVALID_PAYLOAD,
            format!("the request cannot be serialized as an event: {error}"),
        )
    })?;
    Ok(json)
}

/// The headers as strings, each name with its values.
///
/// # Errors
///
/// The name of a header that is not UTF-8.
pub(super) fn strings_of(headers: &HeaderMap) -> Result<Entries<'_>, &HeaderName> {
    let mut entries = Entries::with_capacity(headers.keys_len());
    for name in headers.keys() {
        let mut values = Vec::with_capacity(1);
        for value in headers.get_all(name) {
            values.push(Cow::Borrowed(std::str::from_utf8(value.as_bytes()).map_err(|_| name)?));
        }
        entries.push((Cow::Borrowed(name.as_str()), values));
    }
    Ok(entries)
}
