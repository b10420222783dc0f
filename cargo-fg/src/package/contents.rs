//! The files of a package: the program, the wrapper that starts it, and the user's includes.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Exit, Failure};
use crate::package::Size;
use crate::package::checks::UNPACKED_LIMIT;
use crate::package::collect::{self, Allowed, Found, Include, Kind, Refused, Walk};
use crate::project::{Function, Project};

/// The file that the platform starts.
pub(super) const BOOTSTRAP: &str = "bootstrap";

/// How many of the largest files an error about the size names.
const LARGEST: usize = 3;

/// All files of a package, sorted by their paths.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) files: Vec<PackagedFile>,
    /// The paths of empty directories, sorted.
    pub(super) directories: Vec<String>,
    /// The path of the program.
    pub(super) program: String,
}

/// One file of the package.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PackagedFile {
    /// With slashes, relative to the root of the package.
    pub(super) path: String,
    pub(super) is_executable: bool,
    pub(super) bytes: Vec<u8>,
}

/// The files to include, found but not read yet, by their unique paths in the package.
#[derive(Debug)]
pub(super) struct Plan {
    found: BTreeMap<String, Found>,
    /// The paths that were skipped because they are ignored or build output.
    pub(super) skipped: Vec<String>,
    program: String,
}

impl Plan {
    /// Returns the errors that a build cannot resolve; called before the build.
    pub(super) fn check(
        project: &Project,
        function: &Function,
        included: &[PathBuf],
        output: &Path,
    ) -> Result<(), Failure> {
        let (plan, mut refused) = Self::find(project, function, included, output);
        refused.retain(|refused| !refused.may_be_generated);
        if refused.is_empty() { plan.check_size() } else { Err(collect::refuse(&refused)) }
    }

    /// Finds all files to include, without opening them.
    pub(super) fn make(
        project: &Project,
        function: &Function,
        included: &[PathBuf],
        output: &Path,
    ) -> Result<Self, Failure> {
        let (plan, refused) = Self::find(project, function, included, output);
        if !refused.is_empty() {
            return Err(collect::refuse(&refused));
        }
        plan.check_size().map(|()| plan)
    }

    fn find(
        project: &Project,
        function: &Function,
        included: &[PathBuf],
        output: &Path,
    ) -> (Self, Vec<Refused>) {
        let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut walk = Walk::new(Allowed {
            roots: vec![real(&project.workspace_root), real(&function.directory)],
            target_directory: real(&project.target_directory),
            output: fs::canonicalize(output).ok(),
        });
        for written in included {
            match Include::parse(written, &function.directory) {
                Ok(include) => walk.add(&include),
                Err(refused) => walk.refused.push(refused),
            }
        }
        // The name of the program, unless it is that of the wrapper.
        let program = if function.name == BOOTSTRAP { "function" } else { &function.name };
        let found = place(walk.found, program, &mut walk.refused);
        (Self { found, skipped: walk.skipped, program: program.to_owned() }, walk.refused)
    }

    fn check_size(&self) -> Result<(), Failure> {
        let limit = UNPACKED_LIMIT as u64;
        let all = self.found.values().map(Found::size).fold(0, u64::saturating_add);
        if all <= limit {
            return Ok(());
        }
        let size = |bytes: u64| Size(usize::try_from(bytes).unwrap_or(usize::MAX));
        let mut largest: Vec<_> = self.found.values().collect();
        largest.sort_by_key(|found| std::cmp::Reverse(found.size()));
        let failure = Failure::new(
            Exit::Failed,
            format!(
                "the included files have {}, but the platform accepts at most {}",
                size(all),
                size(limit)
            ),
        );
        let failure = largest.iter().take(LARGEST).fold(failure, |failure, found| {
            failure.because(&std::io::Error::other(format!(
                "`{}` has {}",
                found.destination,
                size(found.size())
            )))
        });
        Err(failure.advise("remove files, or use an image or a bucket for them"))
    }

    /// Reads the files, and adds the program and its wrapper.
    pub(super) fn read(&self, program: &Path) -> Result<Contents, Failure> {
        let bytes = fs::read(program).map_err(|error| {
            Failure::machine(format!("{} cannot be read", program.display()), &error)
        })?;
        let mut files =
            vec![PackagedFile { path: self.program.clone(), is_executable: true, bytes }];
        let (mut directories, mut refused) = (Vec::new(), Vec::new());
        for found in self.found.values() {
            if found.kind == Kind::Directory {
                directories.push(found.destination.clone());
                continue;
            }
            match collect::read(found) {
                Ok((bytes, is_executable)) => files.push(PackagedFile {
                    path: found.destination.clone(),
                    is_executable,
                    bytes,
                }),
                Err(reason) => refused.push(reason),
            }
        }
        if !refused.is_empty() {
            return Err(collect::refuse(&refused));
        }
        if !files.iter().any(|file| file.path == BOOTSTRAP) {
            let bytes = wrapper(&self.program).into_bytes();
            files.push(PackagedFile { path: BOOTSTRAP.to_owned(), is_executable: true, bytes });
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Contents { files, directories, program: self.program.clone() })
    }
}

