//! Where to look for changes, and the wait for one.
//!
//! The files are those that cargo says the programs depend on, wherever they are, those that build
//! scripts say they read, and all of Rust in the packages, so that a file which is new, or which
//! did not compile, counts as well. Where a build script does not say what it reads, each file of
//! its package counts, as it does for cargo.
//!
//! The files are looked at again and again, and not told by the system (as the crate `notify` has
//! it): that is the same for every file system, also where a network or a container is in between
//! and the system tells nothing, and no limit for watched directories is met. It costs little: a
//! look at a function on a clone of fg is 811 system calls, and took 2.9 ms of processor time on a
//! busy machine, which is 1.4 % of a core. Where a look takes longer, the pauses are longer, so
//! that it is never more than 5 %.

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

/// How often the files are looked at.
const PAUSE: Duration = Duration::from_millis(200);

/// A pause is so many times as long as a look.
const PAUSES_PER_LOOK: u32 = 20;

/// Files that matter by their names, besides those of Rust.
const NAMES: [&str; 3] = ["Cargo.toml", "rust-toolchain.toml", "rust-toolchain"];

/// Where to look.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// Directories of packages.
    directories: Vec<PathBuf>,
    /// Those of which each file counts that Git does not ignore.
    whole: BTreeSet<PathBuf>,
    /// Files besides, such as those of `include_str!`, and directories of which each file counts.
    files: BTreeSet<PathBuf>,
    /// What is built is no source.
    target_directory: PathBuf,
}

impl Watch {
    /// What these functions are built from: their own directories, and what is known from a build;
    /// and files of settings.
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
        // The first build may write it.
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

    /// Looks at all files; those that are as they were before are not read again.
    pub(super) fn look(&self, before: &Snapshot) -> Snapshot {
        let mut look =
            Look { watch: self, before, found: Snapshot::default(), links: BTreeSet::new() };
        for directory in &self.directories {
            look.walk(
                directory,
                if self.whole.contains(directory) { Rule::Package } else { Rule::Rust },
                true,
            );
        }
        for file in &self.files {
            if file.is_dir() {
                look.walk(file, Rule::Everything, true);
            } else {
                look.add(file.clone(), Known::Listed);
            }
        }
        look.found
    }

    /// Waits until something has changed since this snapshot, and then until nothing changes any
    /// more: an editor may write several files. Gives what has changed, and all as it is now.
    pub(super) fn wait_for_change(&self, mut before: Snapshot) -> (Vec<PathBuf>, Snapshot) {
        loop {
            let (now, pause) = self.look_and_time(&before);
            if now == before {
                before = now;
                thread::sleep(pause);
                continue;
            }
            let mut now = now;
            loop {
                thread::sleep(pause / 2);
                let later = self.look(&now);
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

    fn look_and_time(&self, before: &Snapshot) -> (Snapshot, Duration) {
        let begun = Instant::now();
        let now = self.look(before);
        (now, PAUSE.max(begun.elapsed() * PAUSES_PER_LOOK))
    }

    /// Those of these files that Git ignores, and so does cargo. Without Git, or outside of a
    /// repository, none.
    fn ignored<'a>(&self, paths: impl Iterator<Item = &'a PathBuf>) -> BTreeSet<PathBuf> {
        let mut by_package: BTreeMap<&Path, Vec<&PathBuf>> = BTreeMap::new();
        for path in paths {
            if let Some(package) = self
                .whole
                .iter()
                .filter(|package| path.starts_with(package))
                .max_by_key(|it| it.as_os_str().len())
            {
                by_package.entry(package).or_default().push(path);
            }
        }
        by_package.into_iter().flat_map(|(package, paths)| ignored_in(package, &paths)).collect()
    }
}

/// `git check-ignore` takes paths, and prints those that are ignored.
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
        // It may have ended already: this is no repository.
        let _ = input.write_all((names.join("\0") + "\0").as_bytes());
    }
    let said = child.wait_with_output().map(|output| output.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    said.split('\0').filter(|name| !name.is_empty()).map(|name| package.join(name)).collect()
}

/// Which files of a directory count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Those of Rust, and manifests.
    Rust,
    /// All of the package.
    Package,
    /// All that are in there, also behind links.
    Everything,
}

/// One look at all files.
struct Look<'w> {
    watch: &'w Watch,
    before: &'w Snapshot,
    found: Snapshot,
    /// Where links have led to.
    links: BTreeSet<PathBuf>,
}

impl Look<'_> {
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
        // A link to a directory may lead in a circle; what is in there and is used, cargo lists.
        // Another package has its own rules.
        rule == Rule::Everything || !(name.starts_with('.') || path.join("Cargo.toml").exists())
    }

    /// What a link leads to, unless it leads in a circle.
    fn follow(&mut self, directory: &Path, link: &Path) -> Option<fs::FileType> {
        let target = fs::metadata(link).ok()?.file_type();
        if target.is_dir() {
            let real = fs::canonicalize(link).ok()?;
            let is_circle =
                fs::canonicalize(directory).is_ok_and(|directory| directory.starts_with(&real));
            if is_circle || !self.links.insert(real) {
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
    fn each_file_of_a_directory_that_a_build_script_reads_counts() {
        let root = tempfile::tempdir().expect("a directory");
        let proto = root.path().join("proto");
        write(&proto.join("deep/.hidden.proto"), "1");
        let watch = Watch { files: BTreeSet::from([proto.clone()]), ..Watch::default() };
        #[cfg(unix)]
        std::os::unix::fs::symlink(&proto, proto.join("circle")).expect("a link");
        let before = watch.look(&Snapshot::default());
        write(&proto.join("deep/.hidden.proto"), "2");
        write(&proto.join("new.proto"), "");
        let expected = vec![proto.join("deep/.hidden.proto"), proto.join("new.proto")];
        assert_eq!(before.changed(&watch.look(&before)), expected);
    }

    #[test]
    fn of_a_package_the_sources_count_and_where_the_build_script_is_silent_all_but_what_git_ignores()
     {
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
            let all = Snapshot::default().changed(&watch.look(&Snapshot::default()));
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
