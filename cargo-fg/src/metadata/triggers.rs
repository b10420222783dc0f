//! `triggers`: reads them by the tables of their types.

mod compare;
mod field;
mod gateway;
pub(super) mod notices;
mod objects;
mod pulled;
#[cfg(test)]
mod tests;
mod types;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::entry::Entry;
use super::mistake::Mistake;
use super::schedule::Schedule;
use super::timers::TimerMetadata;
use super::variables::password;
use crate::desired::Trigger;
use field::Kind;

/// A trigger in a manifest.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TriggerMetadata {
    /// The trigger without the values of its passwords.
    pub(crate) trigger: Trigger,
    /// The program that it invokes, if the package has several.
    pub(crate) function: Option<String>,
}

/// The keys that each type has.
const KEYS: [&str; 3] = ["type", "enabled", "function"];

/// Reads `triggers`.
pub(super) fn read(entry: &Entry<'_>) -> Result<Vec<TriggerMetadata>, Mistake> {
    entry.list()?.iter().map(trigger).collect()
}

fn trigger(entry: &Entry<'_>) -> Result<TriggerMetadata, Mistake> {
    let table = entry.table()?;
    let kind = types::read(&table.required("type").map_err(|mistake| {
        let names: Vec<_> = types::all().map(|one| one.name).collect();
        mistake.advise(format!("there are: {}", names.join(", ")))
    })?)?;
    let keys: Vec<_> = KEYS.into_iter().chain(kind.fields.iter().map(|field| field.name)).collect();
    table.check_keys(&keys)?;
    let (mut settings, mut references) = (Map::new(), BTreeMap::new());
    for field in kind.fields {
        if let (Kind::Password, Some(entry)) = (&field.kind, table.get(field.name)) {
            references.insert(field.key.to_owned(), password(&entry)?);
        }
        if let Some(value) = field.read(&table)? {
            field.put(value, &mut settings);
        }
    }
    let enabled = table.read("enabled", |entry| match entry.flag()? {
        false if !kind.can_be_disabled => {
            Err(entry.wrong("triggers of this type cannot be switched off"))
        }
        enabled => Ok(enabled),
    })?;
    let name = settings.get("name").or_else(|| settings.get("trigger_name"));
    let mut trigger = Trigger {
        type_code: kind.code.to_owned(),
        name: name.and_then(Value::as_str).map(str::to_owned),
        enabled,
        settings,
        passwords: BTreeMap::new(),
        references,
    };
    (kind.finish)(&table, &mut trigger)?;
    let function = table.read("function", |entry| entry.string().map(str::to_owned))?;
    Ok(TriggerMetadata { trigger, function })
}

impl TriggerMetadata {
    /// The timer that it is, if it is one that fires.
    pub(super) fn timer(&self) -> Option<TimerMetadata> {
        let Trigger { type_code, enabled, settings, name, .. } = &self.trigger;
        if type_code != "TIMER" || *enabled == Some(false) {
            return None;
        }
        let text = |key: &str| settings.get(key).and_then(Value::as_str);
        Some(TimerMetadata {
            schedule: Schedule::of_api(text("schedule_type")?, text("schedule")?),
            name: name.clone(),
            text: text("user_event").map(str::to_owned),
            function: self.function.clone(),
        })
    }
}

impl TimerMetadata {
    /// The trigger that it is the short form of; `name` is for one without.
    pub(super) fn trigger(&self, name: &str) -> Trigger {
        let name = self.name.as_deref().unwrap_or(name);
        let mut settings = Map::new();
        settings.insert("name".to_owned(), name.into());
        settings.insert("schedule_type".to_owned(), self.schedule.kind().into());
        settings.insert("schedule".to_owned(), self.schedule.text.clone().into());
        if let Some(text) = &self.text {
            settings.insert("user_event".to_owned(), text.clone().into());
        }
        Trigger {
            type_code: "TIMER".to_owned(),
            name: Some(name.to_owned()),
            enabled: None,
            settings,
            passwords: BTreeMap::new(),
            references: BTreeMap::new(),
        }
    }
}

/// The fields of all types, with the names of these; a type without fields is there once.
#[cfg(test)]
pub(super) fn each_field() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    types::all().flat_map(|one| {
        let fields = one.fields.iter().map(move |field| (one.name, Some(field.name)));
        fields.chain([(one.name, None)])
    })
}

/// Whether the platform fetches messages for triggers of this type.
pub(super) fn is_pulled(trigger: &Trigger) -> bool {
    types::of_code(&trigger.type_code).is_some_and(|one| one.is_pulled)
}
