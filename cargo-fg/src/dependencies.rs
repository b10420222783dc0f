//! What a build depends on, as cargo resolves it: the packages that are directories of this
//! machine, and why there is no such list.
//!
//! cargo is asked about the packages of one build and nothing else. `cargo metadata` would want
//! those of every platform, and those of tests, which a machine that has only ever built the
//! function does not have.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::compile::Compile;
use crate::failure::{Exit, Failure};
use crate::project::{Function, ProgramKind, cargo, no_cargo};

/// A package whose source is a directory of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalPackage {
    pub(crate) name: String,
    pub(crate) directory: PathBuf,
}

/// The packages of this machine that a build of these functions is made of, those of the functions
/// included.
pub(crate) fn local_packages(
    compile: &Compile,
    functions: &[Function],
) -> Result<Vec<LocalPackage>, Failure> {
    let output = tree("{p}", compile, functions).output().map_err(|error| no_cargo(&error))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(explain_and_show(&said));
    }
    show(&said);
    Ok(packages_in(&output.stdout))
}

/// The same, without a word where there is no such list: it has been said before.
pub(crate) fn known_local_packages(compile: &Compile, functions: &[Function]) -> Vec<LocalPackage> {
    tree("{p}", compile, functions)
        .output()
        .map(|output| packages_in(&output.stdout))
        .unwrap_or_default()
}

/// The features of a package that a build of these functions has switched on; nothing if it is not
/// a part of it.
pub(crate) fn features_of(
    package: &str,
    compile: &Compile,
    functions: &[Function],
) -> Option<Vec<String>> {
    let output = tree("{p}|{f}", compile, functions).stderr(Stdio::null()).output().ok()?;
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, features) = lines
        .lines()
        .filter_map(|line| line.split_once('|'))
        .find(|(found, _)| found.split(' ').next() == Some(package))?;
    Some(features.trim_end_matches(" (*)").split(',').map(str::to_owned).collect())
}

/// Why cargo cannot resolve what a build needs. cargo has shown its own words already; these say
/// what they come to.
pub(crate) fn why_unresolved(compile: &Compile, functions: &[Function]) -> Failure {
    let said = tree("{p}", compile, functions).output();
    explain(
        &said
            .map(|output| String::from_utf8_lossy(&output.stderr).into_owned())
            .unwrap_or_default(),
    )
}

fn packages_in(lines: &[u8]) -> Vec<LocalPackage> {
    let mut packages: Vec<_> =
        String::from_utf8_lossy(lines).lines().filter_map(local_package).collect();
    packages.sort_by(|one, other| one.directory.cmp(&other.directory));
    packages.dedup();
    packages
}

/// cargo's own words come first, unless they tell to leave out a flag that no user has given.
fn explain_and_show(said: &str) -> Failure {
    if !is_about_lock_file(said) {
        show(said);
    }
    explain(said)
}

fn show(said: &str) {
    if !said.trim().is_empty() {
        eprintln!("{}", said.trim_end());
    }
}

/// One package a line; as `{p}` it has the form `name v1.2.3 (/its/directory)`.
fn tree(format: &str, compile: &Compile, functions: &[Function]) -> Command {
    let mut command = cargo();
    command.args(["tree", "--quiet", "--prefix", "none", "--format", format, "--color", "never"]);
    // Examples are built with what tests depend on.
    let has_example = functions.iter().any(|function| function.kind == ProgramKind::Example);
    command.args(["--edges", if has_example { "all" } else { "no-dev" }]);
    compile.choose(functions, &mut command);
    command.stdin(Stdio::null());
    command
}

/// cargo was told not to touch a lock file that it would have to change.
fn is_about_lock_file(said: &str) -> bool {
    ["--locked was passed", "--frozen was passed"].iter().any(|words| said.contains(words))
}

/// A registry's package has no directory in its line, and one of a Git repository has an address.
fn local_package(line: &str) -> Option<LocalPackage> {
    let line = line.trim_end_matches(" (*)");
    let (rest, directory) = line.strip_suffix(')')?.split_once(" (")?;
    let directory = Path::new(directory.strip_prefix("proc-macro) (").unwrap_or(directory));
    let name = rest.split(' ').next()?.to_owned();
    directory.is_absolute().then(|| LocalPackage { name, directory: directory.to_owned() })
}

