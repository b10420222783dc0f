//! What outlives the process, in one folder: functions and asynchronous invocations in a database,
//! packages in files.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use redb::{Database, ReadableTable, TableDefinition};

use crate::catalog::function::Function;
use crate::urn::FunctionName;

/// `<package>:<name>` and the function as JSON.
const FUNCTIONS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("functions");

/// An open store. Another process cannot open its folder meanwhile.
#[derive(Debug)]
pub(crate) struct Store {
    database: Database,
    folder: PathBuf,
}

/// The store could not be read or written.
#[derive(Debug)]
pub(crate) struct StoreError(String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store of functions: {}", self.0)
    }
}

impl std::error::Error for StoreError {}

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self(error.into().to_string())
    }
}

impl Store {
    /// Opens the store in this folder, which is created if it is not there.
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(folder)
            .map_err(|error| StoreError(format!("{}: {error}", folder.display())))?;
        let database = Database::builder()
            .create_with_file_format_v3(true)
            .create(folder.join("functions.redb"))?;
        let transaction = database.begin_write()?;
        transaction.open_table(FUNCTIONS)?;
        transaction.commit()?;
        Ok(Self { database, folder: folder.to_owned() })
    }

    pub(crate) fn functions(&self) -> Result<Vec<Function>, StoreError> {
        let transaction = self.database.begin_read()?;
        let table = transaction.open_table(FUNCTIONS)?;
        let mut functions = Vec::new();
        for entry in table.iter()? {
            let (name, json) = entry?;
            let function = serde_json::from_slice(json.value())
                .map_err(|error| StoreError(format!("{}: {error}", name.value())))?;
            functions.push(function);
        }
        Ok(functions)
    }

    /// Writes a function, whether it is there already or not.
    pub(crate) fn put_function(&self, function: &Function) -> Result<(), StoreError> {
        let json = serde_json::to_vec(function)
            .map_err(|error| StoreError(format!("{}: {error}", function.name)))?;
        let transaction = self.database.begin_write()?;
        transaction
            .open_table(FUNCTIONS)?
            .insert(function.name.to_string().as_str(), json.as_slice())?;
        transaction.commit()?;
        Ok(())
    }

    /// The folder with the files of the package with this digest.
    pub(crate) fn unpacked(&self, digest: &str) -> Result<PathBuf, StoreError> {
        Ok(self.folder.join("code").join(digest))
    }

    pub(crate) fn delete_function(&self, name: &FunctionName) -> Result<(), StoreError> {
        let transaction = self.database.begin_write()?;
        transaction.open_table(FUNCTIONS)?.remove(name.to_string().as_str())?;
        transaction.commit()?;
        Ok(())
    }
}