/// A script, because only some types of functions can have a binary as `bootstrap` (from the
/// manual, "creating a custom runtime").
fn wrapper(program: &str) -> String {
    format!("#!/bin/sh\nexec \"${{RUNTIME_CODE_ROOT:-/opt/function/code}}/{program}\"\n")
}

/// Indexes the files by their paths in the package. A file that is included twice is kept once;
/// different files for the same path are an error.
fn place(all: Vec<Found>, program: &str, refused: &mut Vec<Refused>) -> BTreeMap<String, Found> {
    let mut placed: BTreeMap<String, Found> = BTreeMap::new();
    let clash = |path: &str, one: &str, other: &str| {
        Refused::new(other, format!("`{path}` in the package would be both this and {one}"))
            .advise("choose another path in the package with DEST=SOURCE")
    };
    for found in all {
        let source = found.source.display().to_string();
        if found.destination == program {
            refused.push(clash(program, "the program", &source));
            continue;
        }
        match placed.get(&found.destination) {
            // Two directories of the same path are merged.
            Some(other) if found.kind == Kind::Directory && other.kind == Kind::Directory => {}
            Some(other) if other.source == found.source => {}
            Some(other) => refused.push(clash(
                &found.destination,
                &other.source.display().to_string(),
                &source,
            )),
            None => drop(placed.insert(found.destination.clone(), found)),
        }
    }
    let mut filled: HashSet<String> = HashSet::new();
    for (path, found) in &placed {
        for (at, _) in path.match_indices('/') {
            let parent = &path[..at];
            let file = match placed.get(parent) {
                Some(other) if other.kind != Kind::Directory => other.source.display().to_string(),
                _ if parent == program => "the program".to_owned(),
                _ if parent == BOOTSTRAP => "the wrapper that the platform starts".to_owned(),
                _ => {
                    filled.insert(parent.to_owned());
                    continue;
                }
            };
            refused.push(clash(parent, &file, &found.source.display().to_string()));
        }
    }
    if placed.get(BOOTSTRAP).is_some_and(|found| found.kind == Kind::Directory) {
        refused.push(Refused::new(
            BOOTSTRAP,
            "the platform executes a file of this name, but this is a directory",
        ));
    }
    placed.retain(|path, found| found.kind != Kind::Directory || !filled.contains(path));
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(destination: &str, source: &str, is_file: bool) -> Found {
        let kind = if is_file { Kind::File { size: 1, identity: (0, 0) } } else { Kind::Directory };
        Found { destination: destination.into(), source: source.into(), kind }
    }

    fn placed(all: &[(&str, &str, bool)]) -> (Vec<String>, usize) {
        let mut refused = Vec::new();
        let all = all
            .iter()
            .map(|&(destination, source, is_file)| found(destination, source, is_file))
            .collect();
        (place(all, "greet", &mut refused).into_keys().collect(), refused.len())
    }

    #[test]
    fn a_file_can_be_included_twice_but_two_files_cannot_have_the_same_path() {
        assert_eq!(placed(&[("a", "/w/a", true), ("a", "/w/a", true)]), (vec!["a".into()], 0));
        assert_eq!(placed(&[("a", "/w/a", true), ("a", "/w/b", true)]).1, 1);
        assert_eq!(placed(&[("greet", "/w/greet", true)]).1, 1);
        assert_eq!(placed(&[("greet/a", "/w/a", true)]).1, 1);
        assert_eq!(placed(&[("bootstrap/a", "/w/a", true)]).1, 1);
        assert_eq!(placed(&[("bootstrap", "/w/b", false)]).1, 1);
        assert_eq!(placed(&[("a", "/w/a", true), ("a/b", "/w/b", true)]).1, 1);
        assert_eq!(placed(&[("a", "/w/a", true), ("a", "/w/b", false)]).1, 1);
    }

    #[test]
    fn a_directory_with_files_from_another_include_is_not_empty() {
        let both = &[
            ("a", "/w/a", false),
            ("a", "/v/a", false),
            ("b", "/w/b", false),
            ("a/b", "/w/c", true),
        ];
        assert_eq!(placed(both), (vec!["a/b".into(), "b".into()], 0));
    }
}
