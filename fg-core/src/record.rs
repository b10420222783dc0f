//! One thing to log, in its parts: a sink writes them one by one, or all of them as a text.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::log::Level;

/// One thing to log.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Record<'a> {
    /// How much it matters.
    pub level: Level,
    /// The invocation it belongs to; empty outside of any.
    pub request_id: &'a str,
    /// The module or subsystem that says it, as the crates `log` and `tracing` have it; none for a line of [`Logger`](crate::Logger).
    pub target: Option<&'a str>,
    /// What to say.
    pub message: fmt::Arguments<'a>,
    /// Values beside the message.
    pub fields: &'a [LogField],
    /// The spans of `tracing` that it is in, outermost first.
    pub spans: &'a [LogSpan],
}

impl<'a> Record<'a> {
    /// A message and nothing else.
    #[must_use]
    pub const fn new(level: Level, request_id: &'a str, message: fmt::Arguments<'a>) -> Self {
        Self { level, request_id, target: None, message, fields: &[], spans: &[] }
    }

    /// All that is said, as one text: `order{id=7}:ship: shop::stock: lost count=3`.
    #[must_use]
    pub fn text(&self) -> RecordText<'a> {
        RecordText(*self)
    }
}

/// What a [`Record`] says, as a text.
#[derive(Clone, Copy, Debug)]
pub struct RecordText<'a>(Record<'a>);

impl fmt::Display for RecordText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Record { target, message, fields, spans, .. } = &self.0;
        for span in *spans {
            f.write_str(&span.name)?;
            if let [first, others @ ..] = &span.fields[..] {
                write!(f, "{{{first}")?;
                others.iter().try_for_each(|field| write!(f, " {field}"))?;
                f.write_str("}")?;
            }
            f.write_str(":")?;
        }
        if !spans.is_empty() {
            f.write_str(" ")?;
        }
        if let Some(target) = target {
            write!(f, "{target}: ")?;
        }
        f.write_fmt(*message)?;
        fields.iter().try_for_each(|field| write!(f, " {field}"))
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
            LogValue::String(value) => write!(f, "{value:?}"),
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
    String(String),
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
            Self::String(value) | Self::Debug(value) => serializer.serialize_str(value),
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
                fields: vec![field("id", LogValue::Integer(7)), field("by", LogValue::String("a".into()))],
            },
            LogSpan { name: "ship".into(), fields: Vec::new() },
        ];
        let fields = [field("count", LogValue::Float(1.0)), field("why", LogValue::Debug("None".into()))];
        let record =
            Record { target: Some("shop"), fields: &fields, spans: &spans, ..Record::new(Level::Info, "", format_args!("lost")) };
        assert_eq!(record.text().to_string(), "order{id=7 by=\"a\"}:ship: shop: lost count=1.0 why=None");
        assert_eq!(Record::new(Level::Info, "", format_args!("plain")).text().to_string(), "plain");
        let json = serde_json::to_string(&spans).expect("it is JSON");
        assert_eq!(json, r#"[{"name":"order","id":7,"by":"a"},{"name":"ship"}]"#);
    }
}
