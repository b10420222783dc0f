//! Why the store could not do what it was asked.

use std::fmt;
use std::io;
use std::path::Path;

/// The store could not be opened, read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreError(String);

impl StoreError {
    /// A sentence that names the folder already.
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// What the database says about its folder.
    pub(super) fn database(folder: &Path, error: &redb::Error) -> Self {
        Self(format!("the data folder {}: {error}", folder.display()))
    }

    /// A file or a folder that could not be read or written.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }

    pub(super) fn stopped(folder: &Path) -> Self {
        Self(format!("the data folder {}: it is being closed, or writing failed", folder.display()))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}
