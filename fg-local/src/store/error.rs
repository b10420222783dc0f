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
    pub(super) fn database(folder: &Path, error: &RedbError) -> Self {
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

/// Any error of redb. Boxed, since redb's own is large and results of it go through many hands.
#[derive(Debug)]
pub(super) struct RedbError(Box<redb::Error>);

impl<E: Into<redb::Error>> From<E> for RedbError {
    fn from(error: E) -> Self {
        Self(Box::new(error.into()))
    }
}

impl fmt::Display for RedbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
