//! Packages in files that are named by their SHA-512, and the folders they are unpacked into.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use parking_lot::Mutex;
use sha2::{Digest, Sha512};

use super::{StoreError, folder};
use crate::code::{self, PackageError, Unpacked};

/// How long a package is kept that no function refers to: a function that is about to be written
/// may refer to it, or an invocation that has begun with the version before.
const UNREFERENCED: Duration = Duration::from_secs(10 * 60);

/// A package that has been stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredPackage {
    /// The SHA-512 of the package, in lower-case hexadecimal.
    pub(crate) digest: String,
    /// In bytes.
    pub(crate) size: u64,
}

/// The files of packages, and who refers to them.
#[derive(Debug)]
pub(super) struct Packages {
    /// `<digest>.zip`
    files: PathBuf,
    /// `<digest>/`, made by this process: what another one has left is removed at the start, since
    /// it was not made durable, and functions can write into it.
    unpacked: PathBuf,
    /// Files and folders that are not complete yet, or not wanted any more.
    temporary: PathBuf,
    /// Makes the names in it differ from those of earlier processes, which may have had the same
    /// id.
    opened: Timestamp,
    number: AtomicU64,
    kept: Duration,
    references: Mutex<References>,
    folders: Mutex<HashMap<String, Arc<Unpacked>>>,
    /// Why packages could not be unpacked. They will not be.
    refused: Mutex<HashMap<String, PackageError>>,
    /// One package is unpacked at a time: that takes memory of its size.
    unpacking: Mutex<()>,
}

/// Which function refers to which packages.
#[derive(Debug, Default)]
struct References {
    by_function: HashMap<String, BTreeSet<String>>,
    /// Since when no function has referred to these.
    unreferenced: HashMap<String, Instant>,
    /// A function cannot be read, so that what it refers to is not known.
    is_incomplete: bool,
}

impl Packages {
    /// Prepares the folders, and removes what a killed process has left in them.
    pub(super) fn open(data: &Path) -> Result<Self, StoreError> {
        let packages = Self {
            files: data.join("packages"),
            unpacked: data.join("code"),
            temporary: data.join("temporary"),
            opened: Timestamp::now(),
            number: AtomicU64::new(0),
            kept: UNREFERENCED,
            references: Mutex::default(),
            folders: Mutex::default(),
            refused: Mutex::default(),
            unpacking: Mutex::default(),
        };
        for path in [&packages.files, &packages.temporary] {
            folder::create(path)?;
        }
        // Both can be large, and nothing waits until they are removed.
        let temporary = &packages.temporary;
        let mut leftovers: Vec<_> = names(temporary)?.map(|name| temporary.join(name)).collect();
        let unpacked = packages.temporary_path();
        match fs::rename(&packages.unpacked, &unpacked) {
            Ok(()) => leftovers.push(unpacked),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // A program that runs in it still, on Windows.
            Err(error) => return Err(StoreError::file(&packages.unpacked, &error)),
        }
        folder::create(&packages.unpacked)?;
        if !leftovers.is_empty() {
            std::thread::spawn(move || leftovers.iter().for_each(|path| remove(path)));
        }
        Ok(packages)
    }

    /// Stores a package. It is durable when this returns.
    pub(super) fn put(&self, package: &[u8]) -> Result<StoredPackage, PackageError> {
        code::check(package)?;
        let digest = base16ct::lower::encode_string(&Sha512::digest(package));
        let size = package.len() as u64;
        self.references.lock().has_come(&digest);
        let path = self.file(&digest);
        if self.read(&digest).is_ok() {
            return Ok(StoredPackage { digest, size });
        }
        let temporary = self.temporary_path();
        let write = || -> io::Result<()> {
            let mut file = File::create_new(&temporary)?;
            file.write_all(package)?;
            file.sync_all()?;
            fs::rename(&temporary, &path)
        };
        write().map_err(|error| {
            remove(&temporary);
            StoreError::file(&path, &error)
        })?;
        folder::sync(&self.files)?;
        Ok(StoredPackage { digest, size })
    }

