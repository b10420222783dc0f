//! The timers of functions that are built from source: triggers of the catalog, which last as long
//! as the server that made them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::catalog::Catalog;
use crate::catalog::function::{Function, Trigger};
use crate::catalog::id::derived_uuid;
use crate::catalog::trigger::trigger_type;
use crate::catalog::version::LATEST;
use crate::error::ApiError;
use crate::urn::FunctionName;

/// A timer of a function that is [served](crate::Local::serve). The API knows it as a trigger of
/// the type `TIMER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Its name: at most 64 characters, and only once in a function.
    pub name: String,
    /// When it fires: a cron expression of the platform, or `@every` and a duration, as
    /// [`Schedule::parse`](crate::Schedule::parse) reads it.
    pub schedule: String,
    /// The `user_event` of its events: at most 2,048 characters.
    pub user_event: Option<String>,
}

/// Replaces the timers that were set before. Triggers that the API has made stay.
pub(crate) fn set(
    catalog: &Catalog,
    name: &FunctionName,
    timers: &[Timer],
) -> Result<(), ApiError> {
    let mut names = BTreeSet::new();
    if let Some(twice) = timers.iter().find(|timer| !names.insert(&timer.name)) {
        let message = format!("{name} has two timers with the name {:?}", twice.name);
        return Err(ApiError::bad_request("FSS.1148", message));
    }
    let now = Timestamp::now();
    let triggers = timers.iter().map(|timer| trigger(name, timer, now));
    let triggers = triggers.collect::<Result<Vec<_>, _>>()?;
    let changed = catalog.change(name, |function| {
        remove(function);
        triggers.into_iter().try_for_each(|trigger| function.add_trigger(trigger))
    });
    changed.map(drop)
}

/// Removes what a server before this one has set: its project may have other timers by now, or may
/// not be open at all.
pub(crate) fn remove_all(catalog: &Catalog) -> Result<(), ApiError> {
    for function in catalog.list() {
        if function.triggers.iter().any(|trigger| is_of_project(&function.name, trigger)) {
            let remove = |function: &mut Function| {
                remove(function);
                Ok(())
            };
            catalog.change(&function.name, remove)?;
        }
    }
    Ok(())
}

fn remove(function: &mut Function) {
    let name = function.name.clone();
    function.triggers.retain(|trigger| !is_of_project(&name, trigger));
}

fn trigger(function: &FunctionName, timer: &Timer, now: Timestamp) -> Result<Trigger, ApiError> {
    let mut event_data: Map<_, Value> = Map::new();
    event_data.insert("name".into(), timer.name.as_str().into());
    event_data.insert("schedule_type".into(), "Cron".into());
    event_data.insert("schedule".into(), timer.schedule.as_str().into());
    if let Some(text) = &timer.user_event {
        event_data.insert("user_event".into(), text.as_str().into());
    }
    let made = Trigger::new(trigger_type("TIMER")?, LATEST.into(), None, event_data, now)?;
    Ok(Trigger { id: id(function, &timer.name), ..made })
}

/// Triggers of the API have random ids.
fn is_of_project(function: &FunctionName, trigger: &Trigger) -> bool {
    let name = trigger.event_data.get("name").and_then(Value::as_str);
    name.is_some_and(|name| trigger.id == id(function, name))
}

fn id(function: &FunctionName, name: &str) -> String {
    derived_uuid(&format!("timer of the project: {function}: {name}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::triggers::example::{Folder, function};

    fn timer(name: &str) -> Timer {
        Timer { name: name.into(), schedule: "@every 1h".into(), user_event: None }
    }

    fn names(folder: &Folder) -> Vec<String> {
        let functions = folder.catalog.list();
        let triggers = functions.iter().flat_map(|function| &function.triggers);
        triggers
            .map(|trigger| trigger.event_data["name"].as_str().expect("a string").to_owned())
            .collect()
    }

    #[test]
    fn timers_are_replaced_and_triggers_of_the_api_stay() {
        let folder = Folder::new();
        let of_api = json!({"name": "a", "schedule_type": "Rate", "schedule": "1h"});
        let function = function("f1", &[("TIMER", "t1", of_api)]);
        let name = function.name.clone();
        folder.catalog.create(function).expect("it is created");
        set(&folder.catalog, &name, &[timer("a"), timer("b")]).expect("they are set");
        assert_eq!(names(&folder), ["a", "a", "b"]);
        set(&folder.catalog, &name, &[timer("c")]).expect("it is set");
        assert_eq!(names(&folder), ["a", "c"]);
        remove_all(&folder.catalog).expect("they are removed");
        assert_eq!(names(&folder), ["a"]);
    }

    #[test]
    fn timers_that_cannot_fire_or_have_the_same_name_change_nothing() {
        let folder = Folder::new();
        let function = function("f1", &[]);
        let name = function.name.clone();
        folder.catalog.create(function).expect("it is created");
        set(&folder.catalog, &name, &[timer("a")]).expect("it is set");
        let twice = set(&folder.catalog, &name, &[timer("b"), timer("b")]).expect_err("twice");
        assert!(twice.message.contains("two timers with the name \"b\""), "{twice}");
        let sometimes = Timer { schedule: "sometimes".into(), ..timer("b") };
        set(&folder.catalog, &name, &[sometimes]).expect_err("it has no schedule");
        assert_eq!(names(&folder), ["a"]);
    }
}
