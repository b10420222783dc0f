//! Collects the files of `--include`: regular files of the workspace, which are all found and
//! checked before any is read.

mod entry_name;
mod ignored;
mod include;
mod open;
mod refused;
mod walk;

use std::path::PathBuf;

pub(super) use include::Include;
pub(super) use open::{is_package, read};
pub(super) use refused::{Refused, on_one_line, refuse};
pub(super) use walk::{Allowed, Walk};

/// A file or an empty directory to include.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The path in the package, with slashes.
    pub(super) destination: String,
    /// The path without symbolic links.
    pub(super) source: PathBuf,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An empty directory.
    Directory,
    File {
        /// In bytes.
        size: u64,
        /// To notice if another file takes its place.
        identity: Identity,
    },
}

/// The device and the inode of a file, on a Unix.
pub(super) type Identity = (u64, u64);

impl Found {
    pub(super) fn size(&self) -> u64 {
        match self.kind {
            Kind::Directory => 0,
            Kind::File { size, .. } => size,
        }
    }
}
