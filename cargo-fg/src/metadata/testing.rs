//! Manifests of tests.

use std::fs;

use serde_json::Value;

use super::{FgMetadata, Options, Place, Sources};
use crate::desired::Desired;
use crate::project::{Function, ProgramKind};

/// A manifest that begins with `[package.metadata.fg]`; the error has no directory.
pub(super) fn read(text: &str) -> Result<FgMetadata, String> {
    read_of(text, &["greet"])
}

/// As [`read`], of a package with these programs.
pub(super) fn read_of(text: &str, programs: &[&str]) -> Result<FgMetadata, String> {
    let programs = programs.iter().copied().map(str::to_owned).collect();
    in_file(text, |sources| FgMetadata::read(sources, programs, None))
}

/// What the function `greet` of this manifest should be.
pub(super) fn desired(text: &str, options: Options<'_>) -> Result<Desired, String> {
    desired_of(text, &["greet"], options)
}

/// As [`desired`], of a package with these programs.
pub(super) fn desired_of(
    text: &str,
    programs: &[&str],
    options: Options<'_>,
) -> Result<Desired, String> {
    let programs = programs.iter().copied().map(str::to_owned).collect();
    in_file(text, |sources| {
        let metadata = FgMetadata::read(sources, programs, None)?;
        Desired::resolve(&function(metadata), &options)
    })
}

/// The function `greet`.
pub(super) fn function(metadata: FgMetadata) -> Function {
    Function {
        name: "greet".into(),
        label: "greet".into(),
        unique_name: "greet".into(),
        kind: ProgramKind::Bin,
        package: "greet".into(),
        package_id: String::new(),
        package_version: "0.1.0".into(),
        directory: ".".into(),
        required_features: Vec::new(),
        metadata,
    }
}

fn in_file<T>(
    text: &str,
    read: impl FnOnce(Sources) -> Result<T, crate::failure::Failure>,
) -> Result<T, String> {
    let directory = tempfile::tempdir().expect("a directory");
    let manifest = directory.path().join("Cargo.toml");
    fs::write(&manifest, text).expect("it is written");
    let value: Value = toml::from_str(text).expect("TOML");
    let table = |parent: &str| {
        let value = value.get(parent)?.get("metadata")?.get("fg")?;
        Some((Place::new(&manifest, parent), value.clone()))
    };
    let sources = ["workspace", "package"].into_iter().filter_map(table).collect();
    let prefix = format!("{}/", directory.path().display());
    read(Sources(sources)).map_err(|failure| failure.to_string().replace(&prefix, ""))
}
