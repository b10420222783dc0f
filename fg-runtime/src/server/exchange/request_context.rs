//! The context of a request, made from its headers.

use std::borrow::Cow;
use std::cell::Cell;
use std::time::Instant;

use fg_core::__private::HeaderTable;
use fg_core::__private::lifecycle;
use fg_core::Context;
use fg_core::limits::REQUEST_ID;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::invocation::request_id::random_request_id;
use crate::start::Start;

/// Some engines send the request's id under this name.
const OTHER_REQUEST_ID: &str = "x-request-id";

/// Makes the context of an invocation from those headers of its request that are of interest.
///
/// The id is the platform's, else that of the engine in front of us, else a new one. One that is
/// too long to be an id is not taken. `idle` is a context to use again.
pub(crate) fn context_of(
    start: &Start,
    idle: Option<Context>,
    received: Instant,
    headers: &HeaderMap,
    mut is_of_interest: impl FnMut(&str) -> bool,
) -> Context {
    let mut ctx = idle.unwrap_or_else(|| start.context());
    let other_id = Cell::new(None);
    let given = headers.iter().filter_map(|(name, value)| {
        // Engines send what they have nothing for empty.
        if value.is_empty() {
            return None;
        }
        let name = name.as_str();
        if name == OTHER_REQUEST_ID && other_id.get().is_none() {
            other_id.set(Some(value));
        }
        is_of_interest(name).then_some((name, value.as_bytes()))
    });
    lifecycle::begin_with_id(&mut ctx, received, given, |id| choose_id(id, || other_id.get()));
    ctx
}

/// Makes the context of an invocation to which the table of its request's headers belongs. `idle`
/// is a context to use again.
pub(crate) fn context_with_table(
    start: &Start,
    idle: Option<Context>,
    received: Instant,
    headers: HeaderMap,
) -> Context {
    let mut ctx = idle.unwrap_or_else(|| start.context());
    lifecycle::begin_with_table(&mut ctx, received, RequestHeaders(headers), |table, id| {
        const OTHER: HeaderName = HeaderName::from_static(OTHER_REQUEST_ID);
        choose_id(id, || table.0.get(OTHER))
    });
    ctx
}

/// An id in place of this one, if it cannot be the id of a request.
fn choose_id<'h>(
    id: &str,
    other: impl FnOnce() -> Option<&'h HeaderValue>,
) -> Option<Cow<'h, str>> {
    if !id.is_empty() && id.len() <= REQUEST_ID {
        return None;
    }
    let other = other().and_then(|id| id.to_str().ok());
    match other.filter(|id| says_something(id) && id.len() <= REQUEST_ID) {
        Some(id) => Some(Cow::Borrowed(id)),
        None => Some(Cow::Owned(random_request_id())),
    }
}

/// Engines send headers that they have nothing for empty, or as the word `null`.
fn says_something(value: &str) -> bool {
    let value = value.trim_ascii();
    !value.is_empty() && !value.eq_ignore_ascii_case("null")
}

/// The table of a request's headers.
#[derive(Debug, Default)]
pub(crate) struct RequestHeaders(pub(crate) HeaderMap);

impl HeaderTable for RequestHeaders {
    fn lines(&self) -> impl Iterator<Item = (&str, &[u8])> {
        // Engines send what they have nothing for empty.
        let values = self.0.iter().filter(|(_, value)| !value.is_empty());
        values.map(|(name, value)| (name.as_str(), value.as_bytes()))
    }

    fn find(&self, name: &str, accepts: fn(&[u8]) -> bool) -> Option<&[u8]> {
        let mut values = self.0.get_all(name).iter().map(HeaderValue::as_bytes);
        values.find(|value| accepts(value))
    }

    fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }
}
