//! What cargo reports about a build: its local packages, their build scripts, and the source files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;

/// A JSON message of cargo.
#[derive(Deserialize)]
pub(super) struct Message {
    reason: String,
    package_id: Option<String>,
    manifest_path: Option<PathBuf>,
    target: Option<MessageTarget>,
    executable: Option<PathBuf>,
    out_dir: Option<PathBuf>,
}

#[derive(Deserialize)]
struct MessageTarget {
    name: String,
    kind: Vec<String>,
}

/// A program that has been built.
pub(super) struct BuiltProgram<'m> {
    pub(super) package_id: &'m str,
    pub(super) name: &'m str,
    pub(super) kinds: &'m [String],
    pub(super) path: &'m Path,
}

impl Message {
    pub(super) fn built_program(&self) -> Option<BuiltProgram<'_>> {
        if self.reason != "compiler-artifact" {
            return None;
        }
        let target = self.target.as_ref()?;
        Some(BuiltProgram {
            package_id: self.package_id.as_deref()?,
            name: &target.name,
            kinds: &target.kind,
            path: self.executable.as_deref()?,
        })
    }
}

/// What is known about a build, successful or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// The directories of local packages.
    pub(crate) packages: BTreeSet<PathBuf>,
    /// The source files of the programs; a directory includes everything in it.
    pub(crate) files: BTreeSet<PathBuf>,
    /// Packages in which every file is a source: their build scripts do not print what they read,
    /// or have not finished.
    pub(crate) whole: BTreeSet<PathBuf>,
    /// When the build script of each package finished: the compiler has seen everything written
    /// before that.
    pub(crate) scripts_ended: BTreeMap<PathBuf, SystemTime>,
    /// The local packages by their ids.
    directories: BTreeMap<String, PathBuf>,
}

impl Report {
    /// A report of packages only, for before the first build.
    pub(crate) fn of_packages(directories: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { packages: directories.into_iter().collect(), ..Self::default() }
    }

    pub(super) fn add(&mut self, message: &Message) {
        let Some(package_id) = message.package_id.as_deref() else { return };
        match (message.reason.as_str(), &message.manifest_path, &message.out_dir) {
            ("compiler-artifact", Some(manifest), _) if package_id.starts_with("path+file:") => {
                let Some(directory) = manifest.parent() else { return };
                self.packages.insert(directory.to_owned());
                self.directories.insert(package_id.to_owned(), directory.to_owned());
                let is_script = message
                    .target
                    .as_ref()
                    .is_some_and(|target| target.kind.iter().any(|kind| kind == "custom-build"));
                if is_script {
                    // Until cargo reports that the script was executed.
                    self.whole.insert(directory.to_owned());
                }
            }
            ("build-script-executed", _, Some(out_dir)) => {
                let Some(directory) = self.directories.get(package_id) else { return };
                // cargo stores the output of the script next to its `OUT_DIR`.
                let output = fs::read(out_dir.with_file_name("output")).unwrap_or_default();
                // cargo sets the time of `output` to the start of the script, and writes
                // `root-output` when it has finished.
                let written_last = fs::metadata(out_dir.with_file_name("root-output"));
                if let Ok(ended) = written_last.and_then(|about| about.modified()) {
                    self.scripts_ended.insert(directory.clone(), ended);
                }
                if let Some(read) = files_of_script(&String::from_utf8_lossy(&output), directory) {
                    self.files.extend(read);
                    self.whole.remove(directory);
                }
            }
            _ => {}
        }
    }

    /// Adds the source files of a program from its dep-info file.
    pub(super) fn add_files_of(&mut self, program: &Path) {
        self.files.extend(listed_files(program));
    }

    /// Adds an earlier report: the report of a failed build is incomplete.
    pub(crate) fn with(mut self, before: &Self) -> Self {
        let Self { packages, files, whole, .. } = before;
        self.packages.extend(packages.iter().cloned());
        self.files.extend(files.iter().cloned());
        self.whole.extend(whole.iter().cloned());
        self
    }
}

