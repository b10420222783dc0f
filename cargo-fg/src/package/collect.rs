//! What `--include` puts into a package: regular files of the workspace, found and judged before a
//! byte of them is read.

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

/// Something that goes into the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where, with slashes, relative to the root of the package.
    pub(super) destination: String,
    /// The file itself, without a link on the way.
    pub(super) source: PathBuf,
    pub(super) kind: Kind,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A directory with nothing in it.
    Directory,
    File {
        /// In bytes.
        size: u64,
        /// What tells it from another file that takes its place.
        identity: Identity,
    },
}

/// The device and the number of a file, where there are such.
pub(super) type Identity = (u64, u64);

impl Found {
    pub(super) fn size(&self) -> u64 {
        match self.kind {
            Kind::Directory => 0,
            Kind::File { size, .. } => size,
        }
    }
}
