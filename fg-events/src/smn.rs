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
            /// One for each message. The name in the JSON is in the singular.
            pub records: Vec<SmnRecord> as "record" => with_records,
        }
    }
}

record! {
    /// One message, and the subscription that it is for.
    pub struct SmnRecord {
        payload {
            /// The message.
            pub smn: SmnMessage as "smn" => with_smn,
        }
        /// `1.0`.
        pub event_version: String => with_event_version,
        /// The URN of the subscribed function.
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
        /// An object, `null`, or the string `None`; see [`attribute`](Self::attribute).
        pub message_attributes: Value => with_message_attributes,
        /// `notification`.
        #[serde(rename = "type")]
        pub message_type: String => with_message_type,
        /// A unique id.
        pub message_id: String => with_message_id,
        /// The subject, if there is one.
        pub subject: String => with_subject,
    }
}

impl SmnMessage {
    /// The value of an attribute that is a string.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.message_attributes.get(name).and_then(Value::as_str)
    }

    /// Deserializes the message from JSON.
    ///
    /// # Errors
    ///
    /// If it is not JSON, or does not fit.
    pub fn message_json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ContentError> {
        json::parse("smn.message", self.message.as_bytes())
    }
}

fixture!(SmnEvent, "smn.json");
