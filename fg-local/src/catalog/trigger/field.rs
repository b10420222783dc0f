//! The fields of a trigger's data, and what is accepted in them.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

/// A field of a trigger's data.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) is_required: bool,
}

/// What is accepted in a field.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A string of at most so many bytes.
    Text(usize),
    /// As a string; it is never kept.
    Secret,
    OneOf(&'static [&'static str]),
    Number(RangeInclusive<i64>),
    Flag,
    /// `true` or `"true"`: models and documents differ.
    FlagOrText,
    /// At least one string.
    Texts,
    Object,
}

/// A field that may be absent.
pub(super) const fn optional(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, is_required: false }
}

/// A field that has to be there.
pub(super) const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, is_required: true }
}

impl Field {
    /// What is wrong with it in this data: a sentence about the field.
    pub(super) fn check(&self, data: &Map<String, Value>, is_new: bool) -> Result<(), String> {
        let name = self.name;
        let Some(value) = data.get(name).filter(|value| !value.is_null()) else {
            return if self.is_required { Err(format!("{name} is missing")) } else { Ok(()) };
        };
        // Clients send empty values for what they do not set.
        let is_empty = value.as_str() == Some("");
        if is_empty && (!self.is_required || matches!(self.kind, Kind::Secret) && !is_new) {
            return Ok(());
        }
        if is_empty { Err(format!("{name} is empty")) } else { self.kind.check(name, value) }
    }
}

impl Kind {
    fn check(&self, name: &str, value: &Value) -> Result<(), String> {
        let is_text = |value: &Value, limit: usize| {
            value.as_str().is_some_and(|text| text.len() <= limit && !text.contains('\0'))
        };
        let (is_right, expected) = match self {
            Self::Text(limit) => {
                (is_text(value, *limit), format!("a string of at most {limit} bytes"))
            }
            Self::Secret => (is_text(value, 1024), "a string of at most 1024 bytes".into()),
            Self::OneOf(values) => {
                (value.as_str().is_some_and(|value| values.contains(&value)), values.join(" or "))
            }
            Self::Number(range) => (
                value.as_i64().is_some_and(|number| range.contains(&number)),
                format!("a number from {} to {}", range.start(), range.end()),
            ),
            Self::Flag => (value.is_boolean(), "true or false".into()),
            Self::FlagOrText => (
                value.is_boolean() || matches!(value.as_str(), Some("true" | "false")),
                "true or false".into(),
            ),
            Self::Texts => (
                value.as_array().is_some_and(|list| {
                    !list.is_empty()
                        && list.len() <= 200
                        && list.iter().all(|one| is_text(one, 1024))
                }),
                "an array of strings with at least one".into(),
            ),
            Self::Object => (value.is_object(), "an object".into()),
        };
        if is_right { Ok(()) } else { Err(format!("{name} must be {expected}")) }
    }
}

/// Empties whatever is named as a secret. The platform returns some of them; nothing here needs
/// them.
pub(super) fn empty_secrets(data: &mut Map<String, Value>) {
    for (name, value) in data {
        let name = name.to_ascii_lowercase();
        if name.contains("password") || name.contains("secret") {
            *value = "".into();
        } else if let Value::Object(nested) = value {
            empty_secrets(nested);
        }
    }
}
