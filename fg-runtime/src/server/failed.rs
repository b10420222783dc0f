//! The response that says what went wrong.

use bytes::Bytes;
use fg_core::{Context, Failure};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use crate::invocation::error_audience::{ErrorAudience, shortened};

/// Where an HTTP client finds the id of its request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// An error as JSON.
pub(crate) fn failed(status: StatusCode, failure: &Failure) -> Response<Bytes> {
    let mut response = Response::new(failure.to_json().into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The error of an invocation, as far as its caller may know it.
pub(crate) fn failed_invocation(
    status: StatusCode,
    failure: &Failure,
    ctx: &Context,
    caller: ErrorAudience,
) -> Response<Bytes> {
    let mut response = failed(status, &caller.shown(failure, ctx.request_id()));
    if caller == ErrorAudience::HttpClient {
        // An id that cannot stand in a header is in the body alone.
        if let Ok(id) = HeaderValue::from_str(shortened(ctx.request_id())) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
    }
    response
}
