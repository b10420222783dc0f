//! The classic queues of Distributed Message Service, which newer regions do not have; by the
//! platform's Java SDK, without a sample.

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
        /// What happened.
        pub event_type: String => with_event_type,
        /// The group that the function consumes in.
        pub consumer_group_id: String => with_consumer_group_id,
    }
}

record! {
    /// A message.
    pub struct DmsMessage {
        payload {
            /// Anything; see [`body_as`](Self::body_as).
            pub body: Value as "body" => with_body,
        }
        /// What the sender says about it: an object.
        pub attributes: Value => with_attributes,
    }
}

impl DmsMessage {
    /// The body as a type of yours, also where it is JSON in a text.
    ///
    /// # Errors
    ///
    /// Where it does not fit.
    pub fn body_as<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        json::open("messages.body", &self.body)
    }

    /// The attributes, where they are an object.
    #[must_use]
    pub fn attributes(&self) -> Option<&Map<String, Value>> {
        self.attributes.as_object()
    }
}

fixture!(
    DmsEvent,
    "dms.json",
    "A sample in an assumed form, that of the platform's Java SDK: no sample of the platform's is known."
);
