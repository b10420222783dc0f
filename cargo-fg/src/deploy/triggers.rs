//! The steps that make the triggers of a function what they should be.

use fg_client::FunctionUrn;
use fg_client::triggers::{CreateTrigger, Trigger as Existing, UpdateTrigger};
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::deploy::rows::Change;
use crate::deploy::step::{Action, Step};
use crate::desired::Trigger;
use crate::failure::{Exit, Failure};

/// What the platform changes of a trigger that is there. Other fields need a new trigger.
const UPDATABLE: [&str; 4] = ["is_serial", "max_fetch_bytes", "polling_interval", "polling_unit"];

/// The status of a trigger that is switched on, and of one that is switched off.
const ACTIVE: &str = "ACTIVE";
const DISABLED: &str = "DISABLED";

/// The steps for triggers, and notes about those that are not in the manifest.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct TriggerSteps {
    pub(crate) steps: Vec<Step>,
    pub(crate) notes: Vec<String>,
}

/// Compares the triggers of `target`, a function or an alias.
pub(crate) fn compare(
    existing: &[Existing],
    desired: &[Trigger],
    target: &FunctionUrn,
    prunes: bool,
) -> TriggerSteps {
    let mut result = TriggerSteps::default();
    let mut is_wanted = vec![false; existing.len()];
    for trigger in desired {
        let found = existing.iter().enumerate().find(|(at, existing)| {
            let code = existing.trigger_type_code.as_deref().unwrap_or_default();
            !is_wanted[*at] && trigger.is_same(code, &data(existing))
        });
        match found {
            Some((at, existing)) => {
                is_wanted[at] = true;
                change(trigger, existing, target, &mut result.steps);
                if trigger.enabled.is_none() && existing.trigger_status.as_deref() == Some(DISABLED)
                {
                    result.notes.push(format!(
                        "the trigger {} is switched off, and stays so; `enabled = true` in the \
                         manifest switches it on",
                        trigger.title()
                    ));
                }
            }
            None => result.steps.push(create(trigger, target)),
        }
    }
    let others = existing.iter().zip(is_wanted).filter(|(_, is_wanted)| !is_wanted);
    for (existing, _) in others {
        if prunes {
            result.steps.push(delete(existing, title(existing), target));
        } else {
            result.notes.push(format!(
                "the trigger {} is not in the manifest, and stays; --prune removes it",
                title(existing)
            ));
        }
    }
    result
}

/// Compares the triggers of `latest` with those of an alias: one that is in both would start the
/// function twice, and most types are refused. The steps remove them, if that is wanted.
pub(crate) fn leave_latest(
    existing: &[Existing],
    desired: &[Trigger],
    function: &FunctionUrn,
    prunes: bool,
) -> Result<Vec<Step>, Failure> {
    let is_in_both = |existing: &&Existing| {
        let code = existing.trigger_type_code.as_deref().unwrap_or_default();
        desired.iter().any(|trigger| trigger.is_same(code, &data(existing)))
    };
    let both: Vec<_> = existing.iter().filter(is_in_both).collect();
    if both.is_empty() || prunes {
        let title = |existing: &Existing| format!("{} of latest", title(existing));
        let delete = |existing: &Existing| delete(existing, title(existing), function);
        return Ok(both.into_iter().map(delete).collect());
    }
    let titles: Vec<_> = both.into_iter().map(title).collect();
    Err(Failure::new(
        Exit::Failed,
        format!(
            "triggers of the alias are there already, and belong to `latest`: {}",
            titles.join(", ")
        ),
    )
    .advise("--prune moves them to the alias, so that they start only the version of the alias"))
}

fn data(existing: &Existing) -> Map<String, Value> {
    existing.event_data.clone().unwrap_or_default().0
}

/// The words for a trigger that may not be in the manifest.
fn title(existing: &Existing) -> String {
    let code = existing.trigger_type_code.clone().unwrap_or_default();
    let settings = data(existing);
    let trigger = Trigger {
        type_code: code,
        name: None,
        enabled: None,
        settings,
        passwords: BTreeMap::new(),
        references: BTreeMap::new(),
    };
    trigger.title()
}

fn create(trigger: &Trigger, target: &FunctionUrn) -> Step {
    let mut data = trigger.settings.clone();
    if let Some(Value::Object(info)) = data.get_mut("func_info") {
        // API Gateway has to know the function; the manifest cannot know its project.
        info.entry("function_urn").or_insert_with(|| target.to_string().into());
    }
    for (field, password) in &trigger.passwords {
        data.insert(field.clone(), password.expose().into());
    }
    let mut body = CreateTrigger::new(&trigger.type_code, data);
    body.trigger_status = trigger.enabled.map(|enabled| status(enabled).to_owned());
    Step::new(Action::CreateTrigger { target: target.clone(), title: trigger.title(), body })
}

fn delete(existing: &Existing, title: String, target: &FunctionUrn) -> Step {
    Step::new(Action::DeleteTrigger {
        target: target.clone(),
        title,
        code: existing.trigger_type_code.clone().unwrap_or_default(),
        id: existing.trigger_id.clone().unwrap_or_default(),
    })
}

fn status(enabled: bool) -> &'static str {
    if enabled { ACTIVE } else { DISABLED }
}

/// Updates what can be updated, and otherwise replaces the trigger.
fn change(trigger: &Trigger, existing: &Existing, target: &FunctionUrn, steps: &mut Vec<Step>) {
    let differences = trigger.differences(&data(existing));
    let mut changes: Vec<_> = differences
        .iter()
        .map(|difference| Change {
            field: difference.field.clone(),
            old: Some(difference.old.clone()).filter(|old| !old.is_null()),
            new: Some(difference.new.clone()),
        })
        .collect();
    let wanted = trigger.enabled.map(status);
    let status = wanted.filter(|wanted| existing.trigger_status.as_deref() != Some(*wanted));
    if let Some(status) = status {
        changes.push(Change {
            field: "status".into(),
            old: existing.trigger_status.clone().map(Value::from),
            new: Some(status.into()),
        });
    }
    if changes.is_empty() {
        return;
    }
    if !differences.iter().all(|difference| UPDATABLE.contains(&&*difference.field)) {
        steps.push(delete(existing, trigger.title(), target));
        let mut step = create(trigger, target);
        step.changes = changes;
        steps.push(step);
        return;
    }
    let mut body = UpdateTrigger::default();
    body.trigger_status = status.map(str::to_owned);
    let fields: Map<String, Value> =
        differences.into_iter().map(|difference| (difference.field, difference.new)).collect();
    body.event_data = (!fields.is_empty()).then(|| fields.into());
    let action = Action::UpdateTrigger {
        target: target.clone(),
        title: trigger.title(),
        code: trigger.type_code.clone(),
        id: existing.trigger_id.clone().unwrap_or_default(),
        body,
    };
    steps.push(Step { action, changes });
}
