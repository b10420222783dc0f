//! The classic queues of Distributed Message Service, which newer regions do not have. Modelled
//! after the platform's Java SDK, without a sample.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::content::{ContentError, json};
use crate::record::{fixture, record};

record! {
    /// Messages have arrived (trigger `DMS`).
    pub struct DmsEvent {
        payload {
            /// The messages.
            pub messages: Vec<DmsMessage> as "messages" => with_messages,
        }
        /// The queue.
        pub queue_id: String => with_queue_id,
        /// The region.
        pub region: String => with_region,
        /// The type of the event.
        pub event_type: String => with_event_type,
        /// The consumer group of the function.
        pub consumer_group_id: String => with_consumer_group_id,
    }
}

record! {
    /// A message.
    pub struct DmsMessage {
        payload {
            /// Any JSON; see [`body_as`](Self::body_as).
            pub body: Value as "body" => with_body,
        }
        /// The attributes that the sender set: an object.
        pub attributes: Value => with_attributes,
    }
}

impl DmsMessage {
    /// Deserializes the body, which may also be a string with JSON in it.
    ///
    /// # Errors
    ///
    /// If it does not fit.
    pub fn body_as<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        json::open("messages.body", &self.body)
    }

    /// The attributes, if they are an object.
    #[must_use]
    pub fn attributes(&self) -> Option<&Map<String, Value>> {
        self.attributes.as_object()
    }
}

fixture!(
    DmsEvent,
    "dms.json",
    "A sample payload in the shape of the platform's Java SDK, not confirmed by a payload of the platform."
);
