//! Kafka that is not the platform's own: the same as the platform's, its `trigger_type` included.

use crate::messages::MessagesEvent;
pub use crate::messages::{Message, MessageRecord};
use crate::record::fixture;

/// Messages have arrived (trigger `OPENSOURCEKAFKA`).
pub type OpenSourceKafkaEvent = MessagesEvent;

fixture!(OpenSourceKafkaEvent, "kafka_open_source.json");
