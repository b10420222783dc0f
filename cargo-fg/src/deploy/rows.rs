//! The settings of a function as rows that can be compared and shown: those that it has, and those
//! that it should have.

use std::collections::BTreeMap;

use fg_client::functions::{Function, UserData};
use serde::Serialize;
use serde_json::{Value, json};

use crate::deploy::body::{DEFAULT_MEMORY, DEFAULT_TIMEOUT};
use crate::desired::{Desired, Runtime};
use crate::metadata::looks_secret;

/// A setting that differs. The values of secrets are `***`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Change {
    pub(crate) field: String,
    pub(crate) old: Option<Value>,
    pub(crate) new: Option<Value>,
}

/// Values by the name of the field in the manifest. What is absent, empty or the platform's default
/// has no row, so that these are equal.
pub(crate) type Rows = BTreeMap<String, Value>;

/// What stands for the value of a secret.
pub(crate) const HIDDEN: &str = "***";

/// The settings that a function has, and those that it should have. Both have only rows for what
/// can be compared: a setting of the platform that the manifest does not name is equal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) now: Rows,
    pub(crate) then: Rows,
}

impl Comparison {
    /// Compares; without a function, with what the platform would do by itself.
    pub(crate) fn new(function: Option<&Function>, desired: &Desired, prunes: bool) -> Self {
        let mut default = Function::default();
        default.memory_size = Some(DEFAULT_MEMORY.into());
        default.timeout = Some(DEFAULT_TIMEOUT.into());
        let function = function.unwrap_or(&default);
        let now = rows_of(function, desired);
        let then = rows_after(now.clone(), desired, prunes);
        Self { now, then }
    }

    /// All settings of a new function.
    pub(crate) fn all(&self) -> Vec<Change> {
        let change = |(field, value): (&String, &Value)| Change {
            field: field.clone(),
            old: None,
            new: Some(shown(field, value)),
        };
        self.then.iter().map(change).collect()
    }

