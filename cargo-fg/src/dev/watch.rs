//! Which files to watch, and the wait for a change.
//!
//! Watched are the files that cargo lists as dependencies of the programs, those that build scripts
//! declare to read, and all Rust files in the packages, so that new files and files that did not
//! compile are included. If a build script declares nothing, every file of its package is watched,
//! which is what cargo does, too.
//!
//! The files are polled. Notifications of the operating system (as in the crate `notify`) do not
//! work on every file system, for example over a network or in a container, and have limits for the
//! number of watched directories. Polling is cheap: a scan for a function on a clone of fg is 811
//! system calls, and took 2.9 ms of processor time on a busy machine, which is 1.4 % of a core. If
//! a scan takes longer, so do the pauses, so that it never takes more than 5 %.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::compile::Report;
use crate::dev::snapshot::{Known, Snapshot};
use crate::project::{Function, Project};

/// The shortest pause between two scans.
const PAUSE: Duration = Duration::from_millis(200);

/// The shortest pause as a multiple of the duration of a scan.
const PAUSES_PER_SCAN: u32 = 20;

/// The names of files that are watched besides Rust files.
const NAMES: [&str; 3] = ["Cargo.toml", "rust-toolchain.toml", "rust-toolchain"];

/// The files and directories to watch.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// The directories of packages.
    directories: Vec<PathBuf>,
    /// Those of them in which every file is watched that Git does not ignore.
    whole: BTreeSet<PathBuf>,
    /// Other files, such as those of `include_str!`, and directories in which every file is
    /// watched.
    files: BTreeSet<PathBuf>,
    /// Not watched.
    target_directory: PathBuf,
}

impl Watch {
    /// The sources of these functions, as far as the report of a build tells, and files with
    /// settings.
    pub(super) fn new(
        project: &Project,
        functions: &[Function],
        report: &Report,
        settings: impl Iterator<Item = PathBuf>,
    ) -> Self {
        let root = &project.workspace_root;
        let of_the_workspace =
            ["Cargo.toml", ".cargo/config.toml", "rust-toolchain.toml", "rust-toolchain"]
                .map(|name| root.join(name));
        let target_directory = project.target_directory.clone();
        // Not before the first build, which may create it.
        let lock = (!report.files.is_empty()).then(|| root.join("Cargo.lock"));
        let listed =
            report.files.iter().filter(|file| !file.starts_with(&target_directory)).cloned();
        let files =
            of_the_workspace.into_iter().chain(lock).chain(listed).chain(settings).collect();
        let own = functions.iter().map(|function| function.directory.clone());
        let directories: BTreeSet<_> = own.chain(report.packages.iter().cloned()).collect();
        Self {
            directories: directories.into_iter().collect(),
            whole: report.whole.clone(),
            files,
            target_directory,
        }
    }

    /// Takes a snapshot of all watched files. Those that are unchanged since `before` are not read.
    pub(super) fn scan(&self, before: &Snapshot) -> Snapshot {
        let mut scan =
            Scan { watch: self, before, found: Snapshot::default(), links: BTreeSet::new() };
        for directory in &self.directories {
            scan.walk(
                directory,
                if self.whole.contains(directory) { Rule::Package } else { Rule::Rust },
                true,
            );
        }
        for file in &self.files {
            if file.is_dir() {
                scan.walk(file, Rule::Everything, true);
            } else {
                scan.add(file.clone(), Known::Listed);
            }
        }
        scan.found
    }

    /// Waits until a file has changed since this snapshot, and then until no file changes any more,
    /// since an editor may write several. Returns the changed files and the new snapshot.
    pub(super) fn wait_for_change(&self, mut before: Snapshot) -> (Vec<PathBuf>, Snapshot) {
        loop {
            let (now, pause) = self.scan_and_time(&before);
            if now == before {
                before = now;
                thread::sleep(pause);
                continue;
            }
            let mut now = now;
            loop {
                thread::sleep(pause / 2);
                let later = self.scan(&now);
                if later == now {
                    break;
                }
                now = later;
            }
            let mut changed = before.changed(&now);
            let ignored = self
                .ignored(changed.iter().filter(|path| before.is_loose(path) || now.is_loose(path)));
            changed.retain(|path| !ignored.contains(path));
            if !changed.is_empty() {
                return (changed, now);
            }
            before = now;
        }
    }

    fn scan_and_time(&self, before: &Snapshot) -> (Snapshot, Duration) {
        let start = Instant::now();
        let now = self.scan(before);
        (now, PAUSE.max(start.elapsed() * PAUSES_PER_SCAN))
    }

    /// The files that Git ignores, as cargo does. None without Git, or outside of a repository.
    fn ignored<'a>(&self, paths: impl Iterator<Item = &'a PathBuf>) -> BTreeSet<PathBuf> {
        let mut by_package: BTreeMap<&Path, Vec<&PathBuf>> = BTreeMap::new();
        for path in paths {
            if let Some(package) = self
                .whole
                .iter()
                .filter(|package| path.starts_with(package))
                .max_by_key(|package| package.as_os_str().len())
            {
                by_package.entry(package).or_default().push(path);
            }
        }
        by_package.into_iter().flat_map(|(package, paths)| ignored_in(package, &paths)).collect()
    }
}

