//! A function for tests.

use serde_json::{Value, json};

use crate::catalog::function::Function;

/// The function `default:greet` with this id and these triggers: type, id, and `event_data`.
pub(crate) fn function(id: &str, triggers: &[(&str, &str, Value)]) -> Function {
    let now = "2026-01-01T00:00:00Z";
    let triggers: Vec<_> = triggers
        .iter()
        .map(|(type_code, id, event_data)| {
            json!({
                "id": id, "qualifier": "latest", "type_code": type_code, "is_active": true,
                "event_data": event_data, "created": now, "last_updated": now,
            })
        })
        .collect();
    let function = json!({
        "id": id,
        "name": {"package": "default", "name": "greet"},
        "created": now,
        "latest": {"name": "latest", "config": {}, "code": {}, "last_modified": now},
        "triggers": triggers,
    });
    serde_json::from_value(function).expect("it is a function")
}
