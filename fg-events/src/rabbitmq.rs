//! RabbitMQ: assumed to send the same event as Kafka, without a sample.

use crate::messages::MessagesEvent;
pub use crate::messages::{Message, MessageRecord};
use crate::record::fixture;

/// Messages have arrived (trigger `RABBITMQ`, a name that is not confirmed).
pub type RabbitMqEvent = MessagesEvent;

fixture!(
    RabbitMqEvent,
    "rabbitmq.json",
    "A sample payload in the shape of Kafka's, not confirmed by a payload of the platform."
);
