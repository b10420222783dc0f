//! Writes to the database: one thread takes what waits into one transaction, and tells each caller
//! once that is durable. An fsync takes milliseconds, and many callers share it.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use redb::Database;
use tokio::sync::oneshot;

use super::StoreError;
use super::counts::Counts;
use super::error::RedbError;
use super::layout::Tables;

/// How long operations are added to a transaction before it is committed. A commit takes a few
/// milliseconds, most of it an fsync; a management call may wait for the one that has begun, too.
const ADDING: Duration = Duration::from_millis(1);
/// The bytes of payloads after which a transaction is committed.
const ADDING_BYTES: usize = 4 << 20;

/// Which operations go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// A management call, for which a person may wait.
    First,
    /// An asynchronous invocation.
    InTurn,
}

/// What an operation sees: the tables, and what is counted beside them.
pub(super) struct Change<'a, 't> {
    pub(super) tables: &'a mut Tables<'t>,
    pub(super) counts: &'a mut Counts,
}

/// The thread that writes. Dropping it writes what waits, and ends the thread.
#[derive(Debug)]
pub(super) struct Writer {
    waiting: Arc<Waiting>,
    folder: PathBuf,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Waiting {
    operations: Mutex<Operations>,
    changed: Condvar,
}

#[derive(Default)]
struct Operations {
    first: VecDeque<Box<dyn Operation>>,
    in_turn: VecDeque<Box<dyn Operation>>,
    is_closed: bool,
}

impl std::fmt::Debug for Operations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Operations hold payloads.
        f.debug_struct("Operations")
            .field("first", &self.first.len())
            .field("in_turn", &self.in_turn.len())
            .field("is_closed", &self.is_closed)
            .finish()
    }
}

/// One write: it is applied in a transaction, and completed when that is durable or has failed.
trait Operation: Send {
    fn bytes(&self) -> usize;
    fn apply(&mut self, change: &mut Change<'_, '_>) -> Result<(), RedbError>;
    fn complete(self: Box<Self>, written: Result<(), StoreError>);
}

struct Job<W, T, C> {
    bytes: usize,
    work: Option<W>,
    outcome: Option<T>,
    completion: C,
}

impl<W, T, C> Operation for Job<W, T, C>
where
    W: FnOnce(&mut Change<'_, '_>) -> Result<T, RedbError> + Send,
    T: Send,
    C: FnOnce(Result<T, StoreError>) + Send,
{
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn apply(&mut self, change: &mut Change<'_, '_>) -> Result<(), RedbError> {
        if let Some(work) = self.work.take() {
            self.outcome = Some(work(change)?);
        }
        Ok(())
    }

    fn complete(self: Box<Self>, written: Result<(), StoreError>) {
        match (written, self.outcome) {
            (Ok(()), Some(outcome)) => (self.completion)(Ok(outcome)),
            (Err(error), _) => (self.completion)(Err(error)),
            // It was not applied. The caller sees that its completion is gone.
            (Ok(()), None) => {}
        }
    }
}

