//! Distributed Message Service for Kafka: messages of topics.

use crate::messages::MessagesEvent;
pub use crate::messages::{Message, MessageRecord};
use crate::record::fixture;

/// Messages have arrived (trigger `KAFKA`).
pub type KafkaEvent = MessagesEvent;

fixture!(KafkaEvent, "kafka.json");
