//! The event of one invocation: as a test describes it, and as a poll receives it.

use crate::http::response::{Response, find_header};
use crate::request_id::random_request_id;

/// The event of one invocation: the bytes that the function receives, and the headers that come
/// with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    body: Vec<u8>,
    headers: Vec<(String, String)>,
    request_id: String,
    invoke_type: &'static str,
}

impl Event {
    /// A synchronous invocation with these bytes, and a request id in the form of a UUID.
    #[must_use]
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            headers: Vec::new(),
            request_id: random_request_id(),
            invoke_type: "sync",
        }
    }

    /// Adds a header to the response that the poll gets, as given. It replaces one of the usual
    /// headers (`X-CFF-Request-Id`, `X-CFF-Invoke-Type`, `Content-Type`, `Content-Length`).
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a header if there is none of this name.
    pub(crate) fn default_header(self, name: &str, value: &str) -> Self {
        if find_header(&self.headers, name).is_some() { self } else { self.header(name, value) }
    }

    /// Sets the request id. The platform reuses it when it retries an asynchronous invocation.
    #[must_use]
    pub fn request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = request_id.into();
        self
    }

    /// Makes this an asynchronous invocation: `X-CFF-Invoke-Type: async`.
    #[must_use]
    pub fn asynchronous(mut self) -> Self {
        self.invoke_type = "async";
        self
    }

    /// The request id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.request_id
    }

    /// The bytes that the function receives.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The headers that were added.
    pub(crate) fn into_headers(self) -> Vec<(String, String)> {
        self.headers
    }

    /// The response to a poll that gets this event.
    pub(crate) fn to_response(&self) -> Response {
        let mut response =
            Response { status: 200, headers: self.headers.clone(), body: self.body.clone() };
        response.default_header("X-CFF-Request-Id", &self.request_id);
        response.default_header("X-CFF-Invoke-Type", self.invoke_type);
        response.default_header("Content-Type", "application/json");
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_a_unique_request_id_in_the_form_of_a_uuid() {
        let (one, other) = (Event::new("{}"), Event::new("{}"));
        assert_ne!(one.id(), other.id());
        assert_eq!(one.id().split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    }

    #[test]
    fn a_header_of_the_event_replaces_the_usual_one() {
        let response = Event::new("{}")
            .request_id("r-1")
            .asynchronous()
            .header("x-cff-request-id", "null")
            .to_response();
        let headers: Vec<_> =
            response.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            headers,
            [
                ("x-cff-request-id", "null"),
                ("X-CFF-Invoke-Type", "async"),
                ("Content-Type", "application/json")
            ]
        );
    }
}
