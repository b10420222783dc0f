//! Converts an HTTP response to the response of a function behind API Gateway, and back.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fg_core::{Failure, ResponseBuffer};
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};

use super::gateway_event::strings_of;
use super::headers_and_query::ResponseHeaders;
use super::json_output::{EncodedBody, Entries, Object};
use super::media_type::text_of;
use super::nullable::{NullableFlag, NullableString};
use crate::deserialize;

/// The function response, for serialization.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenResponse<'a> {
    status_code: u16,
    headers: Object<'a>,
    is_base64_encoded: bool,
    body: EncodedBody<'a>,
}

/// Writes an HTTP response as the JSON that API Gateway expects.
///
/// - The body is a string if it is UTF-8, has a textual content type and no content encoding;
///   otherwise it is base64. The gateway sends the same bytes in both cases. The body is copied
///   once.
/// - The gateway is only known to accept one string per header. The values of a repeated header are
///   joined by `, `, which is equivalent in HTTP. This is not so for cookies, which are sent under
///   spellings of `set-cookie` that differ in case, which HTTP ignores. No document of the platform
///   confirms that the gateway accepts more than one cookie.
///
/// # Errors
///
/// [`Failure::INVALID_RESPONSE`] if the status is not a final one (200 to 599), a header is not
/// UTF-8, or there are more than 512 cookies.
pub fn write_response(
    response: &http::response::Parts,
    body: &[u8],
    output: &mut ResponseBuffer,
) -> Result<(), Failure> {
    let invalid = |reason| Failure::new(Failure::INVALID_RESPONSE, reason);
    let status = response.status.as_u16();
    if !FINAL_STATUSES.contains(&u64::from(status)) {
        return Err(invalid(format!(
            "the status of the response is {status}; API Gateway takes one from 200 to 599"
        )));
    }
    let headers = strings_of(&response.headers)
        .map_err(|name| invalid(format!("the header `{name}` of the response is not UTF-8")))?;
    let headers = join_repeated(headers)?;
    let body =
        text_of(&response.headers, body).map_or(EncodedBody::Base64(body), EncodedBody::Text);
    let written = WrittenResponse {
        status_code: status,
        headers: Object(headers),
        is_base64_encoded: body.is_base64(),
        body,
    };
    /// Room for the names of the fields, the status and the flag.
    const REST: usize = 128;
    let mut json = Vec::with_capacity(REST + written.headers.len() + body.len());
    serde_json::to_writer(&mut json, &written)
        .map_err(|error| invalid(format!("the response cannot be serialized as JSON: {error}")))?;
    output.set_bytes(json, "application/json");
    Ok(())
}

/// All but the informational ones.
const FINAL_STATUSES: std::ops::RangeInclusive<u64> = 200..=599;

/// Joins the values of each header, and gives each cookie a header of its own.
fn join_repeated(headers: Entries<'_>) -> Result<Entries<'_>, Failure> {
    let mut single = Vec::with_capacity(headers.len());
    for (name, values) in headers {
        if name != SET_COOKIE.as_str() {
            let value = if values.len() > 1 { vec![Cow::Owned(values.join(", "))] } else { values };
            single.push((name, value));
            continue;
        }
        if values.len() > SPELLINGS {
            let message = format!(
                "the response has {} cookies; at most {SPELLINGS} can be sent to API Gateway",
                values.len()
            );
            return Err(Failure::new(Failure::INVALID_RESPONSE, message));
        }
        single.extend(
            values
                .into_iter()
                .enumerate()
                .map(|(number, value)| (Cow::Owned(spelling(number)), vec![value])),
        );
    }
    Ok(single)
}

/// The number of spellings of the nine letters of `set-cookie`.
const SPELLINGS: usize = 1 << 9;

/// `set-cookie` with those letters in upper case whose bits are set in the number.
fn spelling(number: usize) -> String {
    let mut letters = 0..;
    let spell = |character: char| {
        let is_upper = character.is_ascii_alphabetic()
            && letters.next().is_some_and(|letter: u32| number >> letter & 1 == 1);
        if is_upper { character.to_ascii_uppercase() } else { character }
    };
    SET_COOKIE.as_str().chars().map(spell).collect()
}

/// The function response, for deserialization.
#[derive(Deserialize)]
#[serde(expecting = "an object with the number `statusCode`")]
struct ReadResponse<'a> {
    #[serde(rename = "statusCode")]
    status: Status,
    #[serde(default)]
    headers: ResponseHeaders,
    #[serde(borrow, default)]
    body: NullableString<'a>,
    #[serde(default, rename = "isBase64Encoded")]
    is_base64_encoded: NullableFlag,
}

struct Status(StatusCode);

struct StatusVisitor;

impl Visitor<'_> for StatusVisitor {
    type Value = Status;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a status from 200 to 599")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Status, E> {
        let status = u16::try_from(number)
            .ok()
            .filter(|_| FINAL_STATUSES.contains(&number))
            .and_then(|number| StatusCode::from_u16(number).ok());
        status
            .map(Status)
            .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Unsigned(number), &self))
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StatusVisitor)
    }
}

/// The HTTP response that API Gateway sends for a function's response.
///
/// Header values may be lists, as the platform itself emits them.
///
/// # Errors
///
/// [`Failure::INVALID_RESPONSE`] unless the function's response is an object with a `statusCode`
/// from 200 to 599, headers that HTTP allows, and a body that is base64 if `isBase64Encoded` is
/// set. The gateway responds with 500 to others. The message has the reason and the JSON path.
pub fn response_of(function_response: &[u8]) -> Result<http::Response<Bytes>, Failure> {
    const INTRO: &str = "API Gateway does not accept the response of the function: ";
    let invalid = |reason: &dyn fmt::Display| {
        Failure::new(Failure::INVALID_RESPONSE, format!("{INTRO}{reason}"))
    };
    let read = deserialize::from_json::<ReadResponse<'_>>(function_response)
        .map_err(|error| error.into_failure(Failure::INVALID_RESPONSE, INTRO))?;
    let body = match (read.is_base64_encoded.0, read.body.0) {
        (true, text) => STANDARD
            .decode(&*text)
            .map_err(|error| invalid(&format_args!("`body` is not base64: {error}")))?
            .into(),
        (false, Cow::Borrowed(text)) => Bytes::copy_from_slice(text.as_bytes()),
        (false, Cow::Owned(text)) => Bytes::from(text),
    };
    let mut response = http::Response::new(body);
    *response.status_mut() = read.status.0;
    *response.headers_mut() = read.headers.0;
    Ok(response)
}
