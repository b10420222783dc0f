//! A response as the answer of a function behind API Gateway, and such an answer as a response.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fg_core::{Failure, Reply};
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};

use super::gateway_event::texts_of;
use super::headers_and_query::Headers;
use super::json_output::{EncodedBody, Entries, Object};
use super::media_type::text_of;
use super::nullable::{Flag, Text};
use crate::deserialize;

/// The answer as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    status_code: u16,
    headers: Object<'a>,
    is_base64_encoded: bool,
    body: EncodedBody<'a>,
}

/// Writes a response into the reply, as the JSON that API Gateway expects.
///
/// - The body is a text where it is UTF-8, its content type says that it is text and nothing
///   encodes it; else it is base64. The bytes arrive as they are either way. It is copied once.
/// - The gateway is only known to take one text per header. The values of a repeated one are joined
///   by `, `, which HTTP says is the same; cookies, for which it is not, are sent under spellings
///   of `set-cookie` that differ in case, which HTTP ignores. No document of the platform confirms
///   that the gateway takes more than one cookie.
///
/// # Errors
///
/// [`Failure::INVALID_RESPONSE`] where the status is not one that ends a request (200 to 599), a
/// header is not UTF-8, or there are more than 512 cookies.
pub fn write_answer(
    response: &http::response::Parts,
    body: &[u8],
    reply: &mut Reply,
) -> Result<(), Failure> {
    let invalid = |reason| Failure::new(Failure::INVALID_RESPONSE, reason);
    let status = response.status.as_u16();
    if !FINAL.contains(&u64::from(status)) {
        return Err(invalid(format!(
            "the status of the response is {status}; API Gateway takes one from 200 to 599"
        )));
    }
    let headers = texts_of(&response.headers)
        .map_err(|name| invalid(format!("the header `{name}` of the response is not UTF-8")))?;
    let headers = one_text_each(headers)?;
    let body =
        text_of(&response.headers, body).map_or(EncodedBody::Base64(body), EncodedBody::Text);
    let answer = Answer {
        status_code: status,
        headers: Object(headers),
        is_base64_encoded: body.is_base64(),
        body,
    };
    /// For the names of the fields, the status and the flag.
    const REST: usize = 128;
    let mut json = Vec::with_capacity(REST + answer.headers.len() + body.len());
    serde_json::to_writer(&mut json, &answer)
        .map_err(|error| invalid(format!("the response cannot be written as JSON: {error}")))?;
    reply.set_bytes(json, "application/json");
    Ok(())
}

/// The statuses that end a request.
const FINAL: std::ops::RangeInclusive<u64> = 200..=599;

/// Makes one value of those that a header has; of cookies, several headers.
fn one_text_each(headers: Entries<'_>) -> Result<Entries<'_>, Failure> {
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

/// In how many ways the nine letters of `set-cookie` can be spelled.
const SPELLINGS: usize = 1 << 9;

/// `set-cookie` with the letters in upper case whose bits the number has.
fn spelling(number: usize) -> String {
    let mut letters = 0..;
    let spell = |character: char| {
        let is_upper = character.is_ascii_alphabetic()
            && letters.next().is_some_and(|letter: u32| number >> letter & 1 == 1);
        if is_upper { character.to_ascii_uppercase() } else { character }
    };
    SET_COOKIE.as_str().chars().map(spell).collect()
}

/// The answer as it is read.
#[derive(Deserialize)]
#[serde(expecting = "an object with the number `statusCode`")]
struct Sent<'a> {
    #[serde(rename = "statusCode")]
    status: Status,
    #[serde(default)]
    headers: Headers,
    #[serde(borrow, default)]
    body: Text<'a>,
    #[serde(default, rename = "isBase64Encoded")]
    is_base64_encoded: Flag,
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
            .filter(|_| FINAL.contains(&number))
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

/// The response that API Gateway makes of a function's answer.
///
/// Header values may be lists, as the platform itself emits them.
///
/// # Errors
///
/// [`Failure::INVALID_RESPONSE`] where the answer is anything else than an object with a
/// `statusCode` from 200 to 599, headers that HTTP allows, and a body that is base64 if it says so:
/// the gateway answers with 500 then. The message says what is wrong and where.
pub fn response_of(answer: &[u8]) -> Result<http::Response<Bytes>, Failure> {
    const INTRO: &str = "the answer of the function is not one for API Gateway: ";
    let invalid = |reason: &dyn fmt::Display| {
        Failure::new(Failure::INVALID_RESPONSE, format!("{INTRO}{reason}"))
    };
    let sent = deserialize::read::<Sent<'_>>(answer)
        .map_err(|misfit| misfit.into_failure(Failure::INVALID_RESPONSE, INTRO))?;
    let body = match (sent.is_base64_encoded.0, sent.body.0) {
        (true, text) => STANDARD
            .decode(&*text)
            .map_err(|error| invalid(&format_args!("`body` is not base64: {error}")))?
            .into(),
        (false, Cow::Borrowed(text)) => Bytes::copy_from_slice(text.as_bytes()),
        (false, Cow::Owned(text)) => Bytes::from(text),
    };
    let mut response = http::Response::new(body);
    *response.status_mut() = sent.status.0;
    *response.headers_mut() = sent.headers.0;
    Ok(response)
}
