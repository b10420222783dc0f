//! Walks through the included directories. Files outside of the workspace, files that are not
//! regular, and files with an invalid name are errors. No file is opened for that.

use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

use crate::package::collect::ignored::Ignored;
use crate::package::collect::open::identity;
use crate::package::collect::{Found, Include, Kind, Refused, entry_name, is_package};
use crate::package::image;

/// The directories of version control systems.
const VERSION_CONTROL: [&str; 4] = [".git", ".hg", ".jj", ".svn"];

/// The beginning of `CACHEDIR.TAG`, which marks cache directories, such as cargo's target directory
/// (<https://bford.info/cachedir/>).
const CACHE_SIGNATURE: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// More than any real package has. Links can multiply a few files without limit.
const MAX_FILES: usize = 500_000;

/// Where files may come from. All paths are without symbolic links.
#[derive(Debug)]
pub(in crate::package) struct Allowed {
    /// The workspace, and the package, which may be outside of it.
    pub(in crate::package) roots: Vec<PathBuf>,
    /// The target directory of cargo.
    pub(in crate::package) target_directory: PathBuf,
    /// The output of this command, if it exists already.
    pub(in crate::package) output: Option<PathBuf>,
}

/// A walk through the included files and directories.
#[derive(Debug)]
pub(in crate::package) struct Walk {
    allowed: Allowed,
    ignored: Ignored,
    pub(in crate::package) found: Vec<Found>,
    pub(in crate::package) refused: Vec<Refused>,
    /// The paths that were skipped because they are ignored by Git or build output.
    pub(in crate::package) skipped: Vec<String>,
    /// The directories from the start of the walk to its current position.
    open: Vec<PathBuf>,
    steps: usize,
}

/// A file or a directory of the walk.
#[derive(Debug)]
struct Step {
    /// The path as the user would write it.
    shown: PathBuf,
    /// The path without symbolic links.
    real: PathBuf,
    /// The path in the package.
    destination: String,
}

impl Walk {
    pub(in crate::package) fn new(allowed: Allowed) -> Self {
        let ignored = Ignored::new(allowed.roots.first().map_or(Path::new("."), PathBuf::as_path));
        Self {
            allowed,
            ignored,
            found: Vec::new(),
            refused: Vec::new(),
            skipped: Vec::new(),
            open: Vec::new(),
            steps: 0,
        }
    }

    /// Adds a file or a directory. `.gitignore` does not apply to it, but to the files in it.
    pub(in crate::package) fn add(&mut self, include: &Include) {
        let shown = PathBuf::from(&include.written);
        if fs::symlink_metadata(&include.source)
            .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        {
            let reason = format!("{} does not exist", include.source.display());
            return self.refused.push(Refused::missing(shown.display().to_string(), reason));
        }
        let real = match self.resolve(&include.source) {
            Ok(real) => real,
            Err(reason) => return self.refuse(&shown, reason),
        };
        if self.is_output(&real) {
            return self.refuse(&shown, "it is a package that this command writes or wrote before");
        }
        if self.is_excluded(&real) {
            return self.refuse(
                &shown,
                "it is a directory of cargo, of version control, or of the context of an image",
            );
        }
        let before = (self.found.len(), self.skipped.len());
        self.visit(Step { shown: shown.clone(), real, destination: include.destination.clone() });
        let is_empty = self.found[before.0..].iter().all(|found| found.kind == Kind::Directory);
        if is_empty && self.skipped.len() > before.1 {
            self.refused.push(
                Refused::missing(
                    shown.display().to_string(),
                    "`.gitignore` ignores everything in it",
                )
                .advise("include the files themselves, to which `.gitignore` does not apply"),
            );
        }
    }

