//! The queue of asynchronous invocations: what each operation changes in the tables. At least once:
//! an invocation is kept until its end is recorded, and that is recorded once.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use redb::{Database, ReadTransaction, ReadableTable};

use super::invocation::{
    End, FINISHED_AGE, Failure, Filter, Invocation, MAX_FINISHED, MAX_UNFINISHED,
    MAX_UNFINISHED_BYTES, NewInvocation, Page, QueueError, Status,
};
use super::layout::{DELETED, FINISHED, INVOCATIONS, REQUESTS, Tables, UNFINISHED};
use super::writer::Change;

/// The most invocations of deleted functions that one transaction removes.
const REMOVED_AT_ONCE: usize = 256;
/// The most invocations that one transaction removes since they are too many or too old.
const TRIMMED_AT_ONCE: usize = 64;

/// What an operation says: storage errors, which undo the transaction, are apart.
type Answer<T> = Result<Result<T, QueueError>, redb::Error>;

/// What is counted in memory, since counting it in the tables takes too long.
#[derive(Debug, Default)]
pub(super) struct Counts {
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
    pub(super) fn read(database: &Database) -> Result<Self, redb::Error> {
        let transaction = database.begin_read()?;
        let mut counts = Self::default();
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

    fn is_deleted(&self, function: &str, number: u64) -> bool {
        self.deleted.get(function).is_some_and(|before| number < *before)
    }

    fn of(&mut self, function: &str) -> &mut Count {
        if !self.functions.contains_key(function) {
            self.functions.insert(function.to_owned(), Count::default());
        }
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

    fn is_full(&self, bytes: u64) -> bool {
        let (number, all) = self.unfinished;
        number >= MAX_UNFINISHED || all + bytes > MAX_UNFINISHED_BYTES
    }

    /// Removes a few invocations of a function that has been deleted.
    pub(super) fn remove_some_of_deleted(
        &mut self,
        tables: &mut Tables<'_>,
    ) -> Result<(), redb::Error> {
        let Some((function, before)) = self.deleted.first_key_value() else {
            return Ok(());
        };
        let (function, before) = (function.clone(), *before);
        let mut some = Vec::new();
        for entry in tables.invocations.range((&*function, 0)..(&*function, before))? {
            let (key, json) = entry?;
            some.push((key.value().1, serde_json::from_slice::<Invocation>(json.value()).ok()));
            if some.len() == REMOVED_AT_ONCE {
                break;
            }
        }
        for (number, invocation) in &some {
            let ended = invocation.as_ref().and_then(|invocation| invocation.ended);
            let request_id = invocation.as_ref().map(|invocation| &*invocation.request_id);
            remove(tables, &function, *number, ended.map(milliseconds), request_id)?;
        }
        if some.len() < REMOVED_AT_ONCE {
            tables.deleted.remove(&*function)?;
            self.deleted.remove(&function);
        }
        Ok(())
    }
}

impl Change<'_, '_> {
    /// Accepts an invocation.
    pub(super) fn push(&mut self, new: NewInvocation) -> Answer<Invocation> {
        let bytes = new.payload.len() as u64;
        if self.tables.requests.get(&*new.request_id)?.is_some() {
            return Ok(Err(QueueError::Exists));
        }
        if self.counts.is_full(bytes) {
            return Ok(Err(QueueError::Full));
        }
        let NewInvocation { request_id, function, qualifier, headers, payload } = new;
        let invocation = Invocation {
            request_id,
            function,
            qualifier,
            headers,
            accepted: Timestamp::now(),
            started: None,
            ended: None,
            attempts: 0,
            status: Status::Wait,
            error_code: None,
            error_message: String::new(),
        };
        let number = self.counts.next;
        self.counts.next += 1;
        let function = invocation.function.to_string();
        self.tables.requests.insert(&*invocation.request_id, (&*function, number))?;
        self.tables.unfinished.insert(number, (&*function, bytes))?;
        self.tables.payloads.insert(number, &*payload)?;
        self.put(&function, number, &invocation)?;
        self.counts.add_unfinished(&function, bytes);
        Ok(Ok(invocation))
    }

    /// Begins an attempt: the invocation must wait. Returns its payload, too.
    pub(super) fn begin(&mut self, request_id: &str) -> Answer<(Invocation, Vec<u8>)> {
        let (function, number, mut invocation) = match self.find(request_id)? {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        if invocation.status != Status::Wait {
            return Ok(Err(QueueError::State(invocation.status)));
        }
        let payload = self.tables.payloads.get(number)?;
        let payload = payload.map(|payload| payload.value().to_owned()).unwrap_or_default();
        invocation.status = Status::Running;
        invocation.started = Some(Timestamp::now());
        invocation.attempts += 1;
        self.put(&function, number, &invocation)?;
        Ok(Ok((invocation, payload)))
    }

    /// Ends an attempt that has failed: the invocation waits for the next one.
    pub(super) fn retry(&mut self, request_id: &str, failure: Failure) -> Answer<Invocation> {
        let (function, number, mut invocation) = match self.find(request_id)? {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        if invocation.status != Status::Running {
            return Ok(Err(QueueError::State(invocation.status)));
        }
        invocation.status = Status::Wait;
        invocation.error_code = failure.code;
        invocation.error_message = failure.message;
        self.put(&function, number, &invocation)?;
        Ok(Ok(invocation))
    }

    /// Records the end of an invocation, once, and drops its payload.
    pub(super) fn finish(
        &mut self,
        request_id: &str,
        end: End,
        failure: Failure,
        allowed: impl Fn(Status) -> bool,
    ) -> Answer<Invocation> {
        let (function, number, mut invocation) = match self.find(request_id)? {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        if invocation.status.is_finished() || !allowed(invocation.status) {
            return Ok(Err(QueueError::State(invocation.status)));
        }
        let ended = Timestamp::now();
        invocation.status = end.into();
        invocation.ended = Some(ended);
        invocation.error_code = failure.code;
        invocation.error_message = failure.message;
        self.put(&function, number, &invocation)?;
        let bytes = self.tables.unfinished.remove(number)?.map_or(0, |value| value.value().1);
        self.tables.payloads.remove(number)?;
        self.tables.finished.insert((&*function, milliseconds(ended), number), ())?;
        self.counts.remove_unfinished(1, bytes);
        let count = self.counts.of(&function);
        count.unfinished = count.unfinished.saturating_sub(1);
        count.unfinished_bytes = count.unfinished_bytes.saturating_sub(bytes);
        count.finished += 1;
        self.trim(&function, milliseconds(ended))?;
        Ok(Ok(invocation))
    }

    /// Forgets all invocations of a function. They are gone for readers at once, and removed bit by
    /// bit.
    pub(super) fn forget(&mut self, function: &str) -> Result<(), redb::Error> {
        if let Some(count) = self.counts.functions.remove(function) {
            self.counts.remove_unfinished(count.unfinished, count.unfinished_bytes);
        }
        let any = self.tables.invocations.range((function, 0)..=(function, u64::MAX))?.next();
        if any.is_some() {
            self.tables.deleted.insert(function, self.counts.next)?;
            self.counts.deleted.insert(function.to_owned(), self.counts.next);
        }
        Ok(())
    }

    /// Removes finished invocations that are too old or too many.
    fn trim(&mut self, function: &str, now: u64) -> Result<(), redb::Error> {
        let too_many = self.counts.of(function).finished.saturating_sub(MAX_FINISHED);
        let mut removed = Vec::new();
        for entry in
            self.tables.finished.range((function, 0, 0)..=(function, u64::MAX, u64::MAX))?
        {
            let (key, _) = entry?;
            let (_, ended, number) = key.value();
            let is_old = is_old(ended, now);
            if removed.len() == TRIMMED_AT_ONCE || !is_old && removed.len() as u64 >= too_many {
                break;
            }
            removed.push((ended, number));
        }
        for (ended, number) in removed {
            let request_id = {
                let json = self.tables.invocations.get((function, number))?;
                json.and_then(|json| serde_json::from_slice::<Invocation>(json.value()).ok())
                    .map(|invocation| invocation.request_id)
            };
            remove(self.tables, function, number, Some(ended), request_id.as_deref())?;
            let count = self.counts.of(function);
            count.finished = count.finished.saturating_sub(1);
        }
        Ok(())
    }

    fn find(
        &mut self,
        request_id: &str,
    ) -> Result<Result<(String, u64, Invocation), QueueError>, redb::Error> {
        let Some((function, number)) = self.tables.requests.get(request_id)?.map(|key| {
            let (function, number) = key.value();
            (function.to_owned(), number)
        }) else {
            return Ok(Err(QueueError::NotFound));
        };
        if self.counts.is_deleted(&function, number) {
            return Ok(Err(QueueError::NotFound));
        }
        let invocation = {
            let json = self.tables.invocations.get((&*function, number))?;
            json.and_then(|json| serde_json::from_slice(json.value()).ok())
        };
        Ok(invocation.map(|invocation| (function, number, invocation)).ok_or(QueueError::NotFound))
    }

    fn put(
        &mut self,
        function: &str,
        number: u64,
        invocation: &Invocation,
    ) -> Result<(), redb::Error> {
        let json = serde_json::to_vec(invocation).map_err(|error| {
            redb::Error::Io(std::io::Error::new(std::io::ErrorKind::InvalidData, error))
        })?;
        self.tables.invocations.insert((function, number), &*json)?;
        Ok(())
    }
}

fn remove(
    tables: &mut Tables<'_>,
    function: &str,
    number: u64,
    ended: Option<u64>,
    request_id: Option<&str>,
) -> Result<(), redb::Error> {
    tables.invocations.remove((function, number))?;
    if let Some(ended) = ended {
        tables.finished.remove((function, ended, number))?;
    }
    tables.unfinished.remove(number)?;
    tables.payloads.remove(number)?;
    if let Some(request_id) = request_id {
        tables.requests.remove(request_id)?;
    }
    Ok(())
}

/// What a killed process was running waits again. Returns all that wait, the oldest first, and a
/// sentence about each that could not be read.
pub(super) fn recover(database: &Database) -> Result<(Vec<Invocation>, Vec<String>), redb::Error> {
    let mut counts = Counts::read(database)?;
    let transaction = database.begin_write()?;
    let mut unfinished = Vec::new();
    let mut damaged = Vec::new();
    {
        let mut tables = Tables::open(&transaction)?;
        let keys: Result<Vec<_>, redb::Error> = tables
            .unfinished
            .iter()?
            .map(|entry| {
                let (number, value) = entry?;
                Ok((value.value().0.to_owned(), number.value()))
            })
            .collect();
        let mut change = Change { tables: &mut tables, counts: &mut counts };
        for (function, number) in keys? {
            if change.counts.is_deleted(&function, number) {
                continue;
            }
            let read = {
                let json = change.tables.invocations.get((&*function, number))?;
                json.map(|json| serde_json::from_slice::<Invocation>(json.value()))
            };
            match read {
                Some(Ok(mut invocation)) => {
                    if invocation.status == Status::Running {
                        invocation.status = Status::Wait;
                        change.put(&function, number, &invocation)?;
                    }
                    unfinished.push(invocation);
                }
                other => {
                    let reason = match other {
                        Some(Err(error)) => error.to_string(),
                        _ => "its record is missing".into(),
                    };
                    remove(change.tables, &function, number, None, None)?;
                    damaged.push(format!(
                        "an asynchronous invocation of {function} cannot be read, and is dropped: {reason}"
                    ));
                }
            }
        }
    }
    transaction.commit()?;
    Ok((unfinished, damaged))
}

/// The invocation with this request id.
pub(super) fn get(
    transaction: &ReadTransaction,
    request_id: &str,
) -> Result<Option<Invocation>, redb::Error> {
    let requests = transaction.open_table(REQUESTS)?;
    let Some(key) = requests.get(request_id)? else { return Ok(None) };
    let (function, number) = key.value();
    if number < deleted_before(transaction, function)? {
        return Ok(None);
    }
    let json = transaction.open_table(INVOCATIONS)?.get((function, number))?;
    Ok(json.and_then(|json| serde_json::from_slice(json.value()).ok()))
}

/// Invocations of a function, the newest first; `marker` of those that the filter takes are left
/// out.
pub(super) fn list(
    transaction: &ReadTransaction,
    function: &str,
    filter: &Filter,
    marker: u64,
    limit: usize,
) -> Result<Page, redb::Error> {
    let from = deleted_before(transaction, function)?;
    let invocations = transaction.open_table(INVOCATIONS)?;
    let now = milliseconds(Timestamp::now());
    let mut page = Page::default();
    let mut skipped = 0;
    for entry in invocations.range((function, from)..=(function, u64::MAX))?.rev() {
        let (_, json) = entry?;
        let Ok(invocation) = serde_json::from_slice::<Invocation>(json.value()) else { continue };
        let is_gone = invocation.ended.is_some_and(|ended| is_old(milliseconds(ended), now));
        if is_gone || !filter.takes(&invocation) {
            continue;
        }
        if skipped < marker {
            skipped += 1;
        } else if page.invocations.len() == limit {
            page.next = Some(marker + limit as u64);
            break;
        } else {
            page.invocations.push(invocation);
        }
    }
    Ok(page)
}

fn deleted_before(transaction: &ReadTransaction, function: &str) -> Result<u64, redb::Error> {
    let before = transaction.open_table(DELETED)?.get(function)?;
    Ok(before.map_or(0, |before| before.value()))
}

fn is_old(ended: u64, now: u64) -> bool {
    ended.saturating_add(FINISHED_AGE) < now
}

/// Since 1970.
fn milliseconds(time: Timestamp) -> u64 {
    time.as_millisecond().try_into().unwrap_or(0)
}
