//! An event of API Gateway as a request, and a request as an event.

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

use super::headers_and_query::{LeftOut, Query, RequestHeaders, parameters_of};
use super::json_output::{EncodedBody, Entries, Object, text_len};
use super::{AuthorizerData, PathParameters};
use crate::deserialize;

/// The event as it is read.
///
/// Each field is read by what [`ApigEvent`] is read by, so both take the same events.
#[derive(Deserialize)]
struct Event<'a> {
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

/// The request that an event of API Gateway carries.
///
/// - The path keeps the percent-escapes that it has; what cannot stand in a URI as it is, such as a
///   space, gets one.
/// - Repeated headers and query parameters come as lists, or under names that differ in case; every
///   value is kept, in its order.
/// - The body is decoded where the event says that it is base64. One that is not, as the console's
///   test events have it, is taken as it stands.
/// - Among the extensions are [`PathParameters`], the [`RequestContext`], and [`AuthorizerData`]
///   where a custom authorizer sent some.
///
/// What [`ApigEvent`] takes is taken here, in all its forms, if it has a method and a path. A
/// header whose name or value HTTP does not allow is left out; behind a function's service a line
/// in the log says which.
///
/// The body is copied once, out of the payload; a text with escapes is put together from its pieces
/// first.
///
/// # Errors
///
/// [`Failure::INVALID_PAYLOAD`] where the payload is not such an event: no method or no path, a
/// path and query of more than 65,534 bytes. The message says what is wrong and where, but shows no
/// header's value.
pub fn request_of(payload: &[u8]) -> Result<http::Request<Bytes>, Failure> {
    read_request(payload).map(|(request, _)| request)
}

/// [`request_of`], and the headers that are not in it.
pub(crate) fn read_request(payload: &[u8]) -> Result<(http::Request<Bytes>, LeftOut), Failure> {
    let event = deserialize::read::<Event<'_>>(payload)
        .map_err(|misfit| misfit.into_failure(Failure::INVALID_PAYLOAD, NOT_AN_EVENT))?;
    let missing = |name, text: &str| {
        if text.is_empty() {
            Err(not_an_event(format_args!("`{name}` is missing")))
        } else {
            Ok(())
        }
    };
    missing("httpMethod", &event.method)?;
    missing("path", &event.path)?;

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
    Ok((request, event.headers.left_out))
}

const NOT_AN_EVENT: &str = "the payload is not an event of API Gateway: ";

fn not_an_event(reason: impl std::fmt::Display) -> Failure {
    Failure::new(Failure::INVALID_PAYLOAD, format!("{NOT_AN_EVENT}{reason}"))
}

fn uri_of(path: &str, query: &str) -> Result<Uri, Failure> {
    /// What the path of a URI cannot have. The rest stays as it is: whatever escapes a path has, it
    /// has got from its sender.
    const REFUSED: &AsciiSet =
        &CONTROLS.add(b' ').add(b'#').add(b'<').add(b'>').add(b'?').add(b'`');
    let mut target = String::with_capacity(path.len() + query.len() + 2);
    if !path.starts_with('/') && path != "*" {
        target.push('/');
    }
    target.extend(utf8_percent_encode(path, REFUSED));
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
    const USUAL: GeneralPurpose = GeneralPurpose::new(&STANDARD, TOLERANT);
    if is_base64 {
        // What is not the usual base64 is base64 of another kind, or none.
        return USUAL.decode(&*text).map_or_else(
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

/// The event as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewEvent<'a> {
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

/// The event that API Gateway would make of a request.
///
/// The body is base64, as the gateway's default is. A repeated header or parameter is a list. Path
/// parameters, request context and authorizer data are taken from the extensions where they are
/// there. The authority and the scheme of the URI have no place in an event; the header `host` has.
///
/// # Errors
///
/// [`Failure::INVALID_PAYLOAD`] where a header, or the query once its escapes are decoded, is not
/// UTF-8: such bytes cannot stand in JSON. A server should answer with 400.
pub fn event_of(request: &http::request::Parts, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let headers = texts_of(&request.headers).map_err(|name| {
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
    let event = NewEvent {
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
    /// For the names of the fields, and for a context and path parameters of the usual size.
    const REST: usize = 1024;
    let length = event.headers.len()
        + event.query_string_parameters.len()
        + text_len(event.path)
        + text_len(event.user_data);
    let mut json = Vec::with_capacity(REST + length + body.len());
    serde_json::to_writer(&mut json, &event).map_err(|error| {
        Failure::new(
            Failure::INVALID_PAYLOAD,
            format!("the request cannot be written as an event: {error}"),
        )
    })?;
    Ok(json)
}

/// The headers, each name with its values; or the name of one that is not UTF-8.
pub(super) fn texts_of(headers: &HeaderMap) -> Result<Entries<'_>, &HeaderName> {
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
