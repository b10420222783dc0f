//! A log record in its parts, which a sink writes one by one, or all as one string.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::log::Level;

/// A log record.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The level.
    pub level: Level,
    /// The invocation it belongs to; empty outside of any.
    pub request_id: &'a str,
    /// The module or subsystem that says it, as the crates `log` and `tracing` have it; `None` for
    /// a line of [`Logger`](crate::Logger).
    pub target: Option<&'a str>,
    /// The message.
    pub message: fmt::Arguments<'a>,
    details: Option<&'a dyn Details>,
}

impl<'a> Record<'a> {
    /// Creates a record with a message and nothing else.
    #[must_use]
    pub const fn new(level: Level, request_id: &'a str, message: fmt::Arguments<'a>) -> Self {
        Self { level, request_id, target: None, message, details: None }
    }

    /// Sets the target.
    #[must_use]
    pub const fn with_target(mut self, target: &'a str) -> Self {
        self.target = Some(target);
        self
    }

    /// Adds fields and spans.
    #[must_use]
    pub const fn with_details(mut self, details: &'a LogDetails) -> Self {
        self.details = Some(details);
        self
    }

    /// Values beside the message.
    #[must_use]
    pub fn fields(&self) -> &'a [LogField] {
        self.details.map_or(&[], |details| &details.get().fields)
    }

    /// The spans of `tracing` that it is in, outermost first.
    #[must_use]
    pub fn spans(&self) -> &'a [LogSpan] {
        self.details.map_or(&[], |details| &details.get().spans)
    }

    /// Displays the whole record as one string: `order{id=7}:ship: shop::stock: lost count=3`.
    #[must_use]
    pub fn text(&self) -> RecordText<'a> {
        RecordText(*self)
    }

    /// Appends the fields and the spans to the JSON of an object, which goes on.
    #[doc(hidden)]
    pub fn write_json_of_details(&self, out: &mut Vec<u8>) {
        if let Some(details) = self.details {
            details.write_json(out);
        }
    }
}

/// A [`Record`] as one string.
#[derive(Clone, Copy, Debug)]
pub struct RecordText<'a>(Record<'a>);

impl fmt::Display for RecordText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Record { target, message, details, .. } = &self.0;
        details.map_or(Ok(()), |details| details.write_spans(f))?;
        if let Some(target) = target {
            f.write_str(target)?;
            f.write_str(": ")?;
        }
        f.write_fmt(*message)?;
        details.map_or(Ok(()), |details| details.write_fields(f))
    }
}

/// The fields and the spans of a [`Record`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogDetails {
    /// Values beside the message.
    pub fields: Vec<LogField>,
    /// The spans that it is in, outermost first.
    pub spans: Vec<LogSpan>,
}

/// [`LogDetails`] behind a trait object, so that a program that has none does not contain the code
/// that writes them.
trait Details: fmt::Debug + Sync {
    fn get(&self) -> &LogDetails;
    fn write_spans(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn write_fields(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn write_json(&self, out: &mut Vec<u8>);
}

impl Details for LogDetails {
    fn get(&self) -> &LogDetails {
        self
    }

    fn write_spans(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for span in &self.spans {
            f.write_str(&span.name)?;
            if let [first, others @ ..] = &span.fields[..] {
                write!(f, "{{{first}")?;
                others.iter().try_for_each(|field| write!(f, " {field}"))?;
                f.write_str("}")?;
            }
            f.write_str(":")?;
        }
        f.write_str(if self.spans.is_empty() { "" } else { " " })
    }

    fn write_fields(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields.iter().try_for_each(|field| write!(f, " {field}"))
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        if !self.fields.is_empty() {
            out.extend_from_slice(b",\"fields\":");
            let _ = serde_json::to_writer(&mut *out, &Fields(&self.fields));
        }
        if !self.spans.is_empty() {
            out.extend_from_slice(b",\"spans\":");
            let _ = serde_json::to_writer(&mut *out, &self.spans);
        }
    }
}

struct Fields<'a>(&'a [LogField]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|field| (&field.name, &field.value)))
    }
}

/// A value with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct LogField {
    /// The name.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: LogValue,
}

impl fmt::Display for LogField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=", self.name)?;
        match &self.value {
            LogValue::Bool(value) => write!(f, "{value}"),
            LogValue::Integer(value) => write!(f, "{value}"),
            LogValue::Float(value) => write!(f, "{value:?}"),
            LogValue::Str(value) => write!(f, "{value:?}"),
            LogValue::Debug(value) => f.write_str(value),
        }
    }
}

/// The value of a [`LogField`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LogValue {
    /// True or false.
    Bool(bool),
    /// Any integer.
    Integer(i128),
    /// Any other number; what JSON cannot hold is a string there.
    Float(f64),
    /// A string, in quotes in a text.
    Str(String),
    /// The `Debug` or `Display` of anything else: a string in JSON, and as it is in a text.
    Debug(String),
}

impl Serialize for LogValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i128(*value),
            Self::Float(value) if value.is_finite() => serializer.serialize_f64(*value),
            Self::Float(value) => serializer.collect_str(value),
            Self::Str(value) | Self::Debug(value) => serializer.serialize_str(value),
        }
    }
}

/// A span of `tracing`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogSpan {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its fields.
    pub fields: Vec<LogField>,
}

/// An object with the `name` of the span and its fields.
impl Serialize for LogSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("name", &self.name)?;
        for field in &self.fields {
            // The span's own name stands there.
            let name = if field.name == "name" { "field.name" } else { &*field.name };
            object.serialize_entry(name, &field.value)?;
        }
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &'static str, value: LogValue) -> LogField {
        LogField { name: name.into(), value }
    }

    #[test]
    fn a_text_has_spans_target_message_and_fields() {
        let spans = [
            LogSpan {
                name: "order".into(),
                fields: vec![
                    field("id", LogValue::Integer(7)),
                    field("by", LogValue::Str("a".into())),
                ],
            },
            LogSpan { name: "ship".into(), fields: Vec::new() },
        ];
        let fields = vec![
            field("count", LogValue::Float(1.0)),
            field("why", LogValue::Debug("None".into())),
        ];
        let details = LogDetails { fields, spans: spans.to_vec() };
        let mut record = Record::new(Level::Info, "", format_args!("lost")).with_details(&details);
        record.target = Some("shop");
        assert_eq!(
            record.text().to_string(),
            "order{id=7 by=\"a\"}:ship: shop: lost count=1.0 why=None"
        );
        assert_eq!((record.fields().len(), record.spans()), (2, &spans[..]));
        assert_eq!(Record::new(Level::Info, "", format_args!("plain")).text().to_string(), "plain");
        let json = serde_json::to_string(&spans).expect("it is JSON");
        assert_eq!(json, r#"[{"name":"order","id":7,"by":"a"},{"name":"ship"}]"#);
    }
}
