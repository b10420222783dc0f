//! GeminiDB, formerly GaussDB, for Mongo: documents that were written. By the template that the
//! console has for it; no payload that the platform itself sent confirms it, nor the name of the
//! trigger.
//!
//! It is what Document Database Service sends, but for three things: the change stands under
//! `gauss_mongo`, the name of the event has quotes in it, and the event says where the change
//! stream stands, in `vernier`.

use serde::Deserialize;

use crate::content::{ContentError, json};
pub use crate::dds::{DdsChange, Namespace};
use crate::record::{fixture, record};

record! {
    /// Documents were written (trigger `GAUSSMONGO`).
    pub struct GeminiMongoEvent {
        payload {
            /// One for each document.
            pub records: Vec<GeminiMongoRecord> as "records" => with_records,
        }
        /// JSON: where the change stream stands after these records.
        pub vernier: String [json] => with_vernier,
    }
}

record! {
    /// What happened to one document.
    pub struct GeminiMongoRecord {
        payload {
            /// The change.
            pub gauss_mongo: DdsChange as "gauss_mongo" => with_gauss_mongo,
        }
        /// As it came, with quotes in it: `"insert"`; see [`operation`](Self::operation).
        pub event_name: String => with_event_name,
        /// `1.0`.
        pub event_version: String => with_event_version,
        /// `gauss_mongo`.
        pub event_source: String => with_event_source,
        /// The region of the database.
        pub region: String => with_region,
        /// Unique.
        pub event_source_id: String => with_event_source_id,
    }
}

impl GeminiMongoRecord {
    /// What was done: `insert`, `update`, `replace` or `delete`, without quotes.
    #[must_use]
    pub fn operation(&self) -> &str {
        self.event_name.trim_matches('"')
    }

    /// The document as it is now. Its numbers and ids are objects, such as
    /// `{"$numberDouble":"52.0"}` and `{"$oid":".."}`.
    ///
    /// # Errors
    ///
    /// Where it does not fit, or there is none, as after a `delete`.
    pub fn document<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ContentError> {
        json::parse("gauss_mongo.full_document", self.gauss_mongo.full_document.as_bytes())
    }

    /// Database and collection.
    ///
    /// # Errors
    ///
    /// Where `ns` is not their JSON.
    pub fn namespace(&self) -> Result<Namespace, ContentError> {
        json::parse("gauss_mongo.ns", self.gauss_mongo.ns.as_bytes())
    }

    /// Where the change stream stands.
    ///
    /// # Errors
    ///
    /// Where it does not fit.
    pub fn token<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ContentError> {
        json::parse("gauss_mongo.token", self.gauss_mongo.token.as_bytes())
    }
}

fixture!(
    GeminiMongoEvent,
    "gemini_mongo.json",
    "A sample in the form of the console's template, which no payload of the platform confirms."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_console_s_template_sends_is_read() {
        let event = fixture();
        let record = &event.records[0];
        assert_eq!((record.event_name.as_str(), record.operation()), ("\"insert\"", "insert"));
        assert_eq!(record.namespace().map(|place| place.collection), Ok("orders".to_owned()));
        assert_eq!(record.document::<serde_json::Value>().expect("it is JSON")["item"], "tea");
        assert!(event.vernier.contains("_data") && record.token::<serde_json::Value>().is_ok());
        assert!(
            event.extra.is_empty()
                && record.extra.is_empty()
                && record.gauss_mongo.extra.is_empty()
        );
    }
}
