//! Triggers that exclude each other, in one function or in the whole project.

use std::sync::Arc;

use serde_json::Value;

use super::super::function::{Function, Trigger};
use super::object_storage::overlaps;
use super::trigger_type;
use crate::error::ApiError;

/// Whether a trigger can be beside those that are there. `function` is the one that it is for.
///
/// # Errors
///
/// The platform's code for the conflict.
pub(crate) fn check_conflicts(
    trigger: &Trigger,
    function: &Function,
    all: &[Arc<Function>],
) -> Result<(), ApiError> {
    let kind = trigger_type(&trigger.type_code)?;
    let same_type =
        |other: &&Trigger| other.type_code == trigger.type_code && other.id != trigger.id;
    let text = |trigger: &Trigger, name: &str| {
        trigger.event_data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    // A path or a bucket is the whole project's.
    let mut everywhere = all.iter().flat_map(|function| &function.triggers).filter(same_type);
    let mut here = function.triggers.iter().filter(same_type);
    if kind.has_path {
        let api = |trigger: &Trigger| {
            (text(trigger, "group_id"), text(trigger, "path"), text(trigger, "req_method"))
        };
        if everywhere.any(|other| api(other) == api(trigger)) {
            return Err(ApiError::conflict(
                kind.exists,
                format!(
                    "The request path already exists: {} {} in this group",
                    text(trigger, "req_method"),
                    text(trigger, "path")
                ),
            ));
        }
    } else if kind.code == "OBS" {
        if everywhere.any(|other| overlaps(&other.event_data, &trigger.event_data)) {
            return Err(ApiError::forbidden(
                "FSS.1108",
                "The bucket configuration of the current trigger conflicts with that of an \
                 existing OBS trigger: an event of the bucket would be for both",
            ));
        }
    } else if kind.code == "TIMER" {
        let name = text(trigger, "name");
        if here.any(|other| text(other, "name") == name) {
            return Err(ApiError::conflict(
                kind.exists,
                format!("The timer trigger already exists: this function has a timer {name}"),
            ));
        }
    } else if kind.code == "SMN"
        && here.any(|other| text(other, "topic_urn") == text(trigger, "topic_urn"))
    {
        return Err(ApiError::conflict(
            kind.exists,
            "The SMN trigger already exists: this function has one of this topic",
        ));
    }
    Ok(())
}
