//! Reads the files that were found, and notices if a file was replaced or changed in the meantime.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::package::archive;
use crate::package::collect::{Found, Identity, Kind, Refused};

/// Reads a file. Returns its bytes, and whether it is executable.
pub(in crate::package) fn read(found: &Found) -> Result<(Vec<u8>, bool), Refused> {
    let Kind::File { size, identity: expected } = found.kind else {
        return Ok((Vec::new(), false));
    };
    let refused = |reason: String| Refused::new(found.source.display().to_string(), reason);
    let changed = || {
        refused("it has changed while it was read".to_owned())
            .advise("package again when it is not being written to")
    };
    let cannot_read = |error: io::Error| refused(format!("it cannot be read: {error}"));
    let mut file = open(&found.source).map_err(cannot_read)?;
    let before = file.metadata().map_err(cannot_read)?;
    if !before.is_file() || identity(&before) != expected || before.len() != size {
        return Err(changed());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    file.by_ref().take(size + 1).read_to_end(&mut bytes).map_err(cannot_read)?;
    let after = file.metadata().map_err(cannot_read)?;
    if bytes.len() as u64 != size
        || after.len() != size
        || after.modified().ok() != before.modified().ok()
    {
        return Err(changed());
    }
    let is_executable = is_executable(&after, &bytes);
    Ok((bytes, is_executable))
}

/// Whether the file is a zip file that this command wrote.
pub(in crate::package) fn is_package(path: &Path) -> bool {
    if path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("zip")) {
        return false;
    }
    let Ok(mut file) = open(path) else { return false };
    let length = archive::COMMENT.len();
    let mut end = Vec::new();
    let at_the_end = SeekFrom::End(-i64::try_from(length).unwrap_or_default());
    file.metadata().is_ok_and(|about| about.is_file())
        && file.seek(at_the_end).is_ok()
        && file.take(length as u64).read_to_end(&mut end).is_ok()
        && end == archive::COMMENT.as_bytes()
}

/// Opens a file. Does not block if it was replaced by a pipe, and does not follow a symbolic link.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;
    #[allow(clippy::cast_possible_wrap, reason = "they are bit flags")]
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits() as i32;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

#[cfg(unix)]
pub(super) fn identity(about: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (about.dev(), about.ino())
}

#[cfg(not(unix))]
pub(super) fn identity(_: &Metadata) -> Identity {
    (0, 0)
}

#[cfg(unix)]
fn is_executable(about: &Metadata, _: &[u8]) -> bool {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o100 != 0
}

/// Without permission bits, scripts and ELF files are executable.
#[cfg(not(unix))]
fn is_executable(_: &Metadata, bytes: &[u8]) -> bool {
    bytes.starts_with(b"#!") || bytes.starts_with(b"\x7fELF")
}

// Other Unix systems create pipes in other ways.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use super::*;

    fn found(path: &Path) -> Found {
        let about = fs::symlink_metadata(path).expect("it is there");
        let kind = Kind::File { size: about.len(), identity: identity(&about) };
        Found { destination: "a".into(), source: path.to_owned(), kind }
    }

    #[test]
    fn a_file_that_was_replaced_is_not_read() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a");
        fs::write(&path, "bytes").expect("it is written");
        let found = found(&path);
        assert_eq!(read(&found), Ok((b"bytes".to_vec(), false)));

        fs::write(&path, "more bytes").expect("it is written");
        assert!(format!("{:?}", read(&found)).contains("it has changed"), "it is longer");

        fs::rename(&path, directory.path().join("b")).expect("it is moved");
        std::os::unix::fs::symlink("b", &path).expect("it is made");
        assert!(read(&found).is_err(), "a link");

        fs::remove_file(&path).expect("it is removed");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .expect("it is made");
        // A plain `open` would block.
        assert!(format!("{:?}", read(&found)).contains("it has changed"), "a pipe");
    }
}
