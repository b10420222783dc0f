//! RabbitMQ: assumed to send what Kafka sends; no sample confirms it.

use crate::messages::MessagesEvent;
pub use crate::messages::{Message, MessageRecord};
use crate::record::fixture;

/// Messages have arrived (trigger `RABBITMQ`, a name that no source confirms).
pub type RabbitMqEvent = MessagesEvent;

fixture!(
    RabbitMqEvent,
    "rabbitmq.json",
    "A sample in an assumed form, that of Kafka: no sample of the platform's is known."
);
