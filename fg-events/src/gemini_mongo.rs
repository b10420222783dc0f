//! GeminiDB (formerly GaussDB) for Mongo: documents that were written. Modelled after the console's
//! template; neither the shape nor the name of the trigger is confirmed by a payload of the
//! platform.
//!
//! It differs from what Document Database Service sends in three ways: the change is in
//! `gauss_mongo`, the name of the event is in quotes, and the event has the position in the change
//! stream, in `vernier`.

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
        /// JSON with the position in the change stream after these records.
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
        /// The operation in quotes: `"insert"`; see [`operation`](Self::operation).
        pub event_name: String => with_event_name,
        /// `1.0`.
        pub event_version: String => with_event_version,
        /// `gauss_mongo`.
        pub event_source: String => with_event_source,
        /// The region of the database.
        pub region: String => with_region,
        /// A unique id.
        pub event_source_id: String => with_event_source_id,
    }
}

impl GeminiMongoRecord {
    /// The operation, without quotes: `insert`, `update`, `replace` or `delete`.
    #[must_use]
    pub fn operation(&self) -> &str {
        self.event_name.trim_matches('"')
    }

    /// Deserializes the document in its current state. Its numbers and ids are objects, such as
    /// `{"$numberDouble":"52.0"}` and `{"$oid":".."}`.
    ///
    /// # Errors
    ///
    /// If it does not fit, or is absent, as after a `delete`.
    pub fn document<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ContentError> {
        json::parse("gauss_mongo.full_document", self.gauss_mongo.full_document.as_bytes())
    }

    /// The database and the collection.
    ///
    /// # Errors
    ///
    /// If `ns` is not their JSON.
    pub fn namespace(&self) -> Result<Namespace, ContentError> {
        json::parse("gauss_mongo.ns", self.gauss_mongo.ns.as_bytes())
    }

    /// Deserializes the resume token of the change stream.
    ///
    /// # Errors
    ///
    /// If it does not fit.
    pub fn token<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ContentError> {
        json::parse("gauss_mongo.token", self.gauss_mongo.token.as_bytes())
    }
}

fixture!(
    GeminiMongoEvent,
    "gemini_mongo.json",
    "A sample payload in the shape of the console's template, not confirmed by a payload of the platform."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_of_the_console_is_read() {
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
