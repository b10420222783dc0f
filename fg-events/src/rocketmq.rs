//! RocketMQ: messages of topics.

use crate::messages::MessagesEvent;
pub use crate::messages::{Message, MessageRecord};
use crate::record::fixture;

/// Messages have arrived (trigger `ROCKETMQ`).
pub type RocketMqEvent = MessagesEvent;

fixture!(RocketMqEvent, "rocketmq.json");
