//! What outlives the process, in one folder: functions and asynchronous invocations in a database,
//! packages in files. What a write has returned for is there after kill -9, and after a power cut.

#![allow(clippy::result_large_err, reason = "the errors of the database are large, and rare")]

mod counts;
mod error;
mod folder;
mod invocation;
mod layout;
mod packages;
mod queue;
mod writer;

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use redb::backends::FileBackend;
use redb::{Database, DatabaseError, ReadableTable, StorageBackend};

use crate::catalog::function::Function;
use crate::code::{self, PackageError, Unpacked};
use crate::urn::FunctionName;

pub(crate) use error::StoreError;
pub(crate) use invocation::{
    End, Failure, Filter, Invocation, NewInvocation, Page, QueueError, Status,
};
pub(crate) use packages::StoredPackage;

use counts::Counts;
use error::RedbError;
use invocation::Limits;
use layout::FUNCTIONS;
use packages::Packages;
use writer::{Urgency, Writer};

/// An open store. Another process cannot open its folder meanwhile.
#[derive(Debug)]
pub(crate) struct Store {
    /// First, so that it is dropped first: it writes what waits.
    writer: Writer,
    database: Arc<Database>,
    packages: Packages,
    folder: PathBuf,
    damaged: Vec<String>,
    limits: Limits,
    unfinished: Mutex<Vec<Invocation>>,
}

impl Store {
    /// Opens the store in this folder, which is created if it is not there.
    ///
    /// # Errors
    ///
    /// If another process has it, if a newer version of this program has written it, or if it
    /// cannot be read and written. Single records that cannot be read are no error: see
    /// [`damaged`](Self::damaged).
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_with(folder, Limits::DEFAULT)
    }

    fn open_with(folder: &Path, limits: Limits) -> Result<Self, StoreError> {
        folder::create(folder)?;
        let file = folder::database_file(folder)?;
        // redb panics at some kinds of damage.
        let opened = catch_unwind(AssertUnwindSafe(|| Self::open_file(folder, file, limits)));
        opened.unwrap_or_else(|_| Err(folder::unreadable(folder, &"see the panic above")))
    }

    fn open_file(folder: &Path, file: File, limits: Limits) -> Result<Self, StoreError> {
        let database = open_database(folder, file)?;
        folder::note_process(folder);
        layout::prepare(&database, folder)?;
        let failed = |error: RedbError| folder::unreadable(folder, &error);
        let packages = Packages::open(folder)?;
        let (functions, mut damaged) = read_functions(&database).map_err(failed)?;
        let references =
            functions.iter().map(|function| (function.name.to_string(), digests(function)));
        packages.refer_at_start(references.collect(), !damaged.is_empty())?;
        let (unfinished, more) = queue::recover(&database, limits).map_err(failed)?;
        damaged.extend(more);
        let counts = Counts::read(&database, limits).map_err(failed)?;
        let database = Arc::new(database);
        Ok(Self {
            writer: Writer::start(Arc::clone(&database), folder, counts)?,
            database,
            packages,
            folder: folder.to_owned(),
            damaged,
            limits,
            unfinished: Mutex::new(unfinished),
        })
    }

    /// A sentence about each record that could not be read when the store was opened.
    pub(crate) fn damaged(&self) -> &[String] {
        &self.damaged
    }

    /// All functions that can be read.
    pub(crate) fn functions(&self) -> Result<Vec<Function>, StoreError> {
        let (functions, _) = read_functions(&self.database).map_err(|error| self.error(&error))?;
        Ok(functions)
    }

    /// Writes a function, whether it is there already or not. Blocks for a few milliseconds.
    pub(crate) fn put_function(&self, function: &Function) -> Result<(), StoreError> {
        let name = function.name.to_string();
        let json = serde_json::to_vec(function).map_err(|error| {
            StoreError::new(format!("{}: {name}: {error}", self.folder.display()))
        })?;
        let digests = digests(function);
        let key = name.clone();
        self.writer.write_blocking(Urgency::First, move |change| {
            change.tables.functions.insert(&*key, &*json)?;
            Ok(())
        })?;
        self.packages.refer(&name, digests);
        Ok(())
    }

    /// Removes a function and its asynchronous invocations. Blocks for a few milliseconds.
    pub(crate) fn delete_function(&self, name: &FunctionName) -> Result<(), StoreError> {
        let name = name.to_string();
        let key = name.clone();
        self.writer.write_blocking(Urgency::First, move |change| {
            change.tables.functions.remove(&*key)?;
            change.forget(&key)
        })?;
        self.packages.refer(&name, BTreeSet::new());
        Ok(())
    }

    /// Stores a package, a zip file. It is kept while a function's version refers to its digest,
    /// and at least ten minutes. Blocks while it is checked and written.
    pub(crate) fn put_package(&self, package: &[u8]) -> Result<StoredPackage, PackageError> {
        self.packages.put(package)
    }

    /// Stores code that is one file (`inline` and `jar`) as a package of that file, whose digest
    /// and size it returns.
    pub(crate) fn put_file(
        &self,
        name: &str,
        content: &[u8],
    ) -> Result<StoredPackage, PackageError> {
        self.packages.put(&code::pack_file(name, content)?)
    }

    /// The bytes of the package with this digest.
    pub(crate) fn package(&self, digest: &str) -> Result<Vec<u8>, PackageError> {
        self.packages.read(digest)
    }

    /// The folder with the files of the package with this digest. It stays while what is returned
    /// is held: an instance that runs in it must hold it. Blocks while the package is unpacked.
    pub(crate) fn unpacked(&self, digest: &str) -> Result<Arc<Unpacked>, PackageError> {
        self.packages.unpacked(digest)
    }

    /// Accepts an asynchronous invocation, which waits then.
    pub(crate) async fn push(&self, invocation: NewInvocation) -> Result<Invocation, QueueError> {
        let bytes = invocation.payload.len();
        self.writer.write(bytes, |change| change.push(invocation)).await?
    }

    /// Begins an attempt of an invocation that waits; returns its payload, too.
    pub(crate) async fn start(
        &self,
        request_id: &str,
    ) -> Result<(Invocation, Vec<u8>), QueueError> {
        let id = request_id.to_owned();
        self.writer.write(0, move |change| change.begin(&id)).await?
    }

    /// Ends an attempt that has failed; the invocation waits for the next one.
    pub(crate) async fn retry(
        &self,
        request_id: &str,
        failure: Failure,
    ) -> Result<Invocation, QueueError> {
        let id = request_id.to_owned();
        self.writer.write(0, move |change| change.retry(&id, failure)).await?
    }

    /// Records how an invocation has ended, whether it runs or waits (if it is given up). The
    /// second time is an error.
    pub(crate) async fn finish(
        &self,
        request_id: &str,
        end: End,
        failure: Failure,
    ) -> Result<Invocation, QueueError> {
        let id = request_id.to_owned();
        self.writer.write(0, move |change| change.finish(&id, end, failure, |_| true)).await?
    }

    /// Gives up an invocation that waits: it ends as discarded. One that runs is an error,
    /// `QueueError::State(Status::Running)`: end its instance, and finish it.
    pub(crate) async fn cancel(
        &self,
        request_id: &str,
        reason: Failure,
    ) -> Result<Invocation, QueueError> {
        let id = request_id.to_owned();
        let waits = |status| status == Status::Wait;
        self.writer.write(0, move |change| change.finish(&id, End::Discard, reason, waits)).await?
    }

    /// What waited or ran when the store was opened, the oldest first: all of it waits now, with
    /// its attempts kept. The second time there is nothing.
    pub(crate) fn unfinished(&self) -> Vec<Invocation> {
        std::mem::take(&mut *self.unfinished.lock())
    }

    /// The invocation with this request id. Does not wait for writes.
    pub(crate) fn get(&self, request_id: &str) -> Result<Option<Invocation>, StoreError> {
        let read = || queue::get(&self.database.begin_read()?, request_id);
        read().map_err(|error| self.error(&error))
    }

    /// Invocations of a function, the newest first. `marker` of those that the filter takes are
    /// left out. Does not wait for writes.
    pub(crate) fn list(
        &self,
        function: &FunctionName,
        filter: &Filter,
        marker: u64,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let name = function.to_string();
        let read = || {
            let transaction = self.database.begin_read()?;
            queue::list(&transaction, &name, filter, marker, limit, self.limits)
        };
        read().map_err(|error| self.error(&error))
    }

    fn error(&self, error: &RedbError) -> StoreError {
        StoreError::database(&self.folder, error)
    }
}

