//! Tests of plans: what there is, what should be, and the steps between.

mod flags;
mod plan;
mod show;
mod triggers;
mod versions;

use fg_client::FunctionUrn;
use fg_client::functions::Function;
use serde_json::{Value, json};

use super::code::{Code, Zip};
use super::plan::{Goal, Options, Plan};
use super::state::Existing;
use super::step::{Action, Step};
use crate::desired::{Desired, Runtime, Trigger, Variables};
use crate::failure::Failure;

/// A function with the platform's defaults.
fn desired() -> Desired {
    Desired {
        name: "greet".into(),
        app: "default".into(),
        runtime: Runtime::Custom,
        handler: "bootstrap".into(),
        memory: None,
        timeout: None,
        description: None,
        variables: Variables::default(),
        secrets: [].into(),
        references: [].into(),
        agency: None,
        configuration_agency: None,
        vpc: None,
        ephemeral_storage: None,
        concurrency: None,
        max_instances: None,
        log: None,
        asynchronous: None,
        triggers: Vec::new(),
    }
}

fn urn() -> FunctionUrn {
    FunctionUrn::new("cn-north-4", "0123", "default", "greet").expect("it is one")
}

fn zip(content: &str) -> Code {
    Code::Zip(Zip::new(content.as_bytes().to_vec()))
}

/// The function that `desired` with the code `code` becomes, as the platform answers, with these
/// fields besides.
fn on_platform(fields: &Value) -> Function {
    let mut answer = json!({
        "func_name": "greet", "runtime": "Custom", "handler": "bootstrap", "memory_size": 128,
        "timeout": 3, "digest": zip("code").identity(), "version": "latest", "user_data": "",
        "encrypted_user_data": "", "description": "", "xrole": "", "app_xrole": "",
        "ephemeral_storage": 512, "strategy_config": {"concurrency": -1, "concurrent_num": 1},
        "log_group_id": "g", "log_stream_id": "s", "enable_lts_log": false,
        "last_modified": "2026-11-27T10:00:00Z",
    });
    for (name, value) in fields.as_object().expect("an object") {
        answer[name] = value.clone();
    }
    serde_json::from_value(answer).expect("it is an answer")
}

fn existing(fields: &Value) -> Existing {
    Existing { function: on_platform(fields), ..Existing::default() }
}

fn plan(
    desired: &Desired,
    code: &Code,
    options: &Options,
    existing: Option<&Existing>,
) -> Result<Plan, Failure> {
    let urn = urn();
    let mut goal = Goal::new(desired, code, &urn, "0.1.0", options);
    goal.mark(existing);
    Plan::make(&goal, existing)
}

/// The plan, which is one that can be made.
fn planned(desired: &Desired, options: &Options, existing: Option<&Existing>) -> Plan {
    plan(desired, &zip("code"), options, existing).expect("it is possible")
}

/// `create`, `configure`, `publish v1`.
fn names(plan: &Plan) -> Vec<String> {
    let name = |step: &Step| match step.action.target() {
        Some(target) => format!("{} {target}", step.action.name()),
        None => step.action.name().to_owned(),
    };
    plan.steps.iter().map(name).collect()
}

fn body<'p>(plan: &'p Plan, name: &str) -> &'p Action {
    let step = plan.steps.iter().find(|step| step.action.name() == name);
    &step.unwrap_or_else(|| panic!("no step {name} in {:?}", names(plan))).action
}

fn timer(name: &str, schedule: &str) -> Trigger {
    let settings = json!({"name": name, "schedule_type": "Cron", "schedule": schedule});
    Trigger {
        type_code: "TIMER".into(),
        name: Some(name.into()),
        settings: settings.as_object().cloned().expect("an object"),
        ..Trigger::default()
    }
}

fn timer_on_platform(id: &str, name: &str, schedule: &str) -> fg_client::triggers::Trigger {
    serde_json::from_value(json!({
        "trigger_id": id, "trigger_type_code": "TIMER", "trigger_status": "ACTIVE",
        "event_data": {"name": name, "schedule_type": "Cron", "schedule": schedule},
    }))
    .expect("it is an answer")
}
