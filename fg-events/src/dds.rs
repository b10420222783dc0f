//! Document Database Service: documents that were written.

use serde::Deserialize;

use crate::content::{ContentError, json};
use crate::record::{fixture, record};

record! {
    /// Documents were written (trigger `DDS`).
    pub struct DdsEvent {
        payload {
            /// One for each document.
            pub records: Vec<DdsRecord> as "records" => with_records,
        }
    }
}

record! {
    /// What happened to one document.
    pub struct DdsRecord {
        payload {
            /// The change.
            pub dds: DdsChange as "dds" => with_dds,
        }
        /// `insert`, `update`, `replace` or `delete`, possibly in quotes; see
        /// [`operation`](Self::operation).
        pub event_name: String => with_event_name,
        /// `1.0`.
        pub event_version: String => with_event_version,
        /// `dds`.
        pub event_source: String => with_event_source,
        /// The region of the database.
        pub region: String => with_region,
        /// A unique id.
        pub event_source_id: String => with_event_source_id,
    }
}

record! {
    /// A change.
    pub struct DdsChange {
        payload {
            /// MongoDB Extended JSON; see [`DdsRecord::document`].
            pub full_document: String as "full_document" [json] => with_full_document,
            /// JSON with the database and the collection; see [`DdsRecord::namespace`].
            pub ns: String as "ns" [json] => with_ns,
            /// JSON with the resume token of the change stream.
            pub token: String as "token" [json] => with_token,
        }
        /// Its size in bytes; arrives as a string.
        pub size_bytes: Option<u64> => with_size_bytes,
    }
}

record! {
    /// Database and collection.
    pub struct Namespace {
        /// The database.
        #[serde(rename = "db")]
        pub database: String => with_database,
        /// The collection.
        #[serde(rename = "coll")]
        pub collection: String => with_collection,
    }
}

impl DdsRecord {
    /// The operation: [`event_name`](Self::event_name) without the quotes that some senders put
    /// around it.
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
        json::parse("dds.full_document", self.dds.full_document.as_bytes())
    }

    /// The database and the collection.
    ///
    /// # Errors
    ///
    /// If `ns` is not their JSON.
    pub fn namespace(&self) -> Result<Namespace, ContentError> {
        json::parse("dds.ns", self.dds.ns.as_bytes())
    }

    /// Deserializes the resume token of the change stream.
    ///
    /// # Errors
    ///
    /// If it does not fit.
    pub fn token<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ContentError> {
        json::parse("dds.token", self.dds.token.as_bytes())
    }
}

fixture!(DdsEvent, "dds.json");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_strings_inside_are_decoded() {
        let record = fixture().records.remove(0);
        let namespace = record.namespace().expect("it is JSON");
        assert_eq!(
            (namespace.database.as_str(), namespace.collection.as_str()),
            ("shop", "orders")
        );
        assert_eq!(record.document::<serde_json::Value>().expect("it is JSON")["item"], "tea");
        assert!(record.token::<serde_json::Value>().expect("it is JSON")["_data"].is_string());
        assert!(
            DdsRecord::new()
                .document::<()>()
                .is_err_and(|error| error.to_string().starts_with("`dds.full_document` is empty"))
        );
    }
}
