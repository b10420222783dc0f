//! Writes to the database: one thread takes what waits into one transaction, and tells each caller
//! once that is durable. An fsync takes milliseconds, and many callers share it.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};
use redb::Database;
use tokio::sync::oneshot;

use super::StoreError;
use super::counts::Counts;
use super::layout::Tables;

/// The most operations in one transaction, so that none takes long.
const BATCH: usize = 512;
/// The most bytes of payloads in one transaction; one operation may have more.
const BATCH_BYTES: usize = 4 << 20;

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
    fn apply(&mut self, change: &mut Change<'_, '_>) -> Result<(), redb::Error>;
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
    W: FnOnce(&mut Change<'_, '_>) -> Result<T, redb::Error> + Send,
    T: Send,
    C: FnOnce(Result<T, StoreError>) + Send,
{
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn apply(&mut self, change: &mut Change<'_, '_>) -> Result<(), redb::Error> {
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
        work: impl FnOnce(&mut Change<'_, '_>) -> Result<T, redb::Error> + Send + 'static,
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
        work: impl FnOnce(&mut Change<'_, '_>) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.submit(Urgency::InTurn, bytes, work, move |result| drop(sender.send(result)));
        receiver.await.unwrap_or_else(|_| Err(StoreError::stopped(&self.folder)))
    }

    fn submit<T: Send + 'static>(
        &self,
        urgency: Urgency,
        bytes: usize,
        work: impl FnOnce(&mut Change<'_, '_>) -> Result<T, redb::Error> + Send + 'static,
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

impl Operations {
    /// What goes into the next transaction. Urgent operations have one of their own.
    fn take_batch(&mut self) -> Vec<Box<dyn Operation>> {
        let queue = if self.first.is_empty() { &mut self.in_turn } else { &mut self.first };
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(next) = queue.front() {
            bytes += next.bytes();
            let is_full = batch.len() == BATCH || bytes > BATCH_BYTES;
            if is_full && !batch.is_empty() {
                break;
            }
            batch.extend(queue.pop_front());
        }
        batch
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
            let batch = {
                let mut operations = self.waiting.operations.lock();
                loop {
                    let batch = operations.take_batch();
                    let may_tidy = self.counts.has_deleted();
                    if !batch.is_empty() || operations.is_closed || may_tidy {
                        break batch;
                    }
                    self.waiting.changed.wait(&mut operations);
                }
            };
            if batch.is_empty() {
                if self.waiting.operations.lock().is_closed {
                    return;
                }
                // Nothing else waits: remove some of what belonged to deleted functions.
                if self.transact(&mut [], Counts::remove_some_of_deleted).is_err() {
                    return;
                }
                continue;
            }
            self.write(batch);
        }
    }

    fn write(&mut self, mut batch: Vec<Box<dyn Operation>>) {
        let written = self.transact(&mut batch, |_, _| Ok(()));
        let written = written.map_err(|error| StoreError::database(&self.folder, &error));
        for operation in batch {
            operation.complete(written.clone());
        }
    }

    fn transact(
        &mut self,
        batch: &mut [Box<dyn Operation>],
        also: impl FnOnce(&mut Counts, &mut Tables<'_>) -> Result<(), redb::Error>,
    ) -> Result<(), redb::Error> {
        let limits = self.counts.limits;
        let counts = &mut self.counts;
        let database = &self.database;
        let apply = || -> Result<(), redb::Error> {
            let transaction = database.begin_write()?;
            let mut tables = Tables::open(&transaction)?;
            for operation in batch {
                operation.apply(&mut Change { tables: &mut tables, counts })?;
            }
            also(counts, &mut tables)?;
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

impl Drop for Thread {
    /// Also when it panics: those who wait learn that nothing comes any more.
    fn drop(&mut self) {
        let mut operations = self.waiting.operations.lock();
        operations.is_closed = true;
        operations.first.clear();
        operations.in_turn.clear();
    }
}
