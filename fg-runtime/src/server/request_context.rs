//! The context of a request, made from its headers.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::sync::{Arc, MutexGuard};
use std::time::Instant;

use fg_core::__private::Mutex;
use fg_core::__private::lifecycle;
use fg_core::Context;
use fg_core::limits::REQUEST_ID;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::request_headers::RequestHeaders;
use crate::invocation::request_id::random_request_id;
use crate::start::Start;

/// Some engines send the request's id under this name.
const OTHER_REQUEST_ID: &str = "x-request-id";

/// Makes contexts of requests, and keeps those that are over so that their buffers are used again.
pub(crate) struct Contexts {
    start: Arc<Start>,
    idle: Mutex<Vec<Context>>,
}

/// How many contexts are kept.
const MAX_IDLE: usize = 64;

impl Contexts {
    pub(crate) fn new(start: Arc<Start>) -> Self {
        Self { start, idle: Mutex::default() }
    }

    /// Makes the context of an invocation from those headers of its request that are of interest.
    ///
    /// The id is the platform's, else that of the engine in front of us, else a new one. One that
    /// is too long to be an id is not taken.
    pub(crate) fn begin(
        &self,
        received: Instant,
        headers: &HeaderMap,
        mut is_of_interest: impl FnMut(&str) -> bool,
    ) -> Context {
        let mut ctx = self.lock().pop().unwrap_or_else(|| self.start.context());
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

    /// Makes the context of an invocation to which the table of its request's headers belongs.
    pub(crate) fn begin_with_table(&self, received: Instant, headers: HeaderMap) -> Context {
        let mut ctx = self.lock().pop().unwrap_or_else(|| self.start.context());
        lifecycle::begin_with_table(&mut ctx, received, RequestHeaders(headers), |table, id| {
            const OTHER: HeaderName = HeaderName::from_static(OTHER_REQUEST_ID);
            choose_id(id, || table.0.get(OTHER))
        });
        ctx
    }

    /// Takes back a context, unless there are secrets in it, which are wiped at once.
    pub(crate) fn take_back(&self, mut ctx: Context) {
        lifecycle::end(&mut ctx);
        let mut idle = self.lock();
        if idle.len() < MAX_IDLE && !lifecycle::has_secrets(&ctx) {
            idle.push(ctx);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Context>> {
        self.idle.lock()
    }
}

impl fmt::Debug for Contexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} idle", self.lock().len())
    }
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
