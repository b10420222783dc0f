//! A request as it was read from a socket.

use super::response::find_header;

/// A request, or its head while the body is still to be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    /// With a chunked encoding removed.
    pub(crate) body: Vec<u8>,
    pub(crate) keep_alive: bool,
    /// HTTP/1.0, which has no `Host`.
    pub(crate) is_http_1_0: bool,
    /// The length that the head gives for a body that is not chunked.
    pub(crate) content_length: usize,
}

impl Request {
    /// The first value of a header; the name is compared without regard to case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// All values of a header, without the spaces around them.
    pub(crate) fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    pub(crate) fn is_chunked(&self) -> bool {
        self.header("Transfer-Encoding").is_some()
    }

    /// The size of the body, even if the body was not kept.
    pub(crate) fn body_size(&self) -> usize {
        self.body.len().max(self.content_length)
    }
}
