//! Writes the entries of a package into a folder of its own.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::PackageError;
use super::archive::{Archive, Entry, Kind, Package, refused, unreadable};
use crate::store::StoreError;

/// Unpacks a package into a folder, which must be there and be empty. What an entry has beyond the
/// size that it says it has is not written. Links are made last, so that nothing is written through
/// them.
pub(crate) fn unpack(package: &[u8], folder: &Path) -> Result<(), PackageError> {
    let Package { mut archive, entries } = Package::open(package)?;
    for Entry { index, path, kind } in &entries {
        let target = folder.join(path);
        match kind {
            Kind::Folder => create_folder(&target)?,
            Kind::File { size, is_executable } => {
                if let Some(parent) = target.parent() {
                    create_folder(parent)?;
                }
                write_file(&mut archive, *index, path, *size, &target, *is_executable)?;
            }
            Kind::Link { .. } => {}
        }
    }
    for Entry { path, kind, .. } in &entries {
        if let Kind::Link { target } = kind {
            let link = folder.join(path);
            if let Some(parent) = link.parent() {
                create_folder(parent)?;
            }
            create_link(target, &link).map_err(|error| placed(path, &link, &error))?;
        }
    }
    Ok(())
}

fn create_folder(folder: &Path) -> Result<(), PackageError> {
    fs::create_dir_all(folder).map_err(|error| StoreError::file(folder, &error).into())
}

fn write_file(
    archive: &mut Archive<'_>,
    index: usize,
    path: &str,
    size: u64,
    target: &Path,
    is_executable: bool,
) -> Result<(), PackageError> {
    let entry = archive.by_index(index).map_err(|error| unreadable(path, &error))?;
    let mut options = OpenOptions::new();
    // Never over a file that is there, which another entry may have become on a file system that
    // does not tell `a` from `A`.
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        let mode = if is_executable { 0o755 } else { 0o644 };
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    }
    #[cfg(not(unix))]
    let _ = is_executable;
    let mut file = options.open(target).map_err(|error| placed(path, target, &error))?;
    let mut entry = entry.take(size + 1);
    let mut buffer = vec![0; 64 << 10];
    let mut written = 0;
    loop {
        let read = match entry.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(path, &error)),
        };
        written += read as u64;
        if written > size {
            break;
        }
        file.write_all(&buffer[..read]).map_err(|error| StoreError::file(target, &error))?;
    }
    if written != size {
        return Err(refused(path, &format!("says that it has {size} bytes, and has not")));
    }
    Ok(())
}

fn placed(path: &str, target: &Path, error: &io::Error) -> PackageError {
    if error.kind() == io::ErrorKind::AlreadyExists {
        return refused(path, "has the name of another entry, as this file system compares names");
    }
    StoreError::file(target, error).into()
}

#[cfg(unix)]
fn create_link(target: &str, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Packages with links are refused before.
#[cfg(not(unix))]
fn create_link(_: &str, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
