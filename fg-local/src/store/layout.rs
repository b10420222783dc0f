//! The layout of the database: its tables, their version, and how an older one becomes this one.

use std::path::Path;

use redb::{Database, Table, TableDefinition, WriteTransaction};

use super::StoreError;
use super::error::RedbError;

/// The layout that this program writes.
///
/// - 0: `functions` alone, without a number.
/// - 1: the number, and the tables of asynchronous invocations.
const LAYOUT: u64 = 1;

const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
/// The key of the layout in `numbers`. It stays the same in all layouts.
const LAYOUT_KEY: &str = "layout";

/// `<package>:<name>`, and the function as JSON.
pub(super) const FUNCTIONS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("functions");

/// A function's name and the number of an invocation, and the invocation as JSON. Numbers grow in
/// the order in which invocations are accepted.
pub(super) const INVOCATIONS: TableDefinition<'_, (&str, u64), &[u8]> =
    TableDefinition::new("invocations");

/// A request id, and the key of its invocation.
pub(super) const REQUESTS: TableDefinition<'_, &str, (&str, u64)> =
    TableDefinition::new("requests");

/// The number of an invocation that is not finished, its function's name and its payload's size.
pub(super) const UNFINISHED: TableDefinition<'_, u64, (&str, u64)> =
    TableDefinition::new("unfinished");

/// The number of an invocation that is not finished, and its payload.
pub(super) const PAYLOADS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("payloads");

/// A function's name, the end of an invocation in milliseconds since 1970 and its number: what is
/// removed first is first.
pub(super) const FINISHED: TableDefinition<'_, (&str, u64, u64), ()> =
    TableDefinition::new("finished");

/// A function that was deleted, and the number below which its invocations are to be removed.
pub(super) const DELETED: TableDefinition<'_, &str, u64> = TableDefinition::new("deleted");

/// All tables of one transaction.
pub(super) struct Tables<'t> {
    pub(super) functions: Table<'t, &'static str, &'static [u8]>,
    pub(super) invocations: Table<'t, (&'static str, u64), &'static [u8]>,
    pub(super) requests: Table<'t, &'static str, (&'static str, u64)>,
    pub(super) unfinished: Table<'t, u64, (&'static str, u64)>,
    pub(super) payloads: Table<'t, u64, &'static [u8]>,
    pub(super) finished: Table<'t, (&'static str, u64, u64), ()>,
    pub(super) deleted: Table<'t, &'static str, u64>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, RedbError> {
        Ok(Self {
            functions: transaction.open_table(FUNCTIONS)?,
            invocations: transaction.open_table(INVOCATIONS)?,
            requests: transaction.open_table(REQUESTS)?,
            unfinished: transaction.open_table(UNFINISHED)?,
            payloads: transaction.open_table(PAYLOADS)?,
            finished: transaction.open_table(FINISHED)?,
            deleted: transaction.open_table(DELETED)?,
        })
    }
}

/// Brings the database to the layout of this program.
///
/// # Errors
///
/// If a newer program has written it: nothing is changed then.
pub(super) fn prepare(database: &Database, folder: &Path) -> Result<(), StoreError> {
    let failed = |error: RedbError| StoreError::database(folder, &error);
    let found = layout(database).map_err(failed)?;
    if found > LAYOUT {
        return Err(StoreError::new(format!(
            "the data folder {} was written by a newer version of this program (its layout is \
             {found}, this version knows {LAYOUT}): update this program, or start it with another \
             data folder",
            folder.display()
        )));
    }
    if found == LAYOUT {
        return Ok(());
    }
    // From 0 to 1 nothing moves: tables are added.
    let write = || -> Result<(), RedbError> {
        let transaction = database.begin_write()?;
        Tables::open(&transaction)?;
        transaction.open_table(NUMBERS)?.insert(LAYOUT_KEY, LAYOUT)?;
        Ok(transaction.commit()?)
    };
    write().map_err(failed)
}

fn layout(database: &Database) -> Result<u64, RedbError> {
    let transaction = database.begin_read()?;
    match transaction.open_table(NUMBERS) {
        Ok(numbers) => Ok(numbers.get(LAYOUT_KEY)?.map_or(0, |number| number.value())),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(0),
        Err(error) => Err(error.into()),
    }
}
