//! Which file has changed: times and sizes of the files that the functions are built from, looked at again and again.
//!
//! The files are those that cargo says the programs depend on, wherever they are, and all of Rust in the packages, so that a file which
//! is new, or which did not compile, counts as well. To look is the same on every system and for every file system.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::project::{Function, Project};

/// How often the files are looked at.
const PAUSE: Duration = Duration::from_millis(200);

/// Files that matter by their names, besides those of Rust.
const NAMES: [&str; 3] = ["Cargo.toml", "rust-toolchain.toml", "rust-toolchain"];

/// What is known of a file without reading it.
type Stamp = (SystemTime, u64);

/// The files that were there at one moment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Snapshot(BTreeMap<PathBuf, Stamp>);

/// Where to look.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// Directories of packages.
    directories: Vec<PathBuf>,
    /// Files besides, such as those of `include_str!`.
    files: BTreeSet<PathBuf>,
    /// What is built is no source.
    target_directory: PathBuf,
}

impl Watch {
    /// What these functions are built from: their own directories, those of other packages, and what the programs say, once they have
    /// been built.
    pub(super) fn new(project: &Project, functions: &[Function], directories: &[PathBuf], programs: &[PathBuf]) -> Self {
        let root = &project.workspace_root;
        let of_the_workspace =
            ["Cargo.toml", ".cargo/config.toml", "rust-toolchain.toml", "rust-toolchain"].map(|name| root.join(name));
        let target_directory = project.target_directory.clone();
        // The first build may write it.
        let lock = (!programs.is_empty()).then(|| root.join("Cargo.lock"));
        let listed = programs.iter().flat_map(|program| listed_files(program)).filter(|file| !file.starts_with(&target_directory));
        let files = of_the_workspace.into_iter().chain(lock).chain(listed).collect();
        let own = functions.iter().map(|function| function.directory.clone());
        let directories: BTreeSet<_> = own.chain(directories.iter().cloned()).collect();
        Self { directories: directories.into_iter().collect(), files, target_directory }
    }

    pub(super) fn look(&self) -> Snapshot {
        let mut found = BTreeMap::new();
        for directory in &self.directories {
            self.walk(directory, &mut found);
        }
        for file in &self.files {
            add(file.clone(), &mut found);
        }
        Snapshot(found)
    }

    fn walk(&self, directory: &Path, found: &mut BTreeMap<PathBuf, Stamp>) {
        let Ok(entries) = fs::read_dir(directory) else { return };
        for entry in entries.flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            let name = name.to_string_lossy();
            // A link to a directory may lead in a circle; what is in there and is used, cargo lists.
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                let is_package = path != *directory && path.join("Cargo.toml").exists();
                if !name.starts_with('.') && path != self.target_directory && !is_package && !path.join("CACHEDIR.TAG").exists() {
                    self.walk(&path, found);
                }
            } else if name.ends_with(".rs") || NAMES.contains(&name.as_ref()) {
                add(path, found);
            }
        }
    }

    /// Waits until something has changed since this snapshot, and then until nothing changes any more: an editor may write several
    /// files. Gives the first that has changed, and how many there are.
    pub(super) fn wait_for_change(&self, before: &Snapshot) -> (PathBuf, usize) {
        loop {
            thread::sleep(PAUSE);
            let mut now = self.look();
            if now == *before {
                continue;
            }
            loop {
                thread::sleep(PAUSE / 2);
                let later = self.look();
                if later == now {
                    break;
                }
                now = later;
            }
            let changed = before.changed(&now);
            if let Some(first) = changed.first() {
                return (first.clone(), changed.len());
            }
        }
    }
}

impl Snapshot {
    /// This snapshot, and what a later one has besides.
    pub(super) fn with_new_files_of(mut self, later: Self) -> Self {
        for (path, stamp) in later.0 {
            self.0.entry(path).or_insert(stamp);
        }
        self
    }

    /// The files that are new, changed or gone.
    fn changed(&self, now: &Self) -> Vec<PathBuf> {
        let all: BTreeSet<_> = self.0.keys().chain(now.0.keys()).collect();
        all.into_iter().filter(|path| self.0.get(*path) != now.0.get(*path)).cloned().collect()
    }
}

fn add(path: PathBuf, found: &mut BTreeMap<PathBuf, Stamp>) {
    if let Ok(about) = fs::metadata(&path) {
        found.insert(path, (about.modified().unwrap_or(SystemTime::UNIX_EPOCH), about.len()));
    }
}

/// The files that cargo has written beside the program, in the form of `make`.
fn listed_files(program: &Path) -> Vec<PathBuf> {
    let list = fs::read_to_string(program.with_extension("d")).unwrap_or_default();
    let Some((_, files)) = list.split_once(": ") else { return Vec::new() };
    // A space in a name has a backslash before it.
    files.trim_end().replace("\\ ", "\0").split_whitespace().map(|file| PathBuf::from(file.replace('\0', " "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_changed_or_gone_has_changed() {
        let snapshot = |files: &[(&str, u64)]| {
            let stamps = files.iter().map(|(path, size)| (PathBuf::from(path), (SystemTime::UNIX_EPOCH, *size)));
            Snapshot(stamps.collect())
        };
        let changed = snapshot(&[("a", 1), ("b", 1), ("c", 1)]).changed(&snapshot(&[("a", 1), ("b", 2), ("d", 1)]));
        assert_eq!(changed, ["b", "c", "d"].map(PathBuf::from));
    }

    #[test]
    fn the_files_of_a_program_are_read_from_cargos_list() {
        let directory = tempfile::tempdir().expect("a directory");
        let program = directory.path().join("greet");
        fs::write(program.with_extension("d"), "/t/greet: /p/src/main.rs /p/with\\ space.txt\n").expect("it is written");
        assert_eq!(listed_files(&program), ["/p/src/main.rs", "/p/with space.txt"].map(PathBuf::from));
        assert!(listed_files(Path::new("/nowhere/greet")).is_empty());
    }
}
