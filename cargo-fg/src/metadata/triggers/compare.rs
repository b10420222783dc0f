//! Compares triggers of the manifest with what the platform answers.

use serde_json::{Map, Value};

use super::types::{Type, of_code};
use crate::desired::Trigger;

/// A setting that is not as it should be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    /// Its key in `event_data`, such as `func_info.timeout`.
    pub(crate) field: String,
    pub(crate) old: Value,
    pub(crate) new: Value,
}

impl Trigger {
    /// Whether this trigger of the platform is this one: it has the same type, and the same name,
    /// bucket, topic, or what tells triggers of its type apart.
    pub(crate) fn is_same(&self, type_code: &str, event_data: &Map<String, Value>) -> bool {
        let (identity, is_silent) =
            of_code(type_code).map_or((&[][..], false), |one| (one.identity, one.is_silent));
        let is_equal = |key: &&str| match (self.settings.get(*key), event_data.get(*key)) {
            (_, None) if is_silent => true,
            (ours, theirs) => is_like(ours.unwrap_or(&Value::Null), theirs.unwrap_or(&Value::Null)),
        };
        self.type_code == type_code && identity.iter().all(is_equal)
    }

    /// The settings that are not as they should be. Fields that the answer does not have cannot be
    /// compared, those that it adds are the platform's, and passwords are never told.
    pub(crate) fn differences(&self, event_data: &Map<String, Value>) -> Vec<Difference> {
        let mut found = Vec::new();
        compare("", &self.settings, event_data, &mut found);
        found
    }

    /// What it is in a few words: `timer nightly`, `apig GET /orders`, `obs photos`.
    pub(crate) fn title(&self) -> String {
        let Some(Type { name, identity, .. }) = of_code(&self.type_code) else {
            return self.type_code.to_ascii_lowercase();
        };
        let of_gateway: &[&str] = &["req_method", "path"];
        let keys = if identity.contains(&"path") { of_gateway } else { identity };
        let values = keys.iter().filter_map(|key| match self.settings.get(*key)? {
            Value::String(text) => Some(text.clone()),
            Value::Array(list) => {
                let texts: Vec<_> = list.iter().filter_map(Value::as_str).collect();
                Some(texts.join(","))
            }
            other => Some(other.to_string()),
        });
        std::iter::once((*name).to_owned()).chain(values).collect::<Vec<_>>().join(" ")
    }
}

/// Settings of timers and of object storage that are told if there are any: without one, it is
/// empty.
const TOLD: [&str; 3] = ["prefix", "suffix", "user_event"];

fn compare(
    above: &str,
    ours: &Map<String, Value>,
    theirs: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    for (key, new) in ours {
        let field = format!("{above}{key}");
        match (new, theirs.get(key)) {
            (new, None | Some(Value::Null)) if TOLD.contains(&key.as_str()) => {
                if !is_like(new, &Value::Null) {
                    found.push(Difference { field, old: Value::Null, new: new.clone() });
                }
            }
            (_, None | Some(Value::Null)) => {}
            (Value::Object(new), Some(Value::Object(old))) => {
                compare(&format!("{field}."), new, old, found);
            }
            (new, Some(old)) if is_like(new, old) => {}
            (new, Some(old)) => {
                found.push(Difference { field, old: old.clone(), new: new.clone() });
            }
        }
    }
}

/// Whether two values mean the same: the API has some numbers and flags as strings, nothing as an
/// empty string, and lists in any order.
fn is_like(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            let sorted = |list: &[Value]| {
                let mut texts: Vec<_> = list.iter().map(text_of).collect();
                texts.sort_unstable();
                texts
            };
            sorted(one) == sorted(other)
        }
        (one, other) => text_of(one) == text_of(other),
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        // The names of events of object storage come with it or without.
        Value::String(text) => text.strip_prefix("s3:").unwrap_or(text).to_owned(),
        other => other.to_string(),
    }
}
