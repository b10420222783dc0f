//! Simple Message Notification: messages of a topic.

use serde::Deserialize;
use serde_json::Value;

use crate::Time;
use crate::content::{ContentError, json};
use crate::record::{fixture, record};

record! {
    /// Messages were published (trigger `SMN`).
    pub struct SmnEvent {
        payload {
            /// One for each message. The platform's name is in the singular.
            pub records: Vec<SmnRecord> as "record" => with_records,
        }
    }
}

record! {
    /// One message, and whom it is for.
    pub struct SmnRecord {
        payload {
            /// The message.
            pub smn: SmnMessage as "smn" => with_smn,
        }
        /// `1.0`.
        pub event_version: String => with_event_version,
        /// The function that has subscribed.
        pub event_subscription_urn: String => with_event_subscription_urn,
        /// `smn`.
        pub event_source: String => with_event_source,
    }
}

record! {
    /// A message.
    pub struct SmnMessage {
        payload {
            /// What was published.
            pub message: String as "message" [json] => with_message,
        }
        /// The topic.
        pub topic_urn: String => with_topic_urn,
        /// When it was published.
        pub timestamp: Option<Time> => with_timestamp,
        /// An object, `null`, or the text `None`; see [`attribute`](Self::attribute).
        pub message_attributes: Value => with_message_attributes,
        /// `notification`.
        #[serde(rename = "type")]
        pub message_type: String => with_message_type,
        /// Unique.
        pub message_id: String => with_message_id,
        /// The subject, where one was given.
        pub subject: String => with_subject,
    }
}

impl SmnMessage {
    /// The text of an attribute, where there is one.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.message_attributes.get(name).and_then(Value::as_str)
    }

    /// The message, read as JSON.
    ///
    /// # Errors
    ///
    /// Where it is no JSON, or does not fit.
    pub fn message_json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ContentError> {
        json::parse("smn.message", self.message.as_bytes())
    }
}

fixture!(SmnEvent, "smn.json");