/// The files that a build script declares with `rerun-if-changed`. `None` without any declaration:
/// then cargo runs it again if any file of its package changes.
fn files_of_script(output: &str, directory: &Path) -> Option<Vec<PathBuf>> {
    let mut is_declared = false;
    let mut files = Vec::new();
    for line in output.lines() {
        let Some(instruction) =
            line.strip_prefix("cargo::").or_else(|| line.strip_prefix("cargo:"))
        else {
            continue;
        };
        if let Some(path) = instruction.strip_prefix("rerun-if-changed=") {
            is_declared = true;
            files.push(directory.join(path.trim_end()));
        } else if instruction.starts_with("rerun-if-env-changed=") {
            is_declared = true;
        }
    }
    is_declared.then_some(files)
}

/// The files in the dep-info file of a program, which has the format of a Makefile.
fn listed_files(program: &Path) -> Vec<PathBuf> {
    let list = fs::read_to_string(program.with_extension("d")).unwrap_or_default();
    let Some((_, files)) = list.split_once(": ") else { return Vec::new() };
    // Spaces in names are escaped with a backslash.
    files
        .trim_end()
        .replace("\\ ", "\0")
        .split_whitespace()
        .map(|file| PathBuf::from(file.replace('\0', " ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_program_are_read_from_its_dep_info() {
        let directory = tempfile::tempdir().expect("a directory");
        let program = directory.path().join("greet");
        fs::write(program.with_extension("d"), "/t/greet: /p/src/main.rs /p/with\\ space.txt\n")
            .expect("it is written");
        assert_eq!(
            listed_files(&program),
            ["/p/src/main.rs", "/p/with space.txt"].map(PathBuf::from)
        );
        assert!(listed_files(Path::new("/nowhere/greet")).is_empty());
    }

    #[test]
    fn the_declarations_of_a_build_script_are_parsed() {
        let read = |output: &str| files_of_script(output, Path::new("/p"));
        let output = "cargo::rerun-if-changed=proto\nnoise\ncargo:rerun-if-changed=/etc/x y\r\ncargo:rustc-cfg=a\n";
        assert_eq!(read(output), Some(["/p/proto", "/etc/x y"].map(PathBuf::from).into()));
        assert_eq!(read("cargo:rerun-if-env-changed=HOME\n"), Some(Vec::new()));
        assert_eq!(read("cargo:rustc-cfg=a\n"), None);
    }

    #[test]
    fn every_file_counts_if_the_script_has_not_run_or_declares_nothing() {
        let out = tempfile::tempdir().expect("a directory");
        let out_dir = out.path().join("out");
        let message =
            |text: String| serde_json::from_str::<Message>(&text).expect("a message of cargo's");
        let artifact = |id: &str, manifest: &str| {
            message(format!(
                r#"{{"reason":"compiler-artifact","package_id":"{id}","manifest_path":"{manifest}","target":{{"name":"build-script-build","kind":["custom-build"]}}}}"#
            ))
        };
        let executed = serde_json::json!({"reason": "build-script-executed", "package_id": "path+file:///p#1.0.0", "out_dir": out_dir});
        let mut report = Report::default();
        report
            .add(&artifact("registry+https://example.com#serde@1.0.0", "/cargo/serde/Cargo.toml"));
        report.add(&artifact("path+file:///p#1.0.0", "/p/Cargo.toml"));
        assert_eq!(report.packages, BTreeSet::from([PathBuf::from("/p")]));
        assert_eq!(report.whole, report.packages, "it has not run");
        fs::write(out.path().join("output"), "cargo:rustc-cfg=a\n").expect("it is written");
        report.add(&message(executed.to_string()));
        assert_eq!(report.whole, report.packages, "it does not declare what it reads");
        fs::write(out.path().join("output"), "cargo:rerun-if-changed=proto\n")
            .expect("it is written");
        report.add(&message(executed.to_string()));
        assert_eq!(
            (report.whole, report.files),
            (BTreeSet::new(), BTreeSet::from([PathBuf::from("/p/proto")]))
        );
    }
}
