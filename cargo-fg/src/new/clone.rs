//! Clones of fg's repository: what a project depends on where the published crate is not meant.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

use crate::failure::Failure;

/// Whether this directory is the root of a clone.
pub(super) fn is_one(directory: &Path) -> bool {
    let manifest = fs::read_to_string(directory.join("Cargo.toml"))
        .ok()
        .and_then(|text| text.parse::<Table>().ok());
    manifest.is_some_and(|table| {
        table.get("package").and_then(|package| package.get("name")?.as_str())
            == Some("functiongraph")
    })
}

/// The clone in this directory.
pub(super) fn check(directory: &Path) -> Result<PathBuf, Failure> {
    if !is_one(directory) {
        return Err(Failure::usage(format!(
            "{} is not the package `functiongraph`",
            directory.join("Cargo.toml").display()
        ))
        .advise("--path takes the root of a clone of fg's repository"));
    }
    fs::canonicalize(directory).map_err(|error| {
        Failure::machine(format!("{} cannot be found", directory.display()), &error)
    })
}

/// The clone that `cargo install --path` has built this program from, as long as it is there. What
/// cargo unpacks from a registry lies in no clone.
pub(super) fn that_this_program_was_built_from() -> Option<PathBuf> {
    clone_above(Path::new(env!("CARGO_MANIFEST_DIR")))
}

fn clone_above(package: &Path) -> Option<PathBuf> {
    package.parent().filter(|directory| is_one(directory)).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_knows_the_clone_that_it_is_in_and_that_it_is_in_none() {
        let clone = that_this_program_was_built_from().expect("this is a clone");
        assert!(clone.join("cargo-fg/Cargo.toml").exists(), "{}", clone.display());
        let registry = tempfile::tempdir().expect("a directory");
        assert_eq!(clone_above(&registry.path().join("cargo-fg-0.1.0")), None);
        // Another package above it, as in a vendored folder.
        fs::write(
            registry.path().join("Cargo.toml"),
            "[package]\nname = \"shop\" # functiongraph\n",
        )
        .expect("it is written");
        assert_eq!(clone_above(&registry.path().join("cargo-fg-0.1.0")), None);
    }
}
