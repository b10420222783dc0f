//! The dependencies of a build, as `cargo tree` resolves them: its local packages, and explanations
//! of why they cannot be resolved.
//!
//! `cargo metadata` would also need the dependencies for other platforms and for tests, which a
//! machine that only builds the function may not have.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::compile::Compile;
use crate::failure::{Exit, Failure};
use crate::project::{Function, ProgramKind, cargo, no_cargo};

/// A package whose source is a local directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalPackage {
    pub(crate) name: String,
    pub(crate) directory: PathBuf,
}

/// The local packages of a build of these functions, including the functions' own.
pub(crate) fn local_packages(
    compile: &Compile,
    functions: &[Function],
) -> Result<Vec<LocalPackage>, Failure> {
    let output = tree("{p}", compile, functions).output().map_err(|error| no_cargo(&error))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(explain_and_show(&errors));
    }
    show(&errors);
    Ok(packages_in(&output.stdout))
}

/// Like [`local_packages`], but empty if cargo fails, after a build that has printed the error.
pub(crate) fn known_local_packages(compile: &Compile, functions: &[Function]) -> Vec<LocalPackage> {
    tree("{p}", compile, functions)
        .output()
        .map(|output| packages_in(&output.stdout))
        .unwrap_or_default()
}

/// The features of a package that a build of these functions enables; `None` if the build does not
/// contain it.
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

/// Explains why cargo cannot resolve the dependencies of a build, after it has printed its errors.
pub(crate) fn explain_unresolved(compile: &Compile, functions: &[Function]) -> Failure {
    let output = tree("{p}", compile, functions).output();
    explain(
        &output
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

/// Prints cargo's errors first, unless they advise to remove a flag that the user has not given.
fn explain_and_show(errors: &str) -> Failure {
    if !is_about_lock_file(errors) {
        show(errors);
    }
    explain(errors)
}

fn show(errors: &str) {
    if !errors.trim().is_empty() {
        eprintln!("{}", errors.trim_end());
    }
}

/// `cargo tree` with one package per line; `{p}` is `name v1.2.3 (/its/directory)`.
fn tree(format: &str, compile: &Compile, functions: &[Function]) -> Command {
    let mut command = cargo();
    command.args(["tree", "--quiet", "--prefix", "none", "--format", format, "--color", "never"]);
    // Examples can use dev-dependencies.
    let has_example = functions.iter().any(|function| function.kind == ProgramKind::Example);
    command.args(["--edges", if has_example { "all" } else { "no-dev" }]);
    compile.select(functions, &mut command);
    command.stdin(Stdio::null());
    command
}

/// Whether cargo refuses to update a lock file.
fn is_about_lock_file(errors: &str) -> bool {
    ["--locked was passed", "--frozen was passed"].iter().any(|part| errors.contains(part))
}

/// Parses a line of `cargo tree`. A package of a registry has no directory, and one of a Git
/// repository has a URL.
fn local_package(line: &str) -> Option<LocalPackage> {
    let line = line.trim_end_matches(" (*)");
    let (rest, directory) = line.strip_suffix(')')?.split_once(" (")?;
    let directory = Path::new(directory.strip_prefix("proc-macro) (").unwrap_or(directory));
    let name = rest.split(' ').next()?.to_owned();
    directory.is_absolute().then(|| LocalPackage { name, directory: directory.to_owned() })
}

/// Explains cargo's error. The exact words only matter for the advice.
fn explain(errors: &str) -> Failure {
    let fails = |what: &str| Failure::new(Exit::Build, what);
    let has = |parts: &[&str]| parts.iter().any(|part| errors.contains(part));
    if is_about_lock_file(errors) {
        return fails(
            "Cargo.lock is out of date: a version or a dependency in Cargo.toml has changed, and packages are built from locked versions",
        )
        .advise("`cargo update --workspace` updates it and keeps all other versions; then package again");
    }
    if has(&["no matching package named `functiongraph`"]) {
        return fails("cargo did not find the package `functiongraph`; see above where it searched").advise(
            "depend on a clone of fg: `functiongraph = { path = \"../fg\" }` in Cargo.toml; `cargo fg new NAME --path ../fg` does that",
        );
    }
    if has(&["offline mode", "--offline was specified"]) {
        return fails("a dependency is not on this machine, and cargo is offline; see above which one")
            .advise("run `cargo fetch` while online; CARGO_NET_OFFLINE and `net.offline` make cargo offline");
    }
    if has(&["no matching package", "failed to select a version", "candidate versions found"]) {
        return fails("a dependency was not found; see above which one, and where cargo searched")
            .advise("check its name, its version and its features in Cargo.toml");
    }
    if has(&[
        "failed to download",
        "failed to get",
        "failed to fetch",
        "Could not resolve host",
        "network failure",
    ]) {
        return fails("a dependency could not be downloaded; see above which one, and why")
            .advise("check the network; behind a proxy cargo needs HTTPS_PROXY");
    }
    fails("cargo could not start the build; see its error above")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_cargo_are_explained_in_one_sentence() {
        for (errors, sentence) in [
            (
                "error: cannot update the lock file /p/Cargo.lock because --locked was passed to prevent this",
                "Cargo.lock is out of date",
            ),
            (
                "error: no matching package named `functiongraph` found\nlocation searched: crates.io index",
                "cargo did not find the package `functiongraph`",
            ),
            (
                "error: no matching package named `tokoi` found\nlocation searched: crates.io index",
                "a dependency was not found",
            ),
            (
                "error: failed to select a version for the requirement `itoa = \"^77\"`",
                "a dependency was not found",
            ),
            (
                "error: failed to get `x` as a dependency\n[6] Could not resolve host",
                "a dependency could not be downloaded",
            ),
            (
                "error: failed to download `wasi v0.11.1`\nattempting to make an HTTP request, but --offline was specified",
                "a dependency is not on",
            ),
            (
                "error: the package 'greet' does not contain this feature: htpt",
                "cargo could not start the build",
            ),
        ] {
            let failure = explain(errors).to_string();
            assert!(failure.starts_with(sentence), "{errors}\n{failure}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn local_packages_are_recognised() {
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