/// Runs `git check-ignore`, which reads paths and prints those that are ignored.
fn ignored_in(package: &Path, paths: &[&PathBuf]) -> Vec<PathBuf> {
    let mut command = Command::new("git");
    command.args(["check-ignore", "-z", "--stdin"]).current_dir(package);
    let Ok(mut child) =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()
    else {
        return Vec::new();
    };
    let relative = |path: &Path| {
        path.strip_prefix(package)
            .map(|path| path.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let names: Vec<_> = paths.iter().map(|path| relative(path)).collect();
    if let Some(mut input) = child.stdin.take() {
        // Outside of a repository it exits without reading its input.
        let _ = input.write_all((names.join("\0") + "\0").as_bytes());
    }
    let ignored = child.wait_with_output().map(|output| output.stdout).unwrap_or_default();
    let ignored = String::from_utf8_lossy(&ignored).into_owned();
    ignored.split('\0').filter(|name| !name.is_empty()).map(|name| package.join(name)).collect()
}

/// Which files of a directory are watched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Rust files and manifests.
    Rust,
    /// All files of the package.
    Package,
    /// All files, also behind symbolic links.
    Everything,
}

/// One scan of all watched files.
struct Scan<'w> {
    watch: &'w Watch,
    before: &'w Snapshot,
    found: Snapshot,
    /// The targets of the symbolic links that were followed.
    links: BTreeSet<PathBuf>,
}

impl Scan<'_> {
    fn walk(&mut self, directory: &Path, rule: Rule, is_root: bool) {
        let Ok(entries) = fs::read_dir(directory) else { return };
        for entry in entries.flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            let name = name.to_string_lossy();
            let Ok(mut kind) = entry.file_type() else { continue };
            if kind.is_symlink() && rule == Rule::Everything {
                let Some(target) = self.follow(directory, &path) else { continue };
                kind = target;
            }
            if kind.is_dir() {
                if self.is_walked(&path, &name, rule) {
                    self.walk(&path, rule, false);
                }
            } else if rule == Rule::Everything
                || name.ends_with(".rs")
                || NAMES.contains(&name.as_ref())
            {
                self.add(path, Known::Listed);
            } else if rule == Rule::Package
                && !name.starts_with('.')
                && !(is_root && name == "Cargo.lock")
            {
                self.add(path, Known::Loose);
            }
        }
    }

    fn is_walked(&self, path: &Path, name: &str, rule: Rule) -> bool {
        if path == self.watch.target_directory
            || name == ".git"
            || path.join("CACHEDIR.TAG").exists()
        {
            return false;
        }
        // Links to directories are not followed, because they can form cycles; cargo lists the
        // files behind them that are used. A nested package is scanned by its own rule.
        rule == Rule::Everything || !(name.starts_with('.') || path.join("Cargo.toml").exists())
    }

    /// The type of the target of a link, unless the link forms a cycle or was followed already.
    fn follow(&mut self, directory: &Path, link: &Path) -> Option<fs::FileType> {
        let target = fs::metadata(link).ok()?.file_type();
        if target.is_dir() {
            let real = fs::canonicalize(link).ok()?;
            let is_cycle =
                fs::canonicalize(directory).is_ok_and(|directory| directory.starts_with(&real));
            if is_cycle || !self.links.insert(real) {
                return None;
            }
        }
        Some(target)
    }

    fn add(&mut self, path: PathBuf, known: Known) {
        self.found.add(path, known, self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().expect("a directory")).expect("it is made");
        fs::write(path, text).expect("it is written");
    }

    #[test]
    fn every_file_in_a_directory_that_a_build_script_reads_is_watched() {
        let root = tempfile::tempdir().expect("a directory");
        let proto = root.path().join("proto");
        write(&proto.join("deep/.hidden.proto"), "1");
        let watch = Watch { files: BTreeSet::from([proto.clone()]), ..Watch::default() };
        #[cfg(unix)]
        std::os::unix::fs::symlink(&proto, proto.join("circle")).expect("a link");
        let before = watch.scan(&Snapshot::default());
        write(&proto.join("deep/.hidden.proto"), "2");
        write(&proto.join("new.proto"), "");
        let expected = vec![proto.join("deep/.hidden.proto"), proto.join("new.proto")];
        assert_eq!(before.changed(&watch.scan(&before)), expected);
    }

    #[test]
    fn in_a_package_sources_are_watched_or_without_declarations_all_files_but_ignored_ones() {
        let root = tempfile::tempdir().expect("a directory");
        let package = root.path().join("my greet");
        for file in [
            "Cargo.toml",
            "src/main.rs",
            "schema.txt",
            "data.db",
            ".env",
            "target/x.txt",
            "inner/Cargo.toml",
            "inner/x.txt",
        ] {
            write(&package.join(file), "1");
        }
        write(&package.join(".gitignore"), "*.db\n");
        let mut watch = Watch {
            directories: vec![package.clone()],
            target_directory: package.join("target"),
            ..Watch::default()
        };
        let seen = |watch: &Watch| {
            let all = Snapshot::default().changed(&watch.scan(&Snapshot::default()));
            all.iter()
                .filter_map(|path| path.strip_prefix(&package).ok()?.to_str().map(str::to_owned))
                .collect::<Vec<_>>()
        };
        assert_eq!(seen(&watch), ["Cargo.toml", "src/main.rs"]);
        watch.whole.insert(package.clone());
        assert_eq!(seen(&watch), ["Cargo.toml", "data.db", "schema.txt", "src/main.rs"]);
        let git = Command::new("git").args(["init", "--quiet"]).current_dir(&package).status();
        if !git.is_ok_and(|status| status.success()) {
            println!("SKIPPED: what is ignored needs Git");
            return;
        }
        let (data, schema) = (package.join("data.db"), package.join("schema.txt"));
        assert_eq!(watch.ignored([&data, &schema].into_iter()), BTreeSet::from([data]));
    }
}
