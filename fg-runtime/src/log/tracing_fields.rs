//! Reads the fields of a `tracing` event or span, with their types, up to the size that a log line
//! allows.

use std::fmt::{self, Write};

use fg_core::__private::{Bounded, bounded};
use fg_core::limits::LOG_RECORD;
use fg_core::{LogField, LogSpan, LogValue};
use tracing::Event;
use tracing::field::{Field, Visit};

/// The most bytes of one value.
const VALUE_LIMIT: usize = 4 * 1024;

/// How many bytes and fields may still be recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    bytes: usize,
    fields: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: 8 * 1024, fields: 64 }
    }
}

impl Budget {
    /// An event may have more than a span, since it is written only once.
    const OF_EVENT: Self = Self { bytes: 64 * 1024, fields: 128 };
}

/// The message of an event, and its other fields.
pub(crate) fn read_event(event: &Event<'_>) -> (String, Vec<LogField>) {
    let (mut budget, mut fields, mut message) = (Budget::OF_EVENT, Vec::new(), String::new());
    event.record(&mut Fields {
        fields: &mut fields,
        budget: &mut budget,
        message: Some(&mut message),
    });
    (message, fields)
}

/// Records the fields of a span.
pub(crate) fn read_span<'s>(span: &'s mut LogSpan, budget: &'s mut Budget) -> Fields<'s> {
    Fields { fields: &mut span.fields, budget, message: None }
}

/// Collects fields.
#[derive(Debug)]
pub(crate) struct Fields<'r> {
    fields: &'r mut Vec<LogField>,
    budget: &'r mut Budget,
    /// For an event, receives the field `message`, which is kept apart from the others.
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
        } else if self.budget.fields > 0 {
            self.fields.push(LogField { name: field.name().into(), value });
            self.budget.fields -= 1;
        }
        self.budget.bytes = self.budget.bytes.saturating_sub(size);
    }

    fn text(&self, value: &dyn fmt::Display) -> String {
        bounded(value, VALUE_LIMIT.min(self.budget.bytes).max(64))
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
