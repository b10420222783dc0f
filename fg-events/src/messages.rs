//! The event of Kafka, RocketMQ and RabbitMQ: messages of topics.

use serde::Deserialize;
use serde_json::{Map, Value};

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
        payload(records = flat_record) {
            /// One for each topic; see [`messages`](Self::messages). An older shape of the event
            /// has the messages of a single topic at the top level, which are one record here.
            pub records: Vec<MessageRecord> as "records" => with_records,
        }
        /// `v1.0`.
        pub event_version: String => with_event_version,
        /// When they were fetched, in seconds since 1970.
        pub event_time: Option<Time> => with_event_time,
        /// `KAFKA` (also for open-source Kafka) or `ROCKETMQ`.
        pub trigger_type: String => with_trigger_type,
        /// The region.
        pub region: String => with_region,
        /// The instance of the service, if the records do not have it; see
        /// [`Message::instance_id`].
        pub instance_id: String => with_instance_id,
    }
}

record! {
    /// Messages of one topic.
    pub struct MessageRecord {
        payload {
            /// The messages. One that is an object or a list is converted to its JSON.
            pub messages: Vec<String> as "messages" [json] => with_messages,
        }
        /// The topic.
        #[serde(rename = "topic_id")]
        pub topic: String => with_topic,
        /// The instance of the service, if the event itself does not have it.
        pub instance_id: String => with_instance_id,
    }
}

impl MessagesEvent {
    /// All messages of all topics.
    pub fn messages(&self) -> impl Iterator<Item = Message<'_>> {
        self.records.iter().flat_map(|record| {
            let instance_id =
                if record.instance_id.is_empty() { &self.instance_id } else { &record.instance_id };
            record.messages.iter().map(move |text| Message {
                instance_id,
                topic: &record.topic,
                text,
            })
        })
    }
}

/// The record of an event in the older shape, which has no `records`.
fn flat_record(
    event: &mut Map<String, Value>,
) -> Result<Option<Vec<MessageRecord>>, serde_json::Error> {
    let Some(messages) = event.remove("messages") else { return Ok(None) };
    let mut record = Map::from_iter([("messages".to_owned(), messages)]);
    record.extend(event.remove("topic_id").map(|topic| ("topic_id".to_owned(), topic)));
    MessageRecord::deserialize(Value::Object(record)).map(|record| Some(vec![record]))
}

/// One message, borrowed from the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    instance_id: &'a str,
    topic: &'a str,
    text: &'a str,
}

impl<'a> Message<'a> {
    /// The instance of the service, from the record or from the event.
    #[must_use]
    pub const fn instance_id(self) -> &'a str {
        self.instance_id
    }

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

    /// Deserializes the message from JSON. The result can borrow from the event.
    ///
    /// # Errors
    ///
    /// If it is not JSON, or does not fit.
    pub fn json<T: Deserialize<'a>>(self) -> Result<T, ContentError> {
        json::parse("records.messages", self.text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(json: &str) -> Vec<(String, String, String)> {
        let event: MessagesEvent = serde_json::from_str(json).expect("it is read");
        event
            .messages()
            .map(|message| {
                (message.instance_id().into(), message.topic().into(), message.text().into())
            })
            .collect()
    }

    #[test]
    fn every_shape_of_the_event_has_the_same_messages() {
        let expected = [("i".to_owned(), "t".to_owned(), "m".to_owned())];
        for json in [
            r#"{"instance_id":"i","records":[{"messages":["m"],"topic_id":"t"}]}"#,
            r#"{"trigger_type":"KAFKA","records":[{"messages":["m"],"instance_id":"i","topic_id":"t"}]}"#,
            r#"{"trigger_type":"KAFKA","instance_id":"i","topic_id":"t","messages":["m"]}"#,
        ] {
            assert_eq!(messages(json), expected, "{json}");
        }
    }

    #[test]
    fn an_object_among_the_messages_is_its_json() {
        let read = messages(r#"{"records":[{"messages":["a",{"order":{"id":7}},[1],8]}]}"#);
        let texts: Vec<_> = read.iter().map(|(_, _, text)| text.as_str()).collect();
        assert_eq!(texts, ["a", r#"{"order":{"id":7}}"#, "[1]", "8"]);
    }
}
