//! The code of functions: packages are checked when they come, and unpacked when they run.

mod archive;
mod entry_name;
mod error;
mod single_file;
mod unpack;
mod unpacked;

pub(crate) use archive::{MAX_PACKAGE, check};
pub(crate) use error::PackageError;
pub(crate) use single_file::pack_file;
pub(crate) use unpack::unpack;
pub(crate) use unpacked::Unpacked;

#[cfg(test)]
mod tests;