fn open_database(folder: &Path, file: File) -> Result<Database, StoreError> {
    let open = || -> Result<Database, DatabaseError> {
        // Locks the file.
        let backend = FileBackend::new(file)?;
        if is_half_created(&backend)? {
            backend.set_len(0)?;
        }
        Database::builder().create_with_file_format_v3(true).create_with_backend(backend)
    };
    open().map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => folder::in_use(folder),
        other => folder::unreadable(folder, &other),
    })
}

/// Whether a process was killed while it created the database, before it wrote anything else. redb
/// writes the first bytes of the file last.
fn is_half_created(backend: &FileBackend) -> io::Result<bool> {
    const FIRST: u64 = 9;

    let first = backend.len()?.min(FIRST);
    Ok(first > 0 && backend.read(0, first as usize)?.iter().all(|byte| *byte == 0))
}

/// The functions that can be read, and a sentence about each other one.
fn read_functions(database: &Database) -> Result<(Vec<Function>, Vec<String>), RedbError> {
    let transaction = database.begin_read()?;
    let mut functions = Vec::new();
    let mut damaged = Vec::new();
    for entry in transaction.open_table(FUNCTIONS)?.iter()? {
        let (name, json) = entry?;
        match serde_json::from_slice::<Function>(json.value()) {
            Ok(function) => functions.push(function),
            Err(error) => damaged.push(format!(
                "the function {} cannot be read, and is left out until it is created again: {error}",
                name.value()
            )),
        }
    }
    Ok((functions, damaged))
}

/// The packages that a function's versions refer to.
fn digests(function: &Function) -> BTreeSet<String> {
    let versions = function.versions.iter().chain([&function.latest]);
    let digests = versions.map(|version| &version.code.digest);
    digests.filter(|digest| !digest.is_empty()).cloned().collect()
}

#[cfg(test)]
mod tests;
