//! What a package has inside, read without unpacking it, and whether it may be unpacked.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

use zip::{CompressionMethod, ZipArchive};

use super::PackageError;
use super::entry_name::{parts, quoted};

/// The most bytes of a package that is uploaded (FSS.1071).
pub(crate) const MAX_PACKAGE: u64 = 50 * 1024 * 1024;
/// The most bytes that a package has when it is unpacked.
pub(super) const MAX_UNPACKED: u64 = 1500 * 1024 * 1024;
/// The most entries of a package.
const MAX_ENTRIES: usize = 50_000;
/// The most bytes that are read to learn what a package has inside. A directory of [`MAX_ENTRIES`]
/// has less; a package that is made to have many false ones is not read for long.
const MAX_DIRECTORY: u64 = 16 << 20;
/// How many times its own size a package may have when it is unpacked, if that is more than
/// [`UNSUSPICIOUS`]. Programs and their data have 2 to 20.
const MAX_RATIO: u64 = 200;
const UNSUSPICIOUS: u64 = 32 << 20;
/// The most bytes of the target of a link.
const MAX_TARGET: u64 = 1024;

/// The bits of a mode that say what an entry is, and the bits of programs that run as another user.
const TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;
const LINK: u32 = 0o120_000;
const SET_ID: u32 = 0o6_000;
const EXECUTABLE: u32 = 0o111;

/// A package whose entries may be unpacked.
pub(super) struct Package<'a> {
    pub(super) archive: Archive<'a>,
    pub(super) entries: Vec<Entry>,
}

pub(super) type Archive<'a> = ZipArchive<Limited<'a>>;

/// A file, a folder or a link of a package.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// In the archive.
    pub(super) index: usize,
    /// Separated by `/`, without `.` and `..`.
    pub(super) path: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File {
        size: u64,
        is_executable: bool,
    },
    Folder,
    /// With its target, which is in the folder of the package.
    Link {
        target: String,
    },
}

/// Whether this is a package that may be unpacked, as far as can be told without doing it.
pub(crate) fn check(package: &[u8]) -> Result<(), PackageError> {
    Package::open(package).map(drop)
}

impl<'a> Package<'a> {
    /// Reads what the package has inside, and refuses what must not be unpacked.
    pub(super) fn open(package: &'a [u8]) -> Result<Self, PackageError> {
        let size = package.len() as u64;
        if size > MAX_PACKAGE {
            return Err(PackageError::TooLarge(size));
        }
        let budget = Rc::new(Cell::new(MAX_DIRECTORY));
        let limited = Limited { package: Cursor::new(package), budget: Rc::clone(&budget) };
        let mut archive =
            ZipArchive::new(limited).map_err(|error| PackageError::NotZip(error.to_string()))?;
        budget.set(u64::MAX);
        if archive.len() > MAX_ENTRIES {
            return Err(PackageError::Refused(format!(
                "the package has {} entries, and the most are {MAX_ENTRIES}",
                archive.len()
            )));
        }
        let directory = usize::try_from(archive.central_directory_start()).unwrap_or(usize::MAX);
        refuse_repeated_names(package.get(directory..).unwrap_or_default())?;
        let mut entries = Vec::with_capacity(archive.len());
        for index in 0..archive.len() {
            entries.extend(entry(&mut archive, index)?);
        }
        refuse_bombs(&entries, size)?;
        refuse_collisions(&entries)?;
        Ok(Self { archive, entries })
    }
}

/// Refuses what becomes too large, by the sizes that the entries say they have.
fn refuse_bombs(entries: &[Entry], size: u64) -> Result<(), PackageError> {
    let mut unpacked: u64 = 0;
    let mut largest = ("", 0);
    for Entry { path, kind, .. } in entries {
        if let Kind::File { size, .. } = kind {
            unpacked = unpacked.saturating_add(*size);
            if *size > largest.1 {
                largest = (path, *size);
            }
        }
    }
    let largest = format!("its largest entry, {}, has {}", quoted(largest.0), largest.1);
    if unpacked > MAX_UNPACKED {
        return Err(PackageError::Refused(format!(
            "the package has {unpacked} bytes when it is unpacked, and the most are \
             {MAX_UNPACKED}; {largest}"
        )));
    }
    if unpacked > UNSUSPICIOUS && unpacked / size.max(1) > MAX_RATIO {
        return Err(PackageError::Refused(format!(
            "the package has {unpacked} bytes when it is unpacked, which is more than {MAX_RATIO} \
             times its own size; {largest}"
        )));
    }
    Ok(())
}

