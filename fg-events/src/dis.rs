//! Data Ingestion Service: records of a stream.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::content::{ContentError, base64, json};
use crate::record::{fixture, record};

record! {
    /// Records have arrived (trigger `DIS`).
    pub struct DisEvent {
        payload {
            /// The records.
            pub message: DisMessage as "Message" => with_message,
        }
        /// The shard, also called partition.
        #[serde(rename = "ShardID")]
        pub shard_id: String => with_shard_id,
        /// Where the trigger started to read: `latest` or `trim_horizon`.
        #[serde(rename = "Tag")]
        pub tag: String => with_tag,
        /// The stream.
        #[serde(rename = "StreamName")]
        pub stream_name: String => with_stream_name,
    }
}

record! {
    /// Records, and the position of the next ones.
    pub struct DisMessage {
        payload {
            /// The records.
            pub records: Vec<DisRecord> as "records" => with_records,
        }
        /// One of two spellings; see [`cursor`](Self::cursor).
        pub next_partition_cursor: String => with_next_partition_cursor,
        /// One of two spellings; see [`behind_latest`](Self::behind_latest).
        pub millis_behind_latest: Option<i64> => with_millis_behind_latest,
    }
}

record! {
    /// A record.
    pub struct DisRecord {
        payload {
            /// base64; see [`bytes`](Self::bytes).
            pub data: String as "data" => with_data,
        }
        /// The key that determines its shard.
        pub partition_key: String => with_partition_key,
        /// Its position in the shard.
        pub sequence_number: String => with_sequence_number,
    }
}

impl DisMessage {
    /// The position of the next records, in either spelling of the platform:
    /// `next_partition_cursor` or `next_patition_cursor`.
    #[must_use]
    pub fn cursor(&self) -> &str {
        let other = self.extra.get("next_patition_cursor").and_then(Value::as_str);
        if self.next_partition_cursor.is_empty() {
            other.unwrap_or_default()
        } else {
            &self.next_partition_cursor
        }
    }

    /// How many milliseconds the trigger lags behind, in either spelling: `millis_behind_latest` or
    /// `millisBehindLatest`.
    #[must_use]
    pub fn behind_latest(&self) -> Option<i64> {
        self.millis_behind_latest.or_else(|| match self.extra.get("millisBehindLatest")? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        })
    }
}

impl DisRecord {
    /// The record's bytes.
    ///
    /// # Errors
    ///
    /// If [`data`](Self::data) is not base64.
    pub fn bytes(&self) -> Result<Vec<u8>, ContentError> {
        base64::decode("Message.records.data", &self.data)
    }

    /// Deserializes the record's bytes from JSON.
    ///
    /// # Errors
    ///
    /// If they are not JSON, or do not fit.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        json::parse("Message.records.data", &self.bytes()?)
    }

    /// Sets [`data`](Self::data) to the base64 of these bytes.
    #[must_use]
    pub fn with_bytes(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.data = base64::encode(bytes.as_ref());
        self
    }
}

fixture!(DisEvent, "dis.json");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_accepted() {
        let read = |json: &str| serde_json::from_str::<DisMessage>(json).expect("it is read");
        let right = read(r#"{"next_partition_cursor":"a","millis_behind_latest":""}"#);
        assert_eq!((right.cursor(), right.behind_latest()), ("a", None));
        let wrong = read(r#"{"records":[],"next_patition_cursor":"a","millisBehindLatest":"5"}"#);
        assert_eq!((wrong.cursor(), wrong.behind_latest()), ("a", Some(5)));
        assert_eq!(
            read(r#"{"records":[],"next_patition_cursor":"a","next_partition_cursor":"b"}"#)
                .cursor(),
            "b"
        );
    }

    #[test]
    fn a_record_is_bytes() {
        let record = DisRecord::new().with_bytes(b"[1]");
        assert_eq!(record.json(), Ok(vec![1]));
        assert!(DisRecord::new().with_data("!").bytes().is_err());
    }
}
