//! The queue of asynchronous invocations: what each operation changes in the tables. At least once:
//! an invocation is kept until its end is recorded, and that is recorded once.

use jiff::Timestamp;
use redb::{Database, ReadTransaction, ReadableTable};

use super::counts::Counts;
use super::error::RedbError;
use super::invocation::{
    End, Failure, Filter, Invocation, Limits, NewInvocation, Page, QueueError, Status,
};
use super::layout::{DELETED, INVOCATIONS, REQUESTS, Tables};
use super::writer::Change;

/// The most invocations that one transaction removes since they are too many or too old.
const TRIMMED_AT_ONCE: usize = 64;

/// What an operation says: storage errors, which undo the transaction, are apart.
type Answer<T> = Result<Result<T, QueueError>, RedbError>;

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
        let function = invocation.function.to_string();
        let number = self.counts.accept(&function, bytes);
        self.tables.requests.insert(&*invocation.request_id, (&*function, number))?;
        self.tables.unfinished.insert(number, (&*function, bytes))?;
        self.tables.payloads.insert(number, &*payload)?;
        self.put(&function, number, &invocation)?;
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
        self.counts.finish(&function, bytes);
        self.trim(&function, milliseconds(ended))?;
        Ok(Ok(invocation))
    }

    /// Forgets all invocations of a function. They are gone for readers at once, and removed bit by
    /// bit.
    pub(super) fn forget(&mut self, function: &str) -> Result<(), RedbError> {
        let any = self.tables.invocations.range((function, 0)..=(function, u64::MAX))?.next();
        if any.is_some() {
            self.tables.deleted.insert(function, self.counts.forget(function))?;
        }
        Ok(())
    }

    /// Removes finished invocations that are too old or too many.
    fn trim(&mut self, function: &str, now: u64) -> Result<(), RedbError> {
        let limits = self.counts.limits;
        let too_many = self.counts.finished(function).saturating_sub(limits.finished);
        let mut removed = Vec::new();
        for entry in
            self.tables.finished.range((function, 0, 0)..=(function, u64::MAX, u64::MAX))?
        {
            let (key, _) = entry?;
            let (_, ended, number) = key.value();
            let is_old = limits.is_old(ended, now);
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
            self.counts.remove_finished(function);
        }
        Ok(())
    }

    fn find(
        &mut self,
        request_id: &str,
    ) -> Result<Result<(String, u64, Invocation), QueueError>, RedbError> {
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
    ) -> Result<(), RedbError> {
        let json = serde_json::to_vec(invocation).map_err(|error| {
            redb::Error::Io(std::io::Error::new(std::io::ErrorKind::InvalidData, error))
        })?;
        self.tables.invocations.insert((function, number), &*json)?;
        Ok(())
    }
}

/// Removes an invocation from all tables.
pub(super) fn remove(
    tables: &mut Tables<'_>,
    function: &str,
    number: u64,
    ended: Option<u64>,
    request_id: Option<&str>,
) -> Result<(), RedbError> {
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
pub(super) fn recover(
    database: &Database,
    limits: Limits,
) -> Result<(Vec<Invocation>, Vec<String>), RedbError> {
    let mut counts = Counts::read(database, limits)?;
    let transaction = database.begin_write()?;
    let mut unfinished = Vec::new();
    let mut damaged = Vec::new();
    let mut is_changed = false;
    {
        let mut tables = Tables::open(&transaction)?;
        let keys: Result<Vec<_>, RedbError> = tables
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
                        is_changed = true;
                    }
                    unfinished.push(invocation);
                }
                other => {
                    let reason = match other {
                        Some(Err(error)) => error.to_string(),
                        _ => "its record is missing".into(),
                    };
                    remove(change.tables, &function, number, None, None)?;
                    is_changed = true;
                    damaged.push(format!(
                        "an asynchronous invocation of {function} cannot be read, and is dropped: {reason}"
                    ));
                }
            }
        }
    }
    if is_changed {
        transaction.commit()?;
    } else {
        transaction.abort()?;
    }
    Ok((unfinished, damaged))
}

/// The invocation with this request id.
pub(super) fn get(
    transaction: &ReadTransaction,
    request_id: &str,
) -> Result<Option<Invocation>, RedbError> {
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
    limits: Limits,
) -> Result<Page, RedbError> {
    let from = deleted_before(transaction, function)?;
    let invocations = transaction.open_table(INVOCATIONS)?;
    let now = milliseconds(Timestamp::now());
    let mut page = Page::default();
    let mut skipped = 0;
    for entry in invocations.range((function, from)..=(function, u64::MAX))?.rev() {
        let (_, json) = entry?;
        let Ok(invocation) = serde_json::from_slice::<Invocation>(json.value()) else { continue };
        let is_gone = invocation.ended.is_some_and(|ended| limits.is_old(milliseconds(ended), now));
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

fn deleted_before(transaction: &ReadTransaction, function: &str) -> Result<u64, RedbError> {
    let before = transaction.open_table(DELETED)?.get(function)?;
    Ok(before.map_or(0, |before| before.value()))
}

/// Since 1970.
pub(super) fn milliseconds(time: Timestamp) -> u64 {
    time.as_millisecond().try_into().unwrap_or(0)
}
