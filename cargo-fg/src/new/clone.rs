//! Clones of fg's repository, which a project can depend on instead of the published crate.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

use crate::failure::Failure;

/// Whether this directory is the root of a clone.
pub(super) fn is_clone(directory: &Path) -> bool {
    let manifest = fs::read_to_string(directory.join("Cargo.toml"))
        .ok()
        .and_then(|text| text.parse::<Table>().ok());
    manifest.is_some_and(|table| {
        table.get("package").and_then(|package| package.get("name")?.as_str())
            == Some("functiongraph")
    })
}

/// The absolute path of the clone in this directory; an error if there is none.
pub(super) fn check(directory: &Path) -> Result<PathBuf, Failure> {
    if !is_clone(directory) {
        return Err(Failure::usage(format!(
            "{} is not the package `functiongraph`",
            directory.join("Cargo.toml").display()
        ))
        .advise("--path needs the root of a clone of fg's repository"));
    }
    fs::canonicalize(directory).map_err(|error| {
        Failure::machine(format!("{} cannot be accessed", directory.display()), &error)
    })
}

/// The clone from which `cargo install --path` built this program, if it still exists. `None` if
/// cargo downloaded it from a registry.
pub(super) fn of_this_program() -> Option<PathBuf> {
    of_package(Path::new(env!("CARGO_MANIFEST_DIR")))
}

fn of_package(package: &Path) -> Option<PathBuf> {
    package.parent().filter(|directory| is_clone(directory)).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clone_of_a_package_is_found_if_there_is_one() {
        let clone = of_this_program().expect("this is a clone");
        assert!(clone.join("cargo-fg/Cargo.toml").exists(), "{}", clone.display());
        let registry = tempfile::tempdir().expect("a directory");
        assert_eq!(of_package(&registry.path().join("cargo-fg-0.1.0")), None);
        // In the directory of another package, as vendored dependencies are.
        fs::write(
            registry.path().join("Cargo.toml"),
            "[package]\nname = \"shop\" # functiongraph\n",
        )
        .expect("it is written");
        assert_eq!(of_package(&registry.path().join("cargo-fg-0.1.0")), None);
    }
}
