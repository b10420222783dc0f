//! What is counted of the queue, and the removal of what belonged to deleted functions.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use redb::{Database, ReadableTable};

use super::error::RedbError;
use super::invocation::{Invocation, Limits};
use super::layout::{DELETED, FINISHED, Tables, UNFINISHED};
use super::queue::{milliseconds, remove};

/// What is counted in memory, since counting it in the tables takes too long.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) limits: Limits,
    /// The number of the next invocation.
    next: u64,
    functions: HashMap<String, Count>,
    /// The number and the bytes of unfinished invocations of all functions.
    unfinished: (u64, u64),
    /// As the table of this name.
    deleted: BTreeMap<String, u64>,
}

/// The invocations of a function.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    unfinished: u64,
    unfinished_bytes: u64,
    finished: u64,
}

impl Counts {
    pub(super) fn read(database: &Database, limits: Limits) -> Result<Self, RedbError> {
        let transaction = database.begin_read()?;
        let mut counts = Self {
            limits,
            next: 0,
            functions: HashMap::new(),
            unfinished: (0, 0),
            deleted: BTreeMap::new(),
        };
        for entry in transaction.open_table(DELETED)?.iter()? {
            let (function, before) = entry?;
            counts.next = counts.next.max(before.value());
            counts.deleted.insert(function.value().to_owned(), before.value());
        }
        for entry in transaction.open_table(UNFINISHED)?.iter()? {
            let (number, value) = entry?;
            let (function, bytes) = value.value();
            counts.next = counts.next.max(number.value() + 1);
            if !counts.is_deleted(function, number.value()) {
                counts.add_unfinished(function, bytes);
            }
        }
        for entry in transaction.open_table(FINISHED)?.iter()? {
            let (key, _) = entry?;
            let (function, _, number) = key.value();
            counts.next = counts.next.max(number + 1);
            if !counts.is_deleted(function, number) {
                counts.of(function).finished += 1;
            }
        }
        Ok(counts)
    }

    pub(super) fn has_deleted(&self) -> bool {
        !self.deleted.is_empty()
    }

    pub(super) fn is_deleted(&self, function: &str, number: u64) -> bool {
        self.deleted.get(function).is_some_and(|before| number < *before)
    }

    /// Whether the queue has no place for an invocation with this payload.
    pub(super) fn is_full(&self, bytes: u64) -> bool {
        let (number, all) = self.unfinished;
        number >= self.limits.unfinished || all + bytes > self.limits.unfinished_bytes
    }

    /// Counts an invocation that is accepted, and returns its number.
    pub(super) fn accept(&mut self, function: &str, bytes: u64) -> u64 {
        let number = self.next;
        self.next += 1;
        self.add_unfinished(function, bytes);
        number
    }

    pub(super) fn finish(&mut self, function: &str, bytes: u64) {
        self.remove_unfinished(1, bytes);
        let count = self.of(function);
        count.unfinished = count.unfinished.saturating_sub(1);
        count.unfinished_bytes = count.unfinished_bytes.saturating_sub(bytes);
        count.finished += 1;
    }

    /// The number of finished invocations of a function.
    pub(super) fn finished(&mut self, function: &str) -> u64 {
        self.of(function).finished
    }

    pub(super) fn remove_finished(&mut self, function: &str) {
        let count = self.of(function);
        count.finished = count.finished.saturating_sub(1);
    }

    /// Counts a function's invocations no more, and returns the number below which they are.
    pub(super) fn forget(&mut self, function: &str) -> u64 {
        if let Some(count) = self.functions.remove(function) {
            self.remove_unfinished(count.unfinished, count.unfinished_bytes);
        }
        self.deleted.insert(function.to_owned(), self.next);
        self.next
    }

    fn of(&mut self, function: &str) -> &mut Count {
        self.functions.entry(function.to_owned()).or_default()
    }

    fn add_unfinished(&mut self, function: &str, bytes: u64) {
        self.unfinished.0 += 1;
        self.unfinished.1 += bytes;
        let count = self.of(function);
        count.unfinished += 1;
        count.unfinished_bytes += bytes;
    }

    fn remove_unfinished(&mut self, number: u64, bytes: u64) {
        self.unfinished.0 = self.unfinished.0.saturating_sub(number);
        self.unfinished.1 = self.unfinished.1.saturating_sub(bytes);
    }

    /// Removes invocations of a function that has been deleted, until it is this time.
    pub(super) fn remove_some_of_deleted(
        &mut self,
        tables: &mut Tables<'_>,
        until: Instant,
    ) -> Result<(), RedbError> {
        let Some((function, before)) = self.deleted.first_key_value() else {
            return Ok(());
        };
        let (function, before) = (function.clone(), *before);
        loop {
            let next = match tables.invocations.range((&*function, 0)..(&*function, before))?.next()
            {
                Some(entry) => {
                    let (key, json) = entry?;
                    (key.value().1, serde_json::from_slice::<Invocation>(json.value()).ok())
                }
                None => break,
            };
            let (number, invocation) = next;
            let ended = invocation.as_ref().and_then(|invocation| invocation.ended);
            let request_id = invocation.as_ref().map(|invocation| &*invocation.request_id);
            remove(tables, &function, number, ended.map(milliseconds), request_id)?;
            if Instant::now() >= until {
                return Ok(());
            }
        }
        tables.deleted.remove(&*function)?;
        self.deleted.remove(&function);
        Ok(())
    }
}