    /// The path without symbolic links, which has to be in the workspace.
    fn resolve(&self, path: &Path) -> Result<PathBuf, String> {
        let is_link = fs::symlink_metadata(path).map_err(|error| error.to_string())?.is_symlink();
        let real = fs::canonicalize(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound if is_link => "it is a broken link".to_owned(),
            _ => error.to_string(),
        })?;
        if self.allowed.roots.iter().any(|root| real.starts_with(root)) {
            return Ok(real);
        }
        let what = if is_link { "it is a link to" } else { "it is" };
        Err(format!("{what} {}, outside of the workspace", real.display()))
    }

    fn visit(&mut self, step: Step) {
        self.steps += 1;
        if self.steps == MAX_FILES {
            self.refuse(
                &step.shown,
                format!("it is one of more than {MAX_FILES} files and directories"),
            );
        }
        if self.steps >= MAX_FILES {
            return;
        }
        let about = match fs::symlink_metadata(&step.real) {
            Ok(about) => about,
            Err(error) => return self.refuse(&step.shown, error.to_string()),
        };
        if let Err(reason) = entry_name::check_length(&step.destination) {
            return self.refuse(&step.shown, reason);
        }
        if about.is_dir() {
            return self.visit_directory(&step);
        }
        if !about.is_file() {
            return self.refuse(&step.shown, kind(about.file_type()));
        }
        let kind = Kind::File { size: about.len(), identity: identity(&about) };
        self.found.push(Found { destination: step.destination, source: step.real, kind });
    }

    fn visit_directory(&mut self, step: &Step) {
        if self.open.contains(&step.real) {
            return self
                .refuse(&step.shown, format!("it is a cycle back to {}", step.real.display()));
        }
        let entries = fs::read_dir(&step.real).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.refuse(&step.shown, format!("it cannot be listed: {error}")),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        let before = (self.found.len(), self.refused.len());
        self.open.push(step.real.clone());
        for entry in entries {
            self.visit_entry(step, &entry.path(), &entry.file_name());
        }
        self.open.pop();
        if (self.found.len(), self.refused.len()) == before && !step.destination.is_empty() {
            let (destination, source) = (step.destination.clone(), step.real.clone());
            self.found.push(Found { destination, source, kind: Kind::Directory });
        }
    }

    fn visit_entry(&mut self, directory: &Step, path: &Path, name: &OsStr) {
        if VERSION_CONTROL.iter().any(|directory| name == *directory) {
            return;
        }
        let shown = directory.shown.join(name);
        // For a link, `is_dir` is about its target.
        if self.ignored.is_ignored(path, path.is_dir()) {
            return self.skipped.push(shown.display().to_string());
        }
        let Some(name) = name.to_str() else {
            return self.refuse(&shown, "its name is not UTF-8, as a package requires");
        };
        if let Err(reason) = entry_name::check(name) {
            return self.refuse(&shown, reason);
        }
        let is_link = path.is_symlink();
        let real = match if is_link { self.resolve(path) } else { Ok(path.to_owned()) } {
            Ok(real) => real,
            Err(reason) => return self.refuse(&shown, reason),
        };
        if self.is_output(&real) || self.is_excluded(&real) {
            return self.skipped.push(shown.display().to_string());
        }
        let destination = if directory.destination.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", directory.destination)
        };
        self.visit(Step { shown, real, destination });
    }

    /// Whether this is an output of this command, now or earlier.
    fn is_output(&self, real: &Path) -> bool {
        if self.allowed.output.as_deref() == Some(real) {
            return true;
        }
        real.symlink_metadata().is_ok_and(|about| about.is_file()) && is_package(real)
    }

    /// Whether this is a directory that is never included: of cargo, of version control, or the
    /// context of an image. Not if the workspace itself is inside it. Single files that cargo built
    /// can be included.
    fn is_excluded(&self, real: &Path) -> bool {
        if !real.is_dir() {
            return self.is_in_version_control(real);
        }
        if self.allowed.roots.iter().any(|root| root.starts_with(real)) {
            return false;
        }
        let contains_workspace =
            self.allowed.roots.iter().any(|root| root.starts_with(&self.allowed.target_directory));
        let is_built = !contains_workspace && real.starts_with(&self.allowed.target_directory);
        is_built || self.is_in_version_control(real) || is_cache(real) || image::is_context(real)
    }

    /// Whether a directory of version control is in the path below the workspace.
    fn is_in_version_control(&self, real: &Path) -> bool {
        let below =
            self.allowed.roots.iter().find_map(|root| real.strip_prefix(root).ok()).unwrap_or(real);
        below.components().any(|part| VERSION_CONTROL.iter().any(|own| part.as_os_str() == *own))
    }

    fn refuse(&mut self, shown: &Path, reason: impl Into<String>) {
        self.refused.push(Refused::new(shown.display().to_string(), reason));
    }
}

fn is_cache(directory: &Path) -> bool {
    let tag = directory.join("CACHEDIR.TAG");
    let is_small_file =
        tag.symlink_metadata().is_ok_and(|about| about.is_file() && about.len() < 4096);
    is_small_file && fs::read(tag).is_ok_and(|text| text.starts_with(CACHE_SIGNATURE))
}

/// Describes what is neither a regular file nor a directory.
#[cfg(unix)]
fn kind(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "it is a pipe"
    } else if kind.is_socket() {
        "it is a socket"
    } else if kind.is_block_device() || kind.is_char_device() {
        "it is a device"
    } else {
        "it is not a regular file"
    }
}

#[cfg(not(unix))]
fn kind(_: FileType) -> &'static str {
    "it is not a regular file"
}
