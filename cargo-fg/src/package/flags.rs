//! Adds compiler flags to the user's own, wherever those are configured.
//!
//! cargo takes flags from one of many places: environment variables, `[build]`, targets by name and
//! by condition, in files that may include others. So cargo itself determines them: it passes them
//! to build scripts in `CARGO_ENCODED_RUSTFLAGS`, and a package that consists of a build script
//! writes them to a file. The same variable then contains both: it takes precedence over all other
//! places, and cargo considers all flags when it decides what to rebuild.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;

use crate::failure::{Exit, Failure};
use crate::project::{Project, cargo, no_cargo};

/// The variable with the highest precedence, in which cargo also passes the flags to build scripts.
pub(super) const VARIABLE: &str = "CARGO_ENCODED_RUSTFLAGS";

/// The separator of flags in [`VARIABLE`].
const SEPARATOR: &str = "\x1f";

/// Links the C library statically, for targets that do not by default.
const STATIC: &str = "-Ctarget-feature=+crt-static";

/// The files of the package that writes the flags to a file.
const PACKAGE: [(&str, &str); 3] = [
    (
        "Cargo.toml",
        "[package]\nname = \"fg-flags\"\nversion = \"0.0.0\"\nedition = \"2021\"\npublish = false\n\n[lib]\npath = \"lib.rs\"\n\n[workspace]\n",
    ),
    ("lib.rs", "//! Empty.\n#![no_std]\n"),
    ("build.rs", include_str!("flags/print_flags.rs")),
];

/// A JSON message of cargo, which for an executed build script has its `OUT_DIR`.
#[derive(Deserialize)]
struct Message {
    reason: String,
    out_dir: Option<PathBuf>,
}

/// The user's flags for this target, as cargo determines them in the current directory.
pub(super) fn of_the_user(project: &Project, target: &str) -> Result<Vec<String>, Failure> {
    let directory = project.target_directory.join("fg").join("flags");
    for (name, text) in PACKAGE {
        let path = directory.join(name);
        write(&path, text).map_err(|error| {
            Failure::machine(format!("{} could not be written", path.display()), &error)
        })?;
    }
    let mut command = cargo();
    command.args([
        "check",
        "--quiet",
        "--message-format",
        "json-render-diagnostics",
        "--target",
        target,
    ]);
    command
        .arg("--manifest-path")
        .arg(directory.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(directory.join("target"));
    let output = command.stdin(Stdio::null()).output().map_err(|error| no_cargo(&error))?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    let out_dir = messages
        .filter(|message| message.reason == "build-script-executed")
        .find_map(|message| message.out_dir);
    let flags = out_dir.and_then(|directory| fs::read_to_string(directory.join("flags")).ok());
    match flags {
        Some(flags) if output.status.success() => Ok(decode(&flags)),
        _ => {
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(Failure::new(Exit::Build, "cargo cannot build with the configured compiler flags")
                .because(&std::io::Error::other(errors)))
        }
    }
}

/// Joins our flags and the user's, for [`VARIABLE`]. Of conflicting flags, the compiler uses the
/// last.
pub(super) fn join(ours: &[String], users: &[String]) -> String {
    // `crt-static` is an exception: `+` takes precedence over `-`.
    let is_dynamic = users.iter().any(|flag| flag.contains("-crt-static"));
    let is_static = (!is_dynamic).then(|| STATIC.to_owned());
    let all: Vec<_> = ours.iter().chain(&is_static).chain(users).map(String::as_str).collect();
    all.join(SEPARATOR)
}

fn decode(flags: &str) -> Vec<String> {
    flags.split(SEPARATOR).filter(|flag| !flag.is_empty()).map(str::to_owned).collect()
}

/// Flags that replace paths of this machine in the compiled program.
#[derive(Debug, Default)]
pub(super) struct Remaps(Vec<(PathBuf, String)>);

impl Remaps {
    pub(super) fn add(&mut self, from: &Path, to: &str) {
        self.0.push((from.to_owned(), to.to_owned()));
    }

    /// Replaces the directories of cargo's downloads. The name of a registry's directory depends on
    /// its URL, and so on the mirror.
    pub(super) fn add_cargo_home(&mut self) {
        let Some(home) = cargo_home() else { return };
        self.add(&home, "/cargo");
        for registry in
            fs::read_dir(home.join("registry").join("src")).into_iter().flatten().flatten()
        {
            self.add(&registry.path(), "/cargo/registry");
        }
    }

    pub(super) fn into_flags(mut self) -> Vec<String> {
        // Of several matching prefixes the compiler uses the last, which has to be the longest.
        self.0.sort_by_cached_key(|(from, _)| (from.components().count(), from.clone()));
        self.0
            .iter()
            .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
            .collect()
    }
}

/// `CARGO_HOME`, or its default.
fn cargo_home() -> Option<PathBuf> {
    let home = || env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| home().map(|home| Path::new(&home).join(".cargo")))
}

/// The environment variables that override profiles. They are removed for cargo, so that a package
/// only depends on the project.
pub(super) fn variables_of_profiles() -> Vec<String> {
    of_profiles(env::vars_os().filter_map(|(name, _)| name.into_string().ok()))
}

fn of_profiles(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<_> = names.filter(|name| name.starts_with("CARGO_PROFILE_")).collect();
    names.sort();
    names
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    // An unchanged file is not written, because cargo would rebuild the package.
    if fs::read(path).is_ok_and(|found| found == text.as_bytes()) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().unwrap_or(OsStr::new(".").as_ref()))?;
    fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(flags: &[&str]) -> Vec<String> {
        flags.iter().map(|&flag| flag.to_owned()).collect()
    }

    #[test]
    fn the_users_flags_come_last_and_can_make_the_program_dynamic() {
        let ours = strings(&["--remap-path-prefix=/a b=/workspace"]);
        let users = strings(&["--cfg", "feature=\"with space\""]);
        let joined = join(&ours, &users);
        assert_eq!(decode(&joined), [&ours[0], STATIC, &users[0], &users[1]]);
        let joined = join(&ours, &strings(&["-Ctarget-feature=-crt-static"]));
        assert!(!joined.contains(STATIC), "{joined}");
        assert_eq!(decode(""), Vec::<String>::new());
    }

    #[test]
    fn a_nested_directory_is_remapped_after_its_parent() {
        let mut remaps = Remaps::default();
        remaps.add(Path::new("/w/target/home"), "/cargo");
        remaps.add(Path::new("/w"), "/workspace");
        let flags = remaps.into_flags();
        assert_eq!(
            flags,
            ["--remap-path-prefix=/w=/workspace", "--remap-path-prefix=/w/target/home=/cargo"]
        );
    }

    #[test]
    fn variables_of_profiles_are_found_among_others() {
        let names = strings(&[
            "CARGO_PROFILE_RELEASE_DEBUG",
            "CARGO_HOME",
            "RUSTFLAGS",
            "CARGO_PROFILE_DEV_BUILD_OVERRIDE_DEBUG",
        ]);
        let found = of_profiles(names.into_iter());
        assert_eq!(
            found,
            ["CARGO_PROFILE_DEV_BUILD_OVERRIDE_DEBUG", "CARGO_PROFILE_RELEASE_DEBUG"]
        );
    }
}