    /// The settings that differ and are wanted, sorted by name.
    pub(crate) fn changes(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<Change> {
        let mut fields: Vec<_> = self.now.keys().chain(self.then.keys()).collect();
        fields.sort_unstable();
        fields.dedup();
        let changed = |field: &&String| self.now.get(*field) != self.then.get(*field);
        fields
            .into_iter()
            .filter(changed)
            .filter(|field| is_wanted(field))
            .map(|field| {
                let shown = |rows: &Rows| rows.get(field).map(|value| shown(field, value));
                Change { field: field.clone(), old: shown(&self.now), new: shown(&self.then) }
            })
            .collect()
    }
}

/// A value as it is shown: one that looks like a secret is not.
fn shown(field: &str, value: &Value) -> Value {
    let name = field.strip_prefix(VARIABLE);
    match (name, value) {
        (Some(name), Value::String(text)) if looks_secret(name, text) => HIDDEN.into(),
        _ => value.clone(),
    }
}

const VARIABLE: &str = "environment.";
const SECRET: &str = "secrets.";

fn rows_of(function: &Function, desired: &Desired) -> Rows {
    let mut rows = Rows::new();
    put(&mut rows, "handler", text(function.handler.as_ref()));
    put(&mut rows, "memory", function.memory_size.filter(|size| *size > 0).map(Value::from));
    put(&mut rows, "timeout", function.timeout.filter(|time| *time > 0).map(Value::from));
    put(&mut rows, "description", text(function.description.as_ref()));
    put(&mut rows, "agency", text(function.app_xrole.as_ref()));
    put(&mut rows, "configuration_agency", text(function.xrole.as_ref()));
    for (name, value) in function.user_data.iter().flat_map(|data| &data.0) {
        put(&mut rows, &format!("{VARIABLE}{name}"), Some(value.as_str().into()));
    }
    for name in function.encrypted_user_data.iter().flat_map(UserData::names) {
        put(&mut rows, &format!("{SECRET}{name}"), Some(HIDDEN.into()));
    }
    if let Some(vpc) = &function.func_vpc {
        put(&mut rows, "vpc.id", text(vpc.vpc_id.as_ref()));
        put(&mut rows, "vpc.subnet_id", text(vpc.subnet_id.as_ref()));
        put(&mut rows, "vpc.security_groups", sorted(vpc.security_groups.iter().flatten()));
    }
    let storage = function.ephemeral_storage.filter(|size| ![0, 512].contains(size));
    put(&mut rows, "ephemeral_storage", storage.map(Value::from));
    if let Some(strategy) = &function.strategy_config {
        let requests = strategy.concurrent_num.filter(|number| *number > 1);
        put(&mut rows, "concurrency", requests.map(Value::from));
        put(&mut rows, MAX_INSTANCES, limit(strategy.concurrency).map(Value::from));
    }
    let image = function.custom_image.as_ref().and_then(|image| image.image.as_ref());
    put(&mut rows, "image", text(image));
    put(&mut rows, "log.lts", function.enable_lts_log.filter(|on| *on).map(Value::from));
    let labels = function.other.get("lts_custom_tag").and_then(Value::as_object);
    for (name, value) in labels.into_iter().flatten() {
        put(&mut rows, &format!("log.labels.{name}"), Some(value.clone()));
    }
    // The platform makes a group by itself, which is compared only with one that is wanted.
    if let Some(log) = &desired.log {
        let [group, stream] = log_ids(function);
        put(&mut rows, "log.group_id", group.filter(|_| log.group_id.is_some()).map(Value::from));
        put(
            &mut rows,
            "log.stream_id",
            stream.filter(|_| log.stream_id.is_some()).map(Value::from),
        );
    }
    rows
}

/// The field that is set by a request of its own.
pub(crate) const MAX_INSTANCES: &str = "max_instances";

fn limit(instances: Option<i64>) -> Option<i64> {
    instances.filter(|number| *number != -1)
}

/// The log group and the log stream: those that were set, or else those that the platform made.
fn log_ids(function: &Function) -> [Option<String>; 2] {
    let set = |name: &str| {
        let config = function.other.get("log_config")?;
        config.get(name)?.as_str().filter(|id| !id.is_empty()).map(str::to_owned)
    };
    [
        set("group_id").or_else(|| function.log_group_id.clone()),
        set("stream_id").or_else(|| function.log_stream_id.clone()),
    ]
}

fn rows_after(mut rows: Rows, desired: &Desired, prunes: bool) -> Rows {
    let Desired { vpc, log, variables, secrets, .. } = desired;
    let number = |number: Option<u32>| number.map(Value::from);
    let string = |text: &Option<String>| text.as_deref().map(Value::from);
    for (field, value) in [
        ("handler", Some(desired.handler.as_str().into())),
        ("memory", number(desired.memory)),
        ("timeout", number(desired.timeout)),
        ("description", string(&desired.description)),
        ("agency", string(&desired.agency)),
        ("configuration_agency", string(&desired.configuration_agency)),
        ("vpc.id", vpc.as_ref().map(|vpc| vpc.id.as_str().into())),
        ("vpc.subnet_id", vpc.as_ref().map(|vpc| vpc.subnet_id.as_str().into())),
        ("ephemeral_storage", number(desired.ephemeral_storage)),
        ("concurrency", number(desired.concurrency)),
        (MAX_INSTANCES, desired.max_instances.map(Value::from)),
        ("log.lts", log.as_ref().and_then(|log| log.lts).map(Value::from)),
        ("log.group_id", log.as_ref().and_then(|log| string(&log.group_id))),
        ("log.stream_id", log.as_ref().and_then(|log| string(&log.stream_id))),
    ] {
        if let Some(value) = value {
            put(&mut rows, field, Some(value));
        }
    }
    if let Some(vpc) = vpc.as_ref().filter(|vpc| !vpc.security_groups.is_empty()) {
        put(&mut rows, "vpc.security_groups", sorted(vpc.security_groups.iter()));
    }
    if let Runtime::Image(image) = &desired.runtime {
        put(&mut rows, "image", Some(image.as_str().into()));
    }
    for (name, value) in log.iter().flat_map(|log| &log.labels) {
        put(&mut rows, &format!("log.labels.{name}"), Some(value.as_str().into()));
    }
    if prunes {
        rows.retain(|field, _| !field.starts_with(VARIABLE) && !field.starts_with(SECRET));
    }
    for (name, value) in &variables.0 {
        put(&mut rows, &format!("{VARIABLE}{name}"), Some(value.as_str().into()));
    }
    for name in secrets.keys() {
        // It may have been readable before.
        rows.remove(&format!("{VARIABLE}{name}"));
        put(&mut rows, &format!("{SECRET}{name}"), Some(HIDDEN.into()));
    }
    rows
}

/// Sets a row, or removes it for what is the same as nothing.
fn put(rows: &mut Rows, field: &str, value: Option<Value>) {
    let is_nothing = |value: &Value| match value {
        // A variable may be empty.
        Value::String(text) => text.is_empty() && !field.starts_with(VARIABLE),
        Value::Bool(on) => !on,
        Value::Array(list) => list.is_empty(),
        _ => {
            *value == Value::Null
                || DEFAULTS.iter().any(|(name, default)| *name == field && *value == json!(default))
        }
    };
    match value.filter(|value| !is_nothing(value)) {
        Some(value) => rows.insert(field.to_owned(), value),
        None => rows.remove(field),
    };
}

/// What the platform does by itself.
const DEFAULTS: [(&str, i64); 3] =
    [("ephemeral_storage", 512), ("concurrency", 1), (MAX_INSTANCES, -1)];

fn text(text: Option<&String>) -> Option<Value> {
    text.map(|text| text.as_str().into())
}

fn sorted<'a>(list: impl Iterator<Item = &'a String>) -> Option<Value> {
    let mut list: Vec<_> = list.map(String::as_str).collect();
    list.sort_unstable();
    Some(list.into())
}
