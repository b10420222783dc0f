//! The folder of a store: created so that only its owner reads it, used by one process at a time.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use super::StoreError;

/// The database.
const DATABASE: &str = "functions.redb";
/// The id of the process that uses the folder, for the message that another one gets.
const PROCESS: &str = "process-id";

/// Creates a folder and its parents. The folder is its owner's alone: configurations hold secrets.
/// One that is there already keeps its permissions.
pub(super) fn create(folder: &Path) -> Result<(), StoreError> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(|error| StoreError::file(parent, &error))?;
    }
    match private_folder(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists || !folder.is_dir() => {
            Err(StoreError::file(folder, &error))
        }
        _ => Ok(()),
    }
}

/// Opens the file of the database, which is created if it is not there.
pub(super) fn database_file(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(DATABASE);
    let is_new = !path.exists();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).map_err(|error| StoreError::file(&path, &error))?;
    if is_new {
        sync(folder)?;
    }
    Ok(file)
}

/// Notes which process has the folder. It is only read to name it to others.
pub(super) fn note_process(folder: &Path) {
    // Without it the message says less; nothing else depends on it.
    let _ = fs::write(folder.join(PROCESS), std::process::id().to_string());
}

/// What is said to a second process.
pub(super) fn in_use(folder: &Path) -> StoreError {
    let process = fs::read_to_string(folder.join(PROCESS)).ok();
    let process = process.and_then(|id| id.trim().parse::<u32>().ok());
    let by = process.map_or("another process".into(), |id| format!("process {id}"));
    StoreError::new(format!(
        "the data folder {} is in use by {by}: end that process first, or start this one with \
         another data folder",
        folder.display()
    ))
}

/// What is said if the file is no database, or a damaged one.
pub(super) fn unreadable(folder: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::new(format!(
        "the data folder {}: {DATABASE} cannot be read, since it is damaged or written by a newer \
         version of this program ({error}): update this program, start it with another data folder, \
         or move this one away to begin with an empty one",
        folder.display()
    ))
}

/// Makes the names in a folder durable, so that a file which was created or renamed is found after
/// a power cut. Windows has no such operation, and needs none.
pub(super) fn sync(folder: &Path) -> Result<(), StoreError> {
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|opened| opened.sync_all());
        synced.map_err(|error| StoreError::file(folder, &error))?;
    }
    Ok(())
}

#[cfg(unix)]
fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    fs::DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)
}
