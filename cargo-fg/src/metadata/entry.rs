//! A value of the metadata with its path, which is read as one type or another.
//!
//! Values are not deserialized with serde, because its errors quote them.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::mistake::Mistake;
use super::path::KeyPath;
use super::similar;

/// A value with its path.
#[derive(Clone)]
pub(super) struct Entry<'v> {
    pub(super) path: KeyPath,
    pub(super) value: &'v Value,
}

/// A table with its path.
#[derive(Clone)]
pub(super) struct Table<'v> {
    pub(super) path: KeyPath,
    values: &'v Map<String, Value>,
}

impl<'v> Entry<'v> {
    pub(super) fn new(path: KeyPath, value: &'v Value) -> Self {
        Self { path, value }
    }

    /// A mistake in this value.
    pub(super) fn wrong(&self, reason: impl Into<String>) -> Mistake {
        Mistake::new(self.path.clone(), reason)
    }

    /// The mistake of a value of another type.
    fn wrong_type(&self, expected: &str, example: &str) -> Mistake {
        let found = match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "a table",
        };
        self.wrong(format!("it is {found}, but has to be {expected}"))
            .advise(format!("for example {} = {example}", self.path.last_key()))
    }

    pub(super) fn string(&self) -> Result<&'v str, Mistake> {
        self.value.as_str().ok_or_else(|| self.wrong_type("a string", "\"..\""))
    }

    /// A string of 1 to `most` characters, none of which is a control character.
    pub(super) fn text(&self, most: usize) -> Result<&'v str, Mistake> {
        let text = self.string()?;
        if text.is_empty() {
            return Err(self.wrong("it is empty"));
        }
        if text.chars().any(char::is_control) {
            return Err(self.wrong("it has a control character"));
        }
        match text.chars().count() {
            length if length > most => Err(self.wrong(format!(
                "it has {length} characters, and {most} are the most there can be"
            ))),
            _ => Ok(text),
        }
    }

    /// One of these words.
    pub(super) fn one_of(&self, words: &[&'static str]) -> Result<&'static str, Mistake> {
        let text = self.string()?;
        words
            .iter()
            .find(|word| **word == text)
            .copied()
            .ok_or_else(|| self.wrong(format!("it has to be {}", alternatives(words))))
    }

    pub(super) fn flag(&self) -> Result<bool, Mistake> {
        self.value.as_bool().ok_or_else(|| self.wrong_type("true or false", "true"))
    }

    /// An integer in this range.
    pub(super) fn number(&self, range: RangeInclusive<i64>, unit: &str) -> Result<i64, Mistake> {
        let of = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        let (least, most) = (range.start(), range.end());
        match self.value.as_i64() {
            Some(number) if range.contains(&number) => Ok(number),
            Some(_) => Err(self.wrong(format!("it has to be {least} to {most}{of}"))),
            None => Err(self.wrong_type(
                &format!("an integer from {least} to {most}{of}"),
                &(*least).max(1).to_string(),
            )),
        }
    }

    /// As [`Self::number`], for numbers that are not negative.
    pub(super) fn count(&self, range: RangeInclusive<u32>, unit: &str) -> Result<u32, Mistake> {
        let number = self.number(i64::from(*range.start())..=i64::from(*range.end()), unit)?;
        u32::try_from(number).map_err(|_| self.wrong("it is negative"))
    }

    pub(super) fn list(&self) -> Result<Vec<Entry<'v>>, Mistake> {
        let list = self.value.as_array().ok_or_else(|| self.wrong_type("a list", "[..]"))?;
        let element = |(at, value)| Entry::new(self.path.index(at), value);
        Ok(list.iter().enumerate().map(element).collect())
    }

    /// A list of strings of 1 to `most` characters.
    pub(super) fn texts(&self, most: usize) -> Result<Vec<String>, Mistake> {
        self.list()?.iter().map(|entry| entry.text(most).map(str::to_owned)).collect()
    }

    pub(super) fn table(&self) -> Result<Table<'v>, Mistake> {
        match self.value.as_object() {
            Some(values) => Ok(Table { path: self.path.clone(), values }),
            None => Err(self.wrong_type("a table", "{ .. }")),
        }
    }
}

impl<'v> Table<'v> {
    /// Its entries.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'v str, Entry<'v>)> + use<'_, 'v> {
        self.values.iter().map(|(key, value)| (key.as_str(), Entry::new(self.path.key(key), value)))
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<Entry<'v>> {
        self.values.get(key).map(|value| Entry::new(self.path.key(key), value))
    }

    /// The value of a key that has to be there.
    pub(super) fn required(&self, key: &str) -> Result<Entry<'v>, Mistake> {
        self.get(key).ok_or_else(|| Mistake::new(self.path.key(key), "it is missing"))
    }

    /// Refuses keys that are not known.
    pub(super) fn check_keys(&self, known: &[&str]) -> Result<(), Mistake> {
        match self.values.keys().find(|key| !known.contains(&key.as_str())) {
            Some(unknown) => Err(self.unknown(unknown, known)),
            None => Ok(()),
        }
    }

    /// The mistake of a key that is not known.
    pub(super) fn unknown(&self, key: &str, known: &[&str]) -> Mistake {
        Mistake::new(self.path.key(key), "there is no such key").advise(similar::advise(key, known))
    }

    /// Reads the value of a key, if it is there.
    pub(super) fn read<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Entry<'v>) -> Result<T, Mistake>,
    ) -> Result<Option<T>, Mistake> {
        self.get(key).map(|entry| read(&entry)).transpose()
    }
}

/// `"a"`, or `"a", "b" or "c"`.
pub(super) fn alternatives(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
