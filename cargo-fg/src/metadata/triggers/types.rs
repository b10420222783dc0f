//! The types of triggers, by the names that they have in manifests.

use serde_json::Value;

use super::field::Field;
use super::field::Kind::Own;
use super::field::{optional, required};
use super::{gateway, notices, objects, pulled};
use crate::desired::Trigger;
use crate::metadata::entry::{Entry, Table};
use crate::metadata::mistake::Mistake;
use crate::metadata::schedule::Schedule;
use crate::metadata::timers::{timer_name, user_event};

/// A type of triggers.
#[derive(Debug)]
pub(super) struct Type {
    /// Its name in manifests.
    pub(super) name: &'static str,
    /// Its code in the API.
    pub(super) code: &'static str,
    pub(super) fields: &'static [Field],
    /// The keys of `event_data` that tell a trigger from others of the type.
    pub(super) identity: &'static [&'static str],
    pub(super) can_be_disabled: bool,
    /// The platform fetches messages.
    pub(super) is_pulled: bool,
    /// The platform does not answer all of what was sent.
    pub(super) is_silent: bool,
    /// What the table of fields cannot say.
    pub(super) finish: fn(&Table<'_>, &mut Trigger) -> Result<(), Mistake>,
}

impl Type {
    /// A type without anything special.
    pub(super) const PLAIN: Self = Self {
        name: "",
        code: "",
        fields: &[],
        identity: &[],
        can_be_disabled: false,
        is_pulled: false,
        is_silent: false,
        finish: |_, _| Ok(()),
    };
}

const TIMER: &[Type] = &[Type {
    name: "timer",
    code: "TIMER",
    fields: &[
        required("name", Own(|entry| timer_name(entry).map(Value::from))),
        required("schedule", Own(|entry| Schedule::read(entry).map(|read| read.text.into()))),
        optional("user_event", Own(|entry| user_event(entry).map(Value::from))),
    ],
    identity: &["name"],
    can_be_disabled: true,
    finish: set_schedule_type,
    ..Type::PLAIN
}];

fn set_schedule_type(table: &Table<'_>, trigger: &mut Trigger) -> Result<(), Mistake> {
    let schedule = Schedule::read(&table.required("schedule")?)?;
    trigger.settings.insert("schedule_type".to_owned(), schedule.kind().into());
    Ok(())
}

/// All types.
pub(super) fn all() -> impl Iterator<Item = &'static Type> {
    [TIMER, gateway::TYPES, objects::TYPES, notices::TYPES, pulled::TYPES].into_iter().flatten()
}

/// The type of triggers with this code.
pub(super) fn of_code(code: &str) -> Option<&'static Type> {
    let code = if code == "DEDICATEDGATEWAY" { "APIG" } else { code };
    all().find(|one| one.code == code)
}

/// Reads the key `type`.
pub(super) fn read(entry: &Entry<'_>) -> Result<&'static Type, Mistake> {
    let name = entry.string()?;
    let names: Vec<_> = all().map(|one| one.name).collect();
    all().find(|one| one.name == name).ok_or_else(|| {
        let advice = crate::metadata::similar::advise(name, &names);
        entry.wrong("there is no such type of triggers").advise(advice)
    })
}
