//! Open-source Kafka: sends the same event as the platform's Kafka, including `trigger_type`.

use crate::messages::MessagesEvent;
pub use crate::messages::{Message, MessageRecord};
use crate::record::fixture;

/// Messages have arrived (trigger `OPENSOURCEKAFKA`).
pub type OpenSourceKafkaEvent = MessagesEvent;

fixture!(OpenSourceKafkaEvent, "kafka_open_source.json");
