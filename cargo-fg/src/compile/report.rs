//! What cargo reports of a build: the packages of this machine that it is made of, their build
//! scripts, and the files that were read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;

/// A line of cargo's, as far as it matters here.
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

/// What is known of a build, whether it came to its end or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// The directories of packages whose sources are on this machine.
    pub(crate) packages: BTreeSet<PathBuf>,
    /// The files that went into the programs; a directory stands for all that is in it.
    pub(crate) files: BTreeSet<PathBuf>,
    /// Packages of which every file counts: their build scripts do not say what they read, or have
    /// not come to their end.
    pub(crate) whole: BTreeSet<PathBuf>,
    /// When the build scripts of packages came to their ends: what they had written by then, the
    /// compiler has read.
    pub(crate) scripts_ended: BTreeMap<PathBuf, SystemTime>,
    /// The packages of this machine by their ids.
    directories: BTreeMap<String, PathBuf>,
}

impl Report {
    /// What is known before the first build.
    pub(crate) fn of_packages(directories: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { packages: directories.into_iter().collect(), ..Self::default() }
    }

    pub(super) fn take(&mut self, message: &Message) {
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
                    // Until it is reported to have run.
                    self.whole.insert(directory.to_owned());
                }
            }
            ("build-script-executed", _, Some(out_dir)) => {
                let Some(directory) = self.directories.get(package_id) else { return };
                // cargo keeps what the script has printed beside the directory that it wrote into.
                let said = fs::read(out_dir.with_file_name("output")).unwrap_or_default();
                // `output` has the time at which the script began; this is written when it has
                // ended.
                let written_last = fs::metadata(out_dir.with_file_name("root-output"));
                if let Ok(ended) = written_last.and_then(|about| about.modified()) {
                    self.scripts_ended.insert(directory.clone(), ended);
                }
                if let Some(read) = files_of_script(&String::from_utf8_lossy(&said), directory) {
                    self.files.extend(read);
                    self.whole.remove(directory);
                }
            }
            _ => {}
        }
    }

    /// Adds the files that cargo has listed beside a program.
    pub(super) fn add_files_of(&mut self, program: &Path) {
        self.files.extend(listed_files(program));
    }

    /// Adds what was known before. Of a build that failed, only a part is reported.
    pub(crate) fn with(mut self, before: &Self) -> Self {
        let Self { packages, files, whole, .. } = before;
        self.packages.extend(packages.iter().cloned());
        self.files.extend(files.iter().cloned());
        self.whole.extend(whole.iter().cloned());
        self
    }
}

/// What a build script says that it reads; nothing if it does not say, and cargo runs it again when
/// any file of its package changes.
fn files_of_script(said: &str, directory: &Path) -> Option<Vec<PathBuf>> {
    let mut says = false;
    let mut files = Vec::new();
    for line in said.lines() {
        let Some(instruction) =
            line.strip_prefix("cargo::").or_else(|| line.strip_prefix("cargo:"))
        else {
            continue;
        };
        if let Some(path) = instruction.strip_prefix("rerun-if-changed=") {
            says = true;
            files.push(directory.join(path.trim_end()));
        } else if instruction.starts_with("rerun-if-env-changed=") {
            says = true;
        }
    }
    says.then_some(files)
}

/// The files that cargo has written beside the program, in the form of `make`.
fn listed_files(program: &Path) -> Vec<PathBuf> {
    let list = fs::read_to_string(program.with_extension("d")).unwrap_or_default();
    let Some((_, files)) = list.split_once(": ") else { return Vec::new() };
    // A space in a name has a backslash before it.
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
    fn the_files_of_a_program_are_read_from_cargos_list() {
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
    fn a_build_script_says_what_it_reads_or_everything_counts() {
        let read = |said: &str| files_of_script(said, Path::new("/p"));
        let said = "cargo::rerun-if-changed=proto\nnoise\ncargo:rerun-if-changed=/etc/x y\r\ncargo:rustc-cfg=a\n";
        assert_eq!(read(said), Some(["/p/proto", "/etc/x y"].map(PathBuf::from).into()));
        assert_eq!(read("cargo:rerun-if-env-changed=HOME\n"), Some(Vec::new()));
        assert_eq!(read("cargo:rustc-cfg=a\n"), None);
    }

    #[test]
    fn a_script_that_has_not_run_and_one_that_says_nothing_make_the_package_count_as_a_whole() {
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
            .take(&artifact("registry+https://example.com#serde@1.0.0", "/cargo/serde/Cargo.toml"));
        report.take(&artifact("path+file:///p#1.0.0", "/p/Cargo.toml"));
        assert_eq!(report.packages, BTreeSet::from([PathBuf::from("/p")]));
        assert_eq!(report.whole, report.packages, "it has not run");
        fs::write(out.path().join("output"), "cargo:rustc-cfg=a\n").expect("it is written");
        report.take(&message(executed.to_string()));
        assert_eq!(report.whole, report.packages, "it does not say what it reads");
        fs::write(out.path().join("output"), "cargo:rerun-if-changed=proto\n")
            .expect("it is written");
        report.take(&message(executed.to_string()));
        assert_eq!(
            (report.whole, report.files),
            (BTreeSet::new(), BTreeSet::from([PathBuf::from("/p/proto")]))
        );
    }
}
