//! What handlers take from a request: the function in its path, its query string, and its body.

use std::collections::HashMap;

use axum::RequestPartsExt;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::{Map, Value};

use super::fields::Fields;
use crate::error::ApiError;
use crate::urn::FunctionRef;

/// The function that the parameter `urn` of a path names, with or without a version or an alias.
#[derive(Debug)]
pub(crate) struct Named(pub(crate) FunctionRef);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let parameters: Path<HashMap<String, String>> =
            parts.extract().await.map_err(|_| invalid_urn())?;
        let urn = parameters.get("urn").map_or("", String::as_str);
        parse_urn(urn).map(Self)
    }
}

/// The function that a URN names.
pub(crate) fn parse_urn(urn: &str) -> Result<FunctionRef, ApiError> {
    FunctionRef::parse(urn).ok_or_else(invalid_urn)
}

fn invalid_urn() -> ApiError {
    ApiError::bad_request(
        "FSS.1309",
        "Invalid function URN: it has the form \
         urn:fss:<region>:<project>:function:<package>:<name>, and may end with :<version> or \
         :!<alias>",
    )
}

/// The other parameters of a path, by their names in the route.
#[derive(Debug)]
pub(crate) struct PathFields(HashMap<String, String>);

impl PathFields {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathFields {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Path(parameters) = parts.extract().await.map_err(|_| {
            ApiError::bad_request("FSS.0400", "Invalid parameter: the path is not UTF-8")
        })?;
        Ok(Self(parameters))
    }
}

/// The query string. Of a name that occurs more than once, the last value counts.
#[derive(Debug)]
pub(crate) struct QueryFields(HashMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for QueryFields {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        Ok(Self(form_urlencoded::parse(query).into_owned().collect()))
    }
}

impl QueryFields {
    /// The value of a parameter; `None` if it is absent or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A number in this range.
    pub(crate) fn number(
        &self,
        name: &str,
        default: usize,
        range: std::ops::RangeInclusive<usize>,
    ) -> Result<usize, ApiError> {
        let Some(value) = self.get(name) else { return Ok(default) };
        value.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            ApiError::bad_request(
                "FSS.1001",
                format!(
                    "Invalid query parameter: {name} must be a number from {} to {}",
                    range.start(),
                    range.end()
                ),
            )
        })
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

/// A page of a list, by the number of its first item and its size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) marker: usize,
    pub(crate) size: usize,
}

impl Page {
    /// Reads `marker` and the size, whose name and limits differ between operations.
    pub(crate) fn of(
        query: &QueryFields,
        size: &str,
        default: usize,
        limit: usize,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            marker: query.number("marker", 0, 0..=usize::MAX)?,
            size: query.number(size, default, 1..=limit)?,
        })
    }

    /// `page_info` of an answer.
    pub(crate) fn info(self, count: usize, next: usize) -> Value {
        serde_json::json!({
            "next_marker": next,
            "previous_marker": self.marker.saturating_sub(self.size),
            "current_count": count,
        })
    }

    /// The items of the page, and the number of the item after them.
    pub(crate) fn take<T>(self, items: Vec<T>) -> (Vec<T>, usize) {
        let page: Vec<_> = items.into_iter().skip(self.marker).take(self.size).collect();
        let next = self.marker.saturating_add(page.len());
        (page, next)
    }
}

/// A body that is a JSON object. Its content type does not count, since some clients send none.
///
/// It has no `Debug`, since it may have secrets.
pub(crate) struct Body(Map<String, Value>);

impl Body {
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields::new(&self.0)
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = read(request, state).await?;
        if bytes.is_empty() {
            return Err(ApiError::bad_request(
                "FSS.0400",
                "Invalid parameter: the body is empty, and must be a JSON object",
            ));
        }
        parse(&bytes)
    }
}

/// A body that is a JSON object, or is empty.
pub(crate) struct OptionalBody(Body);

impl OptionalBody {
    pub(crate) fn fields(&self) -> Fields<'_> {
        self.0.fields()
    }
}

impl<S: Send + Sync> FromRequest<S> for OptionalBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = read(request, state).await?;
        if bytes.is_empty() { Ok(Self(Body(Map::new()))) } else { parse(&bytes).map(Self) }
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "FSS.0413",
                "The request body is too large",
            );
        }
        ApiError::bad_request("FSS.0400", "Invalid parameter: the body could not be read")
    })
}

fn parse(bytes: &[u8]) -> Result<Body, ApiError> {
    let invalid = |reason: &str| {
        ApiError::bad_request(
            "FSS.0400",
            format!("Invalid parameter: the body must be a JSON object{reason}"),
        )
    };
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(Body(object)),
        Ok(_) => Err(invalid("")),
        // The place only: the rest of a message of serde_json may quote a secret.
        Err(error) => Err(invalid(&format!(
            ", and line {} column {} is not JSON",
            error.line(),
            error.column()
        ))),
    }
}