impl Writer {
    pub(super) fn start(
        database: Arc<Database>,
        folder: &Path,
        counts: Counts,
    ) -> Result<Self, StoreError> {
        let waiting = Arc::new(Waiting::default());
        let thread =
            Thread { database, folder: folder.to_owned(), waiting: Arc::clone(&waiting), counts };
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || thread.run())
            .map_err(|error| StoreError::file(folder, &error))?;
        Ok(Self { waiting, folder: folder.to_owned(), thread: Some(thread) })
    }

    /// Writes, and blocks until that is durable.
    pub(super) fn write_blocking<T: Send + 'static>(
        &self,
        urgency: Urgency,
        work: impl FnOnce(&mut Change<'_, '_>) -> Result<T, RedbError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.submit(urgency, 0, work, move |result| drop(sender.send(result)));
        receiver.recv().unwrap_or_else(|_| Err(StoreError::stopped(&self.folder)))
    }

    /// Writes, and resolves once that is durable. It is written even if the future is dropped after
    /// it was first polled.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce(&mut Change<'_, '_>) -> Result<T, RedbError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.submit(Urgency::InTurn, bytes, work, move |result| drop(sender.send(result)));
        receiver.await.unwrap_or_else(|_| Err(StoreError::stopped(&self.folder)))
    }

    fn submit<T: Send + 'static>(
        &self,
        urgency: Urgency,
        bytes: usize,
        work: impl FnOnce(&mut Change<'_, '_>) -> Result<T, RedbError> + Send + 'static,
        completion: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) {
        let job = Box::new(Job { bytes, work: Some(work), outcome: None, completion });
        let mut operations = self.waiting.operations.lock();
        if operations.is_closed {
            // Dropping the completion tells the caller.
            return;
        }
        match urgency {
            Urgency::First => operations.first.push_back(job),
            Urgency::InTurn => operations.in_turn.push_back(job),
        }
        self.waiting.changed.notify_one();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.waiting.operations.lock().is_closed = true;
        self.waiting.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // Its panic has been reported by the panic hook.
            let _ = thread.join();
        }
    }
}

struct Thread {
    database: Arc<Database>,
    folder: PathBuf,
    waiting: Arc<Waiting>,
    counts: Counts,
}

impl Thread {
    fn run(mut self) {
        loop {
            let is_idle = {
                let mut operations = self.waiting.operations.lock();
                loop {
                    let is_idle = operations.first.is_empty() && operations.in_turn.is_empty();
                    if is_idle && operations.is_closed {
                        return;
                    }
                    if !is_idle || self.counts.has_deleted() {
                        break is_idle;
                    }
                    self.waiting.changed.wait(&mut operations);
                }
            };
            let mut applied = Vec::new();
            let written = self.transact(|waiting, change| {
                if is_idle {
                    change.counts.remove_some_of_deleted(change.tables, Instant::now() + ADDING)
                } else {
                    apply_some(waiting, change, &mut applied)
                }
            });
            let written = written.map_err(|error| StoreError::database(&self.folder, &error));
            for operation in applied {
                operation.complete(written.clone());
            }
            if is_idle && written.is_err() {
                return;
            }
        }
    }

    fn transact(
        &mut self,
        change: impl FnOnce(&Waiting, &mut Change<'_, '_>) -> Result<(), RedbError>,
    ) -> Result<(), RedbError> {
        let limits = self.counts.limits;
        let Self { database, waiting, counts, .. } = self;
        let apply = || -> Result<(), RedbError> {
            let transaction = database.begin_write()?;
            let mut tables = Tables::open(&transaction)?;
            change(waiting, &mut Change { tables: &mut tables, counts })?;
            drop(tables);
            Ok(transaction.commit()?)
        };
        let written = apply();
        if written.is_err() {
            // What was counted for this transaction has not happened.
            if let Ok(counted) = Counts::read(database, limits) {
                self.counts = counted;
            }
        }
        written
    }
}

/// Applies what waits, the urgent operations first, until that has taken its time.
fn apply_some(
    waiting: &Waiting,
    change: &mut Change<'_, '_>,
    applied: &mut Vec<Box<dyn Operation>>,
) -> Result<(), RedbError> {
    let begun = Instant::now();
    let mut bytes = 0;
    loop {
        let next = {
            let mut operations = waiting.operations.lock();
            let is_full = bytes >= ADDING_BYTES || begun.elapsed() >= ADDING;
            match operations.first.pop_front() {
                None if !is_full => operations.in_turn.pop_front(),
                urgent => urgent,
            }
        };
        let Some(mut operation) = next else { return Ok(()) };
        bytes += operation.bytes();
        let result = operation.apply(change);
        // If this fails, the transaction is undone, and this and all before it have failed.
        applied.push(operation);
        result?;
    }
}

impl Drop for Thread {
    /// Also when it panics: those who wait learn that nothing comes any more.
    fn drop(&mut self) {
        let mut operations = self.waiting.operations.lock();
        operations.is_closed = true;
        operations.first.clear();
        operations.in_turn.clear();
    }
}
