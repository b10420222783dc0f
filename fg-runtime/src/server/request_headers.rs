//! The headers of a request as a context takes them over.

use fg_core::__private::HeaderTable;
use http::HeaderMap;

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
        let mut values = self.0.get_all(name).iter().map(http::HeaderValue::as_bytes);
        values.find(|value| accepts(value))
    }

    fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }
}
