//! What Kafka, RocketMQ and RabbitMQ have in common: messages of topics.

use serde::Deserialize;

use crate::Time;
use crate::content::{ContentError, json};
use crate::record::record;

record! {
    /// Messages have arrived. Kafka, RocketMQ and RabbitMQ share this shape.
    ///
    /// ```
    /// use fg_events::messages::{MessageRecord, MessagesEvent};
    ///
    /// let event = MessagesEvent::new().with_records([MessageRecord::new().with_topic("orders").with_messages(["1".into(), "2".into()])]);
    /// let texts: Vec<_> = event.messages().map(|message| (message.topic(), message.text())).collect();
    /// assert_eq!(texts, [("orders", "1"), ("orders", "2")]);
    /// ```
    pub struct MessagesEvent {
        /// `v1.0`.
        pub event_version: String => with_event_version,
        /// When they were fetched, in seconds since 1970.
        pub event_time: Option<Time> => with_event_time,
        /// `KAFKA`, also for one that is not the platform's own, or `ROCKETMQ`.
        pub trigger_type: String => with_trigger_type,
        /// The region.
        pub region: String => with_region,
        /// The instance of the service.
        pub instance_id: String => with_instance_id,
        /// One for each topic; see [`messages`](Self::messages).
        pub records: Vec<MessageRecord> => with_records,
    }
}

record! {
    /// Messages of one topic.
    pub struct MessageRecord {
        /// The messages.
        pub messages: Vec<String> => with_messages,
        /// The topic.
        #[serde(rename = "topic_id")]
        pub topic: String => with_topic,
    }
}

impl MessagesEvent {
    /// All messages of all topics.
    pub fn messages(&self) -> impl Iterator<Item = Message<'_>> {
        self.records.iter().flat_map(|record| record.messages.iter().map(|text| Message { topic: &record.topic, text }))
    }
}

/// One message, borrowed from the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    topic: &'a str,
    text: &'a str,
}

impl<'a> Message<'a> {
    /// The topic.
    #[must_use]
    pub const fn topic(self) -> &'a str {
        self.topic
    }

    /// The message.
    #[must_use]
    pub const fn text(self) -> &'a str {
        self.text
    }

    /// The message, read as JSON; it can borrow from the event.
    ///
    /// # Errors
    ///
    /// Where it is no JSON, or does not fit.
    pub fn json<T: Deserialize<'a>>(self) -> Result<T, ContentError> {
        json::parse("records.messages", self.text.as_bytes())
    }
}