/// What cargo's error comes to. Its words are looked at for the advice alone.
fn explain(said: &str) -> Failure {
    let fails = |what: &str| Failure::new(Exit::Build, what);
    let has = |parts: &[&str]| parts.iter().any(|part| said.contains(part));
    if is_about_lock_file(said) {
        return fails(
            "Cargo.lock does not fit Cargo.toml any more: a version or a dependency has changed since it was written, and a package is \
             built from what is locked",
        )
        .advise("`cargo update --workspace` brings it up to date and leaves all other versions as they are; then package again");
    }
    if has(&["no matching package named `functiongraph`"]) {
        return fails("the package `functiongraph` is not where cargo looks for it; it has said where that is").advise(
            "depend on a clone of fg: `functiongraph = { path = \"../fg\" }` in Cargo.toml; `cargo fg new NAME --path ../fg` writes that",
        );
    }
    if has(&["offline mode", "--offline was specified"]) {
        return fails("a dependency is not on this machine, and cargo is not to use the network; cargo has said which one")
            .advise("`cargo fetch` gets all dependencies while there is a network; CARGO_NET_OFFLINE and `net.offline` forbid it");
    }
    if has(&["no matching package", "failed to select a version", "candidate versions found"]) {
        return fails(
            "a dependency cannot be found; cargo has said which one, and where it has looked",
        )
        .advise("look at its name, its version and its features in Cargo.toml");
    }
    if has(&[
        "failed to download",
        "failed to get",
        "failed to fetch",
        "Could not resolve host",
        "network failure",
    ]) {
        return fails("a dependency could not be fetched; cargo has said which one, and why")
            .advise("is there a network? Behind a proxy cargo needs HTTPS_PROXY");
    }
    fails("cargo could not begin the build; it has said why")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_comes_to_one_sentence_and_what_to_do() {
        for (said, sentence) in [
            (
                "error: cannot update the lock file /p/Cargo.lock because --locked was passed to prevent this",
                "Cargo.lock does not fit",
            ),
            (
                "error: no matching package named `functiongraph` found\nlocation searched: crates.io index",
                "the package `functiongraph` is not",
            ),
            (
                "error: no matching package named `tokoi` found\nlocation searched: crates.io index",
                "a dependency cannot be found",
            ),
            (
                "error: failed to select a version for the requirement `itoa = \"^77\"`",
                "a dependency cannot be found",
            ),
            (
                "error: failed to get `x` as a dependency\n[6] Could not resolve host",
                "a dependency could not be fetched",
            ),
            (
                "error: failed to download `wasi v0.11.1`\nattempting to make an HTTP request, but --offline was specified",
                "a dependency is not on",
            ),
            (
                "error: the package 'greet' does not contain this feature: htpt",
                "cargo could not begin the build",
            ),
        ] {
            let failure = explain(said).to_string();
            assert!(failure.starts_with(sentence), "{said}\n{failure}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn packages_of_this_machine_are_told_from_those_of_registries_and_repositories() {
        let lines = "greet v0.1.0 (/home/ada/my greet)\nserde v1.0.229\nserde_derive v1.0.229 (proc-macro)\n\
                     fg-macros v0.1.0 (proc-macro) (/home/ada/fg/fg-macros)\nfg-core v0.1.0 (/home/ada/fg/fg-core) (*)\n\
                     other v1.0.0 (https://example.com/other.git#0123abcd)\n";
        let found: Vec<_> = lines
            .lines()
            .filter_map(local_package)
            .map(|package| (package.name, package.directory))
            .collect();
        let expected = [
            ("greet", "/home/ada/my greet"),
            ("fg-macros", "/home/ada/fg/fg-macros"),
            ("fg-core", "/home/ada/fg/fg-core"),
        ];
        assert_eq!(
            found,
            expected.map(|(name, directory)| (name.to_owned(), PathBuf::from(directory)))
        );
    }
}