    /// The bytes of a package, which are those that were stored.
    pub(super) fn read(&self, digest: &str) -> Result<Vec<u8>, PackageError> {
        if !is_digest(digest) {
            return Err(PackageError::NotFound(digest.to_owned()));
        }
        let path = self.file(digest);
        let package = fs::read(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => PackageError::NotFound(digest.to_owned()),
            _ => StoreError::file(&path, &error).into(),
        })?;
        if base16ct::lower::encode_string(&Sha512::digest(&package)) != digest {
            return Err(PackageError::Store(StoreError::new(format!(
                "{}: the file is damaged, its SHA-512 is not its name; upload the code of its \
                 functions again",
                path.display()
            ))));
        }
        Ok(package)
    }

    /// The folder of an unpacked package. It is unpacked once, however many ask.
    pub(super) fn unpacked(&self, digest: &str) -> Result<Arc<Unpacked>, PackageError> {
        if let Some(unpacked) = self.folders.lock().get(digest) {
            return Ok(Arc::clone(unpacked));
        }
        let _unpacking = self.unpacking.lock();
        if let Some(unpacked) = self.folders.lock().get(digest) {
            return Ok(Arc::clone(unpacked));
        }
        if let Some(refused) = self.refused.lock().get(digest) {
            return Err(refused.clone());
        }
        let package = self.read(digest)?;
        let temporary = self.temporary_path();
        folder::create(&temporary)?;
        let path = self.unpacked.join(digest);
        let unpacked = code::unpack(&package, &temporary).and_then(|()| {
            fs::rename(&temporary, &path).map_err(|error| StoreError::file(&path, &error).into())
        });
        if let Err(error) = unpacked {
            remove(&temporary);
            if matches!(error, PackageError::Refused(_)) {
                self.refused.lock().insert(digest.to_owned(), error.clone());
            }
            return Err(error);
        }
        let unpacked = Arc::new(Unpacked::new(path));
        self.folders.lock().insert(digest.to_owned(), Arc::clone(&unpacked));
        Ok(unpacked)
    }

    /// Notes which packages a function refers to, and removes those that none has referred to for a
    /// while.
    pub(super) fn refer(&self, function: &str, digests: BTreeSet<String>) {
        self.references.lock().set(function, digests);
        self.remove_unreferenced();
    }

    /// Notes the functions that are there at the start, and removes what none of them refers to;
    /// nothing if some cannot be read.
    pub(super) fn refer_at_start(
        &self,
        functions: HashMap<String, BTreeSet<String>>,
        is_incomplete: bool,
    ) -> Result<(), StoreError> {
        {
            let mut references = self.references.lock();
            references.by_function = functions;
            references.is_incomplete = is_incomplete;
        }
        if is_incomplete {
            return Ok(());
        }
        for name in names(&self.files)? {
            let referenced = name
                .to_str()
                .and_then(|name| name.strip_suffix(".zip"))
                .is_some_and(|digest| self.references.lock().has(digest));
            if !referenced {
                remove(&self.files.join(name));
            }
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn keep_for(&mut self, kept: Duration) {
        self.kept = kept;
    }

    fn remove_unreferenced(&self) {
        let mut references = self.references.lock();
        if references.is_incomplete {
            return;
        }
        let mut folders = self.folders.lock();
        let mut removed = Vec::new();
        references.unreferenced.retain(|digest, since| {
            // More than one: an instance runs in it.
            let runs = folders.get(digest).is_some_and(|unpacked| Arc::strong_count(unpacked) > 1);
            if runs || since.elapsed() < self.kept {
                return true;
            }
            removed.push((digest.clone(), folders.remove(digest)));
            false
        });
        for (digest, unpacked) in removed {
            if let Some(unpacked) = unpacked {
                self.discard(&unpacked);
            }
            self.refused.lock().remove(&digest);
            remove(&self.file(&digest));
        }
    }

    /// Moves a folder away, and removes it beside; if the process ends before, the next start does.
    fn discard(&self, path: &Path) {
        let temporary = self.temporary_path();
        if fs::rename(path, &temporary).is_ok() {
            std::thread::spawn(move || remove(&temporary));
        } else {
            remove(path);
        }
    }

    fn file(&self, digest: &str) -> PathBuf {
        self.files.join(format!("{digest}.zip"))
    }

    fn temporary_path(&self) -> PathBuf {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        self.temporary.join(format!("{}-{number}", self.opened.as_nanosecond()))
    }
}

impl References {
    fn has(&self, digest: &str) -> bool {
        self.by_function.values().any(|digests| digests.contains(digest))
    }

    fn has_come(&mut self, digest: &str) {
        if !self.has(digest) {
            self.unreferenced.insert(digest.to_owned(), Instant::now());
        }
    }

    fn set(&mut self, function: &str, digests: BTreeSet<String>) {
        for digest in &digests {
            self.unreferenced.remove(digest);
        }
        let previous = if digests.is_empty() {
            self.by_function.remove(function)
        } else {
            self.by_function.insert(function.to_owned(), digests)
        };
        for digest in previous.unwrap_or_default() {
            self.has_come(&digest);
        }
    }
}

/// Only such a name is looked for in the folder.
fn is_digest(digest: &str) -> bool {
    digest.len() == 128 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn names(folder: &Path) -> Result<impl Iterator<Item = std::ffi::OsString> + use<>, StoreError> {
    let entries = fs::read_dir(folder).map_err(|error| StoreError::file(folder, &error))?;
    Ok(entries.flatten().map(|entry| entry.file_name()))
}

/// Removes a file or a folder, if it is there and this is possible: what stays is removed at the
/// next start.
fn remove(path: &Path) {
    let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}