/// An entry, or nothing if it is the folder of the package itself.
fn entry(archive: &mut Archive<'_>, index: usize) -> Result<Option<Entry>, PackageError> {
    let (name, mode, size) = {
        let name = archive.name_for_index(index).unwrap_or_default().to_owned();
        let file = archive.by_index_raw(index).map_err(|error| unreadable(&name, &error))?;
        if file.encrypted() {
            return Err(refused(&name, "is encrypted"));
        }
        if !matches!(file.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            return Err(refused(&name, "is compressed in another way than deflate"));
        }
        (name, file.unix_mode().unwrap_or(0), file.size())
    };
    let parts = parts(&name).map_err(|reason| {
        PackageError::Refused(format!("the name of the entry {} {reason}", quoted(&name)))
    })?;
    let kind = match mode & TYPE {
        _ if mode & SET_ID != 0 => {
            return Err(refused(&name, "has the bit with which a program runs as another user"));
        }
        FOLDER => Kind::Folder,
        0 | REGULAR if name.ends_with('/') || parts.is_empty() => Kind::Folder,
        0 | REGULAR => Kind::File { size, is_executable: mode & EXECUTABLE != 0 },
        LINK => Kind::Link { target: target(archive, index, &name, parts.len())? },
        _ => return Err(refused(&name, "is a device, a pipe or a socket")),
    };
    if kind == Kind::Folder && size > 0 {
        return Err(refused(&name, "is a folder and has content"));
    }
    let path = parts.join("/");
    Ok((!path.is_empty()).then_some(Entry { index, path, kind }))
}

/// Where a link leads, which must be in the folder of the package. `..` is allowed at its beginning
/// only: the folders above a link are never links, so that those steps are what they seem, and any
/// other step goes down, be it over another link.
fn target(
    archive: &mut Archive<'_>,
    index: usize,
    name: &str,
    depth: usize,
) -> Result<String, PackageError> {
    if cfg!(not(unix)) {
        return Err(refused(name, "is a link, which this system does not have"));
    }
    let mut target = Vec::new();
    let file = archive.by_index(index).map_err(|error| unreadable(name, &error))?;
    file.take(MAX_TARGET + 1).read_to_end(&mut target).map_err(|error| unreadable(name, &error))?;
    if target.len() as u64 > MAX_TARGET {
        return Err(refused(name, "is a link with a target of more than 1024 bytes"));
    }
    let target = String::from_utf8(target)
        .map_err(|_| refused(name, "is a link with a target that is not UTF-8"))?;
    let leads =
        |where_to: &str| refused(name, &format!("is a link to {}, {where_to}", quoted(&target)));
    if target.is_empty() || target.starts_with('/') || target.chars().any(char::is_control) {
        return Err(leads("which is no relative path"));
    }
    let steps: Vec<_> = target.split('/').filter(|step| !step.is_empty() && *step != ".").collect();
    let up = steps.iter().take_while(|step| **step == "..").count();
    if up >= depth.max(1) {
        return Err(leads("which leaves the package"));
    }
    if steps[up..].contains(&"..") {
        return Err(leads("which has .. after another part"));
    }
    Ok(target)
}

/// Refuses a package in which two files have the same name: the archive shows the last alone.
fn refuse_repeated_names(mut directory: &[u8]) -> Result<(), PackageError> {
    const HEADER: usize = 46;

    let mut names = HashSet::new();
    while directory.len() >= HEADER && directory.starts_with(b"PK\x01\x02") {
        let length =
            |at: usize| usize::from(u16::from_le_bytes([directory[at], directory[at + 1]]));
        let name_end = HEADER + length(28);
        let name = directory.get(HEADER..name_end).unwrap_or_default();
        if !name.ends_with(b"/") && !names.insert(name) {
            return Err(refused(&String::from_utf8_lossy(name), "is in the package twice"));
        }
        directory = directory.get(name_end + length(30) + length(32)..).unwrap_or_default();
    }
    Ok(())
}

/// Refuses entries that would be unpacked to the same place, or below one that is no folder.
fn refuse_collisions(entries: &[Entry]) -> Result<(), PackageError> {
    let mut kinds: HashMap<&str, &Kind> = HashMap::with_capacity(entries.len());
    for Entry { path, kind, .. } in entries {
        let previous = kinds.insert(path, kind);
        if previous.is_some_and(|previous| *previous != Kind::Folder || *kind != Kind::Folder) {
            return Err(refused(path, "is in the package twice"));
        }
    }
    for Entry { path, .. } in entries {
        for (end, _) in path.match_indices('/') {
            let parent = &path[..end];
            if kinds.get(parent).is_some_and(|kind| **kind != Kind::Folder) {
                let reason = format!("is below {}, which is no folder", quoted(parent));
                return Err(refused(path, &reason));
            }
        }
    }
    Ok(())
}

pub(super) fn refused(name: &str, reason: &str) -> PackageError {
    PackageError::Refused(format!("the entry {} of the package {reason}", quoted(name)))
}

pub(super) fn unreadable(name: &str, error: &dyn std::fmt::Display) -> PackageError {
    refused(name, &format!("cannot be read: {error}"))
}

/// Reads a package as long as the budget lasts.
pub(super) struct Limited<'a> {
    package: Cursor<&'a [u8]>,
    budget: Rc<Cell<u64>>,
}

impl Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.package.read(buffer)?;
        let left = self.budget.get().checked_sub(read as u64);
        let left = left.ok_or_else(|| io::Error::other("its directory is too large"))?;
        self.budget.set(left);
        Ok(read)
    }
}

impl Seek for Limited<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.package.seek(to)
    }
}
