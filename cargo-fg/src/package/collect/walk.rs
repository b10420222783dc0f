//! Going through what is included. What lies elsewhere, what is no regular file, and what has a
//! name that a package cannot hold is refused by name; nothing is opened for that.

use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

use crate::package::collect::ignored::Ignored;
use crate::package::collect::open::identity;
use crate::package::collect::{Found, Include, Kind, Refused, entry_name, is_package};
use crate::package::image;

/// Where version control keeps its own.
const VERSION_CONTROL: [&str; 4] = [".git", ".hg", ".jj", ".svn"];

/// What begins the file `CACHEDIR.TAG` in folders that can be made again, as cargo's are
/// (<https://bford.info/cachedir/>).
const CACHE_SIGNATURE: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// More than any package has; links can make any number of files of a few.
const MOST_FILES: usize = 500_000;

/// Where files may come from.
#[derive(Debug)]
pub(in crate::package) struct Allowed {
    /// The workspace, and the package where that is elsewhere, without links on the way.
    pub(in crate::package) roots: Vec<PathBuf>,
    /// Where cargo builds, without links on the way.
    pub(in crate::package) target_directory: PathBuf,
    /// What is being written, if it is there already.
    pub(in crate::package) output: Option<PathBuf>,
}

/// A walk through all that is included.
#[derive(Debug)]
pub(in crate::package) struct Walk {
    allowed: Allowed,
    ignored: Ignored,
    pub(in crate::package) found: Vec<Found>,
    pub(in crate::package) refused: Vec<Refused>,
    /// What is not taken and need not be: ignored by Git, or built.
    pub(in crate::package) left_out: Vec<String>,
    /// The directories that lead to where the walk is.
    open: Vec<PathBuf>,
    steps: usize,
}

/// Something on the way, as the user knows it, as it is, and as it is to be.
#[derive(Debug)]
struct Step {
    shown: PathBuf,
    real: PathBuf,
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
            left_out: Vec::new(),
            open: Vec::new(),
            steps: 0,
        }
    }

    /// Takes what was named. That it is named outweighs `.gitignore`, for itself and not for what
    /// is in it.
    pub(in crate::package) fn take(&mut self, include: &Include) {
        let shown = PathBuf::from(&include.written);
        if fs::symlink_metadata(&include.source)
            .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        {
            let reason = format!("there is no {}", include.source.display());
            return self.refused.push(Refused::missing(shown.display().to_string(), reason));
        }
        let real = match self.resolve(&include.source) {
            Ok(real) => real,
            Err(reason) => return self.refuse(&shown, reason),
        };
        if self.is_output(&real) {
            return self.refuse(&shown, "it is what is being written, or was written before");
        }
        if self.is_never_taken(&real) {
            return self.refuse(&shown, "it is a folder of cargo, of version control, or of an image that was written before");
        }
        let begun = (self.found.len(), self.left_out.len());
        self.go(Step { shown: shown.clone(), real, destination: include.destination.clone() });
        let is_nothing = self.found[begun.0..].iter().all(|found| found.kind == Kind::Directory);
        if is_nothing && self.left_out.len() > begun.1 {
            self.refused.push(
                Refused::missing(
                    shown.display().to_string(),
                    "there is nothing in it that `.gitignore` leaves",
                )
                .advise("what is named itself is taken, ignored or not"),
            );
        }
    }

    /// The file itself, which has to be in the workspace.
    fn resolve(&self, path: &Path) -> Result<PathBuf, String> {
        let is_link = fs::symlink_metadata(path).map_err(|error| error.to_string())?.is_symlink();
        let real = fs::canonicalize(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound if is_link => "it is a link that leads nowhere".to_owned(),
            _ => error.to_string(),
        })?;
        if self.allowed.roots.iter().any(|root| real.starts_with(root)) {
            return Ok(real);
        }
        let what = if is_link { "it is a link to" } else { "it is" };
        Err(format!("{what} {}, outside of the workspace", real.display()))
    }

    fn go(&mut self, step: Step) {
        self.steps += 1;
        if self.steps == MOST_FILES {
            self.refuse(
                &step.shown,
                format!("it is one of more than {MOST_FILES} files and folders"),
            );
        }
        if self.steps >= MOST_FILES {
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
            return self.go_into(&step);
        }
        if !about.is_file() {
            return self.refuse(&step.shown, kind(about.file_type()));
        }
        let kind = Kind::File { size: about.len(), identity: identity(&about) };
        self.found.push(Found { destination: step.destination, source: step.real, kind });
    }

    fn go_into(&mut self, step: &Step) {
        if self.open.contains(&step.real) {
            return self.refuse(&step.shown, format!("it leads back to {}", step.real.display()));
        }
        let entries = fs::read_dir(&step.real).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.refuse(&step.shown, format!("it cannot be listed: {error}")),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        let begun = (self.found.len(), self.refused.len());
        self.open.push(step.real.clone());
        for entry in entries {
            self.enter(step, &entry.path(), &entry.file_name());
        }
        self.open.pop();
        if (self.found.len(), self.refused.len()) == begun && !step.destination.is_empty() {
            let (destination, source) = (step.destination.clone(), step.real.clone());
            self.found.push(Found { destination, source, kind: Kind::Directory });
        }
    }

    fn enter(&mut self, directory: &Step, path: &Path, name: &OsStr) {
        if VERSION_CONTROL.iter().any(|own| name == *own) {
            return;
        }
        let shown = directory.shown.join(name);
        // Of a link, this is about what it leads to.
        if self.ignored.is_ignored(path, path.is_dir()) {
            return self.left_out.push(shown.display().to_string());
        }
        let Some(name) = name.to_str() else {
            return self.refuse(&shown, "its name is not UTF-8, and in a package names are");
        };
        if let Err(reason) = entry_name::check(name) {
            return self.refuse(&shown, reason);
        }
        let is_link = path.is_symlink();
        let real = match if is_link { self.resolve(path) } else { Ok(path.to_owned()) } {
            Ok(real) => real,
            Err(reason) => return self.refuse(&shown, reason),
        };
        if self.is_output(&real) || self.is_never_taken(&real) {
            return self.left_out.push(shown.display().to_string());
        }
        let destination = if directory.destination.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", directory.destination)
        };
        self.go(Step { shown, real, destination });
    }

    /// What this command writes, now or before.
    fn is_output(&self, real: &Path) -> bool {
        if self.allowed.output.as_deref() == Some(real) {
            return true;
        }
        real.symlink_metadata().is_ok_and(|about| about.is_file()) && is_package(real)
    }

    /// Directories that are never what is meant. Those that the workspace itself is in are not
    /// judged. A file that was built may be named.
    fn is_never_taken(&self, real: &Path) -> bool {
        if !real.is_dir() {
            return self.is_of_version_control(real);
        }
        if self.allowed.roots.iter().any(|root| root.starts_with(real)) {
            return false;
        }
        let holds_the_workspace =
            self.allowed.roots.iter().any(|root| root.starts_with(&self.allowed.target_directory));
        let is_built = !holds_the_workspace && real.starts_with(&self.allowed.target_directory);
        is_built || self.is_of_version_control(real) || is_cache(real) || image::is_context(real)
    }

    /// Whether it is below such a directory, which is itself below the workspace.
    fn is_of_version_control(&self, real: &Path) -> bool {
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

/// What is neither a file nor a directory.
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
        "it is no regular file"
    }
}

#[cfg(not(unix))]
fn kind(_: FileType) -> &'static str {
    "it is no regular file"
}
