//! The head of a response, as a reader of its body gets it.

use super::response::find_header;

/// The head of a streamed response, which comes before its first chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseHead {
    /// The status of an HTTP function's response; `None` of an event function, which has none.
    pub status: Option<u16>,
    /// The headers as the function has sent them, in their order. Of an event function they are
    /// those of the POST to `/response/`, and headers of the connection, such as
    /// `Transfer-Encoding`, are among them; of an HTTP function those are left out. They are not
    /// trusted: `Content-Type` may be empty or missing.
    pub headers: Vec<(String, String)>,
}

impl ResponseHead {
    /// The first value of a header; the name is compared without regard to case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }
}
