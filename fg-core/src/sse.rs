//! Server-sent events: a streamed response for a browser's `EventSource`.
//!
//! ```
//! use fg_core::{StreamResponse, sse};
//! # struct Prices;
//! # impl futures_core::Stream for Prices {
//! #     type Item = Result<sse::Event, std::io::Error>;
//! #     fn poll_next(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
//! #         std::task::Poll::Ready(None)
//! #     }
//! # }
//!
//! async fn prices() -> Result<StreamResponse, fg_core::Error> {
//!     let prices = Prices; // any `Stream` of `Result<sse::Event, E>`
//!     Ok(StreamResponse::sse(prices))
//! }
//!
//! let event = sse::Event::new().event("price").id("17").data("12.50");
//! assert_eq!(event.to_string(), "event: price\nid: 17\ndata: 12.50\n\n");
//! ```
//!
//! The format is specified by the [HTML
//! standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use serde::Serialize;

use crate::error::Error;
use crate::stream_response::StreamResponse;

/// One event of an event stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    text: String,
}

impl Event {
    /// Creates an empty event, which a client ignores.
    #[must_use]
    pub const fn new() -> Self {
        Self { text: String::new() }
    }

    /// Sets the data of the event. It may have several lines, with any line endings; the client
    /// gets them joined by `\n`.
    #[must_use]
    pub fn data(mut self, data: impl AsRef<str>) -> Self {
        self.add_lines("data", data.as_ref());
        self
    }

    /// Sets the JSON of a value as the data of the event.
    ///
    /// # Errors
    ///
    /// If the value cannot be serialized as JSON.
    pub fn json_data(self, value: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        Ok(self.data(serde_json::to_string(value)?))
    }

    /// Sets the name that a client listens for; `message` by default. The name ends at a line
    /// break.
    #[must_use]
    pub fn event(mut self, name: impl AsRef<str>) -> Self {
        self.add_field("event", first_line(name.as_ref()));
        self
    }

    /// Sets the id that a client sends as `Last-Event-ID` when it reconnects. The id ends at a line
    /// break; a client ignores an id that contains a NUL.
    #[must_use]
    pub fn id(mut self, id: impl AsRef<str>) -> Self {
        self.add_field("id", first_line(id.as_ref()));
        self
    }

    /// Sets how long a client waits before it reconnects, in milliseconds on the wire.
    #[must_use]
    pub fn retry(mut self, delay: Duration) -> Self {
        self.add_field("retry", &delay.as_millis().to_string());
        self
    }

    /// Adds a comment, which a client ignores. Useful to keep an idle connection open.
    #[must_use]
    pub fn comment(mut self, text: impl AsRef<str>) -> Self {
        self.add_lines("", text.as_ref());
        self
    }

    fn add_lines(&mut self, name: &str, text: &str) {
        let text = text.replace("\r\n", "\n");
        text.split(['\n', '\r']).for_each(|line| self.add_field(name, line));
    }

    fn add_field(&mut self, name: &str, value: &str) {
        self.text.extend([name, ": ", value, "\n"]);
    }
}

fn first_line(text: &str) -> &str {
    text.split(['\n', '\r']).next().unwrap_or_default()
}

/// The event as it is sent, with the empty line that ends it.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)
    }
}

impl From<Event> for Bytes {
    fn from(mut event: Event) -> Self {
        event.text.push('\n');
        event.text.into()
    }
}

impl StreamResponse {
    /// Creates a response of the events of this stream, as `text/event-stream`.
    pub fn sse<S, E>(events: S) -> Self
    where
        S: Stream<Item = Result<Event, E>> + Send + 'static,
        E: Into<Error>,
    {
        Self::new(events).with_content_type("text/event-stream")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_of_several_lines_has_a_field_for_each() {
        assert_eq!(
            Event::new().data("a\r\nb\rc\n").to_string(),
            "data: a\ndata: b\ndata: c\ndata: \n\n"
        );
    }

    #[test]
    fn nothing_in_a_name_or_an_id_can_begin_another_field() {
        assert_eq!(
            Event::new().event("a\ndata: x").id("1\r\rid: 2").to_string(),
            "event: a\nid: 1\n\n"
        );
    }

    #[test]
    fn json_is_one_line() {
        let event = Event::new().json_data(&["a\nb"]).expect("it is JSON");
        assert_eq!(event.to_string(), "data: [\"a\\nb\"]\n\n");
    }

    #[test]
    fn comments_and_delays_are_written_as_specified() {
        assert_eq!(
            Event::new().comment("alive").retry(Duration::from_secs(2)).to_string(),
            ": alive\nretry: 2000\n\n"
        );
        assert_eq!(Bytes::from(Event::new().data("x")), "data: x\n\n");
    }
}
