//! What the metadata will have.
use serde_json::{Map, Value};

use crate::desired::Trigger;

pub(crate) struct Difference {
    pub(crate) field: String,
    pub(crate) old: Value,
    pub(crate) new: Value,
}

impl Default for Trigger {
    fn default() -> Self {
        Self {
            type_code: String::new(),
            name: None,
            enabled: None,
            settings: Map::new(),
            passwords: Default::default(),
            references: Default::default(),
        }
    }
}

impl Trigger {
    pub(crate) fn is_same(&self, type_code: &str, event_data: &Map<String, Value>) -> bool {
        self.type_code == type_code && self.settings.get("name") == event_data.get("name")
    }
    pub(crate) fn differences(&self, event_data: &Map<String, Value>) -> Vec<Difference> {
        self.settings
            .iter()
            .filter(|(field, value)| event_data.get(*field) != Some(value))
            .map(|(field, value)| Difference {
                field: field.clone(),
                old: event_data.get(field).cloned().unwrap_or_default(),
                new: value.clone(),
            })
            .collect()
    }
    pub(crate) fn title(&self) -> String {
        format!(
            "{} {}",
            self.type_code.to_lowercase(),
            self.settings.get("name").and_then(Value::as_str).unwrap_or_default()
        )
    }
}
