//! A field of a trigger: its name in the manifest and in the API, and what is accepted in it.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::metadata::entry::{Entry, Table};
use crate::metadata::mistake::Mistake;

/// A field of a trigger.
#[derive(Debug)]
pub(super) struct Field {
    /// Its key in the manifest.
    pub(super) name: &'static str,
    /// Its key in `event_data`; with a dot, it is in a nested object.
    pub(super) key: &'static str,
    pub(super) kind: Kind,
    pub(super) need: Need,
}

/// What is accepted in a field.
#[derive(Debug)]
pub(super) enum Kind {
    /// A string of 1 to so many characters.
    Text(usize),
    OneOf(&'static [&'static str]),
    /// An integer, and its unit.
    Number(RangeInclusive<i64>, &'static str),
    Flag,
    /// At least one string.
    Texts,
    /// A reference to a variable of the shell.
    Password,
    /// What the others cannot say.
    Own(fn(&Entry<'_>) -> Result<Value, Mistake>),
}

/// Whether a field has to be there.
#[derive(Debug)]
pub(super) enum Need {
    Required,
    Optional,
    /// It has this value if it is not there.
    Default(Preset),
}

/// The value of a field that is not there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Preset {
    Text(&'static str),
    Number(i64),
}

pub(super) const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, key: name, kind, need: Need::Required }
}

pub(super) const fn optional(name: &'static str, kind: Kind) -> Field {
    Field { name, key: name, kind, need: Need::Optional }
}

pub(super) const fn preset(name: &'static str, kind: Kind, value: Preset) -> Field {
    Field { name, key: name, kind, need: Need::Default(value) }
}

impl Field {
    /// With another key in the API.
    pub(super) const fn sent_as(self, key: &'static str) -> Self {
        let Self { name, kind, need, .. } = self;
        Self { name, key, kind, need }
    }

    /// The value that is sent, if there is one. Passwords are read elsewhere.
    pub(super) fn read(&self, table: &Table<'_>) -> Result<Option<Value>, Mistake> {
        let entry = match (table.get(self.name), &self.need) {
            (Some(entry), _) => entry,
            (None, Need::Required) => table.required(self.name)?,
            (None, Need::Optional) => return Ok(None),
            (None, Need::Default(Preset::Text(text))) => return Ok(Some((*text).into())),
            (None, Need::Default(Preset::Number(number))) => return Ok(Some((*number).into())),
        };
        let value = match &self.kind {
            Kind::Text(most) => entry.text(*most)?.into(),
            Kind::OneOf(words) => entry.one_of(words)?.into(),
            Kind::Number(range, unit) => entry.number(range.clone(), unit)?.into(),
            Kind::Flag => entry.flag()?.into(),
            Kind::Texts => texts(&entry)?.into(),
            Kind::Password => return Ok(None),
            Kind::Own(read) => read(&entry)?,
        };
        Ok(Some(value))
    }

    /// Puts a value where the API has it.
    pub(super) fn put(&self, value: Value, data: &mut Map<String, Value>) {
        match self.key.split_once('.') {
            None => {
                data.insert(self.key.to_owned(), value);
            }
            Some((outer, inner)) => {
                let nested = data.entry(outer).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(nested) = nested {
                    nested.insert(inner.to_owned(), value);
                }
            }
        }
    }
}

/// A list of strings that is not empty.
pub(super) fn texts(entry: &Entry<'_>) -> Result<Vec<String>, Mistake> {
    let texts = entry.texts(1024)?;
    match texts.len() {
        0 => Err(entry.wrong("it is empty")),
        count if count > 100 => {
            Err(entry.wrong(format!("it has {count} elements, and 100 are the most there can be")))
        }
        _ => Ok(texts),
    }
}
