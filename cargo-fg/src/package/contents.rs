//! The files of a package: the program, the wrapper that starts it, and what the user includes.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::failure::Failure;
use crate::project::Function;

/// The file that the platform starts.
pub(super) const BOOTSTRAP: &str = "bootstrap";

/// All files of a package, sorted by their paths.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) files: Vec<PackagedFile>,
    /// The path of the program.
    pub(super) program: String,
}

/// One file, as it lies in the package.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PackagedFile {
    /// With slashes, relative to the root of the package.
    pub(super) path: String,
    pub(super) is_executable: bool,
    pub(super) bytes: Vec<u8>,
}

impl Contents {
    pub(super) fn collect(function: &Function, program: &Path, included: &[PathBuf]) -> Result<Self, Failure> {
        // The program's own name, unless that is the wrapper's.
        let name = if function.name == BOOTSTRAP { "function" } else { &function.name };
        let mut files = vec![PackagedFile { path: name.to_owned(), is_executable: true, bytes: read(program)? }];
        for path in included {
            include(&function.directory, path, &mut files)?;
        }
        if !files.iter().any(|file| file.path == BOOTSTRAP) {
            files.push(PackagedFile { path: BOOTSTRAP.to_owned(), is_executable: true, bytes: wrapper(name).into_bytes() });
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        // What is included twice is the same file; something else under the name of the program is not.
        files.dedup();
        if let Some(twice) = files.windows(2).find(|pair| pair[0].path == pair[1].path) {
            return Err(Failure::usage(format!("two files would be `{}` in the package", twice[0].path))
                .advise("rename the one that is included"));
        }
        Ok(Self { files, program: name.to_owned() })
    }
}

/// The platform starts a script with certainty, and a binary only for some sorts of functions (its manual, "creating a custom runtime").
fn wrapper(program: &str) -> String {
    format!("#!/bin/sh\nexec \"${{RUNTIME_CODE_ROOT:-/opt/function/code}}/{program}\"\n")
}

fn include(root: &Path, path: &Path, files: &mut Vec<PackagedFile>) -> Result<(), Failure> {
    let is_inside = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !is_inside {
        return Err(Failure::usage(format!("{} cannot be included", path.display()))
            .advise("paths to include are relative to the directory of Cargo.toml, and stay below it"));
    }
    let full = root.join(path);
    let about = fs::metadata(&full).map_err(|error| {
        Failure::usage(format!("{} cannot be included", path.display()))
            .because(&error)
            .advise(format!("it is looked for in {}", root.display()))
    })?;
    if !about.is_dir() {
        let bytes = read(&full)?;
        let is_executable = is_executable(&about, &bytes);
        files.push(PackagedFile { path: in_package(path), is_executable, bytes });
        return Ok(());
    }
    if fs::symlink_metadata(&full).is_ok_and(|about| about.is_symlink()) {
        return Err(Failure::usage(format!("{} cannot be included: it is a link to a directory", path.display())));
    }
    let cannot_list = |error: std::io::Error| Failure::machine(format!("{} cannot be listed", full.display()), &error);
    for entry in fs::read_dir(&full).map_err(cannot_list)? {
        include(root, &path.join(entry.map_err(cannot_list)?.file_name()), files)?;
    }
    Ok(())
}

/// With slashes on every system.
fn in_package(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::machine(format!("{} cannot be read", path.display()), &error))
}

#[cfg(unix)]
fn is_executable(about: &fs::Metadata, _: &[u8]) -> bool {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o100 != 0
}

/// Where files have no such bit, their first bytes tell.
#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata, bytes: &[u8]) -> bool {
    bytes.starts_with(b"#!") || bytes.starts_with(b"\x7fELF")
}
