//! Tests that the examples of `[package.metadata.fg]` in the documents are accepted.

use std::path::Path;

use serde_json::Value;

use super::markdown::{documents, sections};
use crate::desired::Desired;
use crate::metadata::{FgMetadata, Options, Place, Secrets, Sources};
use crate::project::{Function, ProgramKind};

/// What the function `greet` with this metadata should be, in each of its environments.
fn resolve(metadata: &Value) -> Result<Vec<Desired>, crate::failure::Failure> {
    let place = Place::new(Path::new("Cargo.toml"), "package");
    let sources = Sources(vec![(place, metadata.clone())]);
    let metadata_of_fg = FgMetadata::read(sources, vec!["greet".into()], None)?;
    let function = Function {
        name: "greet".into(),
        label: "greet".into(),
        unique_name: "greet".into(),
        kind: ProgramKind::Bin,
        package: "greet".into(),
        package_id: String::new(),
        directory: ".".into(),
        required_features: Vec::new(),
        metadata: metadata_of_fg,
    };
    let environments = metadata["env"].as_object().into_iter().flat_map(|env| env.keys());
    let environments = std::iter::once(None).chain(environments.map(|name| Some(name.as_str())));
    environments
        .map(|environment| {
            let options = Options { environment, secrets: Secrets::Unread, ..Options::default() };
            Desired::resolve(&function, &options)
        })
        .collect()
}

#[test]
fn the_manifests_in_the_documents_are_accepted() {
    let mut count = 0;
    for (path, text) in documents() {
        let blocks = sections(&text).into_iter().flat_map(|section| section.code);
        for block in blocks.filter(|block| block.language == "toml") {
            let manifest: Value = toml::from_str(&block.text)
                .unwrap_or_else(|error| panic!("{path}: {error}\n{}", block.text));
            let Some(metadata) = manifest.pointer("/package/metadata/fg") else { continue };
            if let Err(failure) = resolve(metadata) {
                panic!("{path}: {failure}\n{}", block.text);
            }
            count += 1;
        }
    }
    assert!(count >= 4, "only {count} were found");
}
