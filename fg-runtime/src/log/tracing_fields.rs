//! The values of a `tracing` event or span, each with its type, and no more of them than a log line
//! can take.

use std::fmt::{self, Write};

use fg_core::__private::{Bounded, bounded};
use fg_core::limits::LOG_RECORD;
use fg_core::{LogField, LogSpan, LogValue};
use tracing::Event;
use tracing::field::{Field, Visit};

/// Bytes of each value.
const MOST_EACH: usize = 4 * 1024;

/// How much may still be recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    bytes: usize,
    fields: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { bytes: 8 * 1024, fields: 64 }
    }
}

impl Room {
    /// An event has more than a span: it is written once.
    const OF_EVENT: Self = Self { bytes: 64 * 1024, fields: 128 };
}

/// The message of an event, and its other fields.
pub(crate) fn read_event(event: &Event<'_>) -> (String, Vec<LogField>) {
    let (mut room, mut fields, mut message) = (Room::OF_EVENT, Vec::new(), String::new());
    event.record(&mut Fields { fields: &mut fields, room: &mut room, message: Some(&mut message) });
    (message, fields)
}

/// Records the fields of a span.
pub(crate) fn read_span<'s>(span: &'s mut LogSpan, room: &'s mut Room) -> Fields<'s> {
    Fields { fields: &mut span.fields, room, message: None }
}

/// Where fields are recorded.
#[derive(Debug)]
pub(crate) struct Fields<'r> {
    fields: &'r mut Vec<LogField>,
    room: &'r mut Room,
    /// In an event the field of this name is apart.
    message: Option<&'r mut String>,
}

impl Fields<'_> {
    fn push(&mut self, field: &Field, value: LogValue) {
        let size = match &value {
            LogValue::Str(text) | LogValue::Debug(text) => text.len(),
            _ => 0,
        };
        if let Some(recorded) =
            self.fields.iter_mut().find(|recorded| recorded.name == field.name())
        {
            recorded.value = value;
        } else if self.room.fields > 0 {
            self.fields.push(LogField { name: field.name().into(), value });
            self.room.fields -= 1;
        }
        self.room.bytes = self.room.bytes.saturating_sub(size);
    }

    fn text(&self, value: &dyn fmt::Display) -> String {
        bounded(value, MOST_EACH.min(self.room.bytes).max(64))
    }
}

impl Visit for Fields<'_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, LogValue::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, LogValue::Integer(value.into()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, LogValue::Integer(value.into()));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.push(field, LogValue::Integer(value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        let value = i128::try_from(value)
            .map_or_else(|_| LogValue::Debug(value.to_string()), LogValue::Integer);
        self.push(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, LogValue::Float(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" && self.message.is_some() {
            return self.record_debug(field, &format_args!("{value}"));
        }
        let value = LogValue::Str(self.text(&value));
        self.push(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if let ("message", Some(message)) = (field.name(), self.message.as_deref_mut()) {
            let mut kept = Bounded::new(String::new(), LOG_RECORD);
            // A `Debug` that fails has written what it could.
            let _ = write!(kept, "{value:?}");
            let (text, length) = kept.into_parts();
            *message = text;
            if message.len() < length {
                let _ = write!(message, ".. ({} bytes cut)", length - message.len());
            }
            return;
        }
        let value = LogValue::Debug(self.text(&format_args!("{value:?}")));
        self.push(field, value);
    }
}
