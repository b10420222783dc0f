//! Verifies the signatures of requests to the platform's API, `SDK-HMAC-SHA256` (its API reference,
//! "AK/SK-based authentication").
//!
//! A request without the right signature is refused as the platform's gateway does it: status 401,
//! `APIGW.0301`, "Incorrect IAM authentication information: " and the reason (its guide to signing
//! requests, "common errors related to IAM authentication information").

mod canonical_request;

use std::fmt;

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use fg_emulator::printable::excerpt;
use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

use crate::error::ApiError;
use canonical_request::{CanonicalHead, sha256_hex};

const ALGORITHM: &str = "SDK-HMAC-SHA256";
const DATE: &str = "x-sdk-date";
const BODY_HASH: &str = "x-sdk-content-sha256";
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
const TOKEN: &str = "x-auth-token";

/// How far the date of a request may be from the time here (the guide to signing requests).
const MAX_SKEW: SignedDuration = SignedDuration::from_mins(15);

/// How much of what a caller has sent is repeated in a message, in characters.
const MAX_QUOTED: usize = 100;

/// An access key and its secret key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct KeyPair {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(***)")
    }
}

/// The key pairs with which requests may be signed. If there are none, all requests are accepted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signatures {
    key_pairs: Vec<KeyPair>,
}

/// The signature of a request whose body has not been read.
#[derive(Debug)]
pub(crate) struct Signature<'s> {
    key_pair: &'s KeyPair,
    head: CanonicalHead,
    date: String,
    signature: Vec<u8>,
    /// The hash of the body that the request names.
    body_hash: Option<String>,
}

impl Signatures {
    pub(crate) fn new(key_pairs: Vec<KeyPair>) -> Self {
        Self { key_pairs }
    }

    /// Whether requests need not be signed.
    pub(crate) fn are_none(&self) -> bool {
        self.key_pairs.is_empty()
    }

    /// Reads the signature of a request, and checks all of it that is independent of the body;
    /// `None` if requests need not be signed.
    pub(crate) fn read(&self, request: &Parts) -> Result<Option<Signature<'_>>, ApiError> {
        self.read_at(request, Timestamp::now())
    }

    fn read_at(&self, request: &Parts, now: Timestamp) -> Result<Option<Signature<'_>>, ApiError> {
        if self.are_none() {
            return Ok(None);
        }
        self.parse(request, now).map(Some).map_err(|reason| refused(&reason))
    }

    fn parse(&self, request: &Parts, now: Timestamp) -> Result<Signature<'_>, String> {
        let headers = &request.headers;
        let Some(authorization) = only(headers, "authorization")? else {
            return Err(if headers.contains_key(TOKEN) {
                "tokens (X-Auth-Token) are not emulated; sign the request with an access key".into()
            } else {
                "there is no Authorization header; sign the request with an access key".into()
            });
        };
        let parameters = authorization.trim().strip_prefix(ALGORITHM).ok_or_else(|| {
            let algorithm = authorization.split_whitespace().next().unwrap_or_default();
            format!("Authorization is {:?}, and not {ALGORITHM}", excerpt(algorithm, MAX_QUOTED))
        })?;
        let parameter = |name: &str| {
            parameters
                .split(',')
                .find_map(|parameter| parameter.trim().strip_prefix(name)?.strip_prefix('='))
                .ok_or_else(|| format!("Authorization has no {name}"))
        };
        let (access_key, signed_headers, signature) =
            (parameter("Access")?, parameter("SignedHeaders")?, parameter("Signature")?);
        let key_pair = self
            .key_pairs
            .iter()
            .find(|pair| pair.access_key == access_key)
            .ok_or_else(|| format!("ak {} not exist", excerpt(access_key, MAX_QUOTED)))?;
        let date = only(headers, DATE)?.ok_or("there is no header X-Sdk-Date")?;
        if !signed_headers.split(';').any(|name| name.eq_ignore_ascii_case(DATE)) {
            return Err(
                "SignedHeaders does not contain x-sdk-date, so the date may be forged".into()
            );
        }
        check_date(date, now)?;
        let signature = base16ct::mixed::decode_vec(signature)
            .map_err(|_| "the signature is not hexadecimal".to_owned())?;
        let body_hash = only(headers, BODY_HASH)?.map(|hash| hash.trim().to_owned());
        let head = CanonicalHead::of(request, signed_headers)?;
        Ok(Signature { key_pair, head, date: date.to_owned(), signature, body_hash })
    }
}

impl Signature<'_> {
    /// Checks that the request with this body was signed.
    pub(crate) fn verify(&self, body: &[u8]) -> Result<(), ApiError> {
        self.check(body).map_err(|reason| refused(&reason))
    }

    fn check(&self, body: &[u8]) -> Result<(), String> {
        let true_hash = sha256_hex(body);
        let body_hash = match &self.body_hash {
            // The value of the header is signed, so it has to be the true hash.
            Some(hash) if hash == UNSIGNED_PAYLOAD || hash.eq_ignore_ascii_case(&true_hash) => hash,
            Some(_) => return Err("X-Sdk-Content-Sha256 is not the hash of the body".into()),
            None => &true_hash,
        };
        let canonical = self.head.with_body(body_hash);
        let string_to_sign = format!("{ALGORITHM}\n{}\n{}", self.date, sha256_hex(&canonical));
        // HMAC accepts a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key_pair.secret_key.as_bytes())
            .map_err(|error| error.to_string())?;
        mac.update(string_to_sign.as_bytes());
        // In constant time.
        mac.verify_slice(&self.signature).map_err(|_| {
            format!("verify aksk signature fail, canonicalRequest:{}", self.head.shown(body_hash))
        })
    }
}

/// The value of a header; an error if it occurs more than once, since a signature has one value.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, String> {
    let mut values = headers.get_all(name).iter();
    let (value, another) = (values.next(), values.next());
    if another.is_some() {
        return Err(format!("the header {name} occurs more than once"));
    }
    let Some(value) = value else { return Ok(None) };
    value.to_str().map(Some).map_err(|_| format!("the header {name} is not ASCII"))
}

fn check_date(date: &str, now: Timestamp) -> Result<(), String> {
    let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", date);
    let signed = civil.and_then(|civil| jiff::tz::TimeZone::UTC.to_timestamp(civil));
    let signed = signed.map_err(|_| {
        let date = excerpt(date, MAX_QUOTED);
        format!("X-Sdk-Date is {date:?}, which is not of the form 20060102T150405Z")
    })?;
    if signed.duration_since(now).abs() > MAX_SKEW {
        let now = now.strftime("%Y%m%dT%H%M%SZ");
        return Err(format!(
            "the request was signed at {date}, and it is {now} here, which is more than 15 minutes apart: set the clock, or sign the \
             request anew"
        ));
    }
    Ok(())
}

fn refused(reason: &str) -> ApiError {
    let message = format!("Incorrect IAM authentication information: {reason}");
    ApiError::new(StatusCode::UNAUTHORIZED, "APIGW.0301", message)
}

#[cfg(test)]
#[path = "signature/tests.rs"]
mod tests;
