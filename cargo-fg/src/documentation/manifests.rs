//! Tests that the examples of `[package.metadata.fg]` in the documents are accepted.

use std::path::Path;

use serde_json::Value;

use super::markdown::{documents, sections};
use crate::failure::Failure;
use crate::metadata::{FgMetadata, Place, Sources};

/// Reads this metadata of a package with the program `greet`, in each of its environments.
fn check(metadata: &Value) -> Result<(), Failure> {
    let place = Place::new(Path::new("Cargo.toml"), "package");
    let sources = Sources(vec![(place, metadata.clone())]);
    let metadata_of_fg = FgMetadata::read(sources, vec!["greet".into()], None)?;
    let environments = metadata["env"].as_object().into_iter().flat_map(|env| env.keys());
    for name in environments {
        metadata_of_fg.of_environment(Some(name.as_str()))?;
    }
    Ok(())
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
            if let Err(failure) = check(metadata) {
                panic!("{path}: {failure}\n{}", block.text);
            }
            count += 1;
        }
    }
    assert!(count >= 4, "only {count} were found");
}

#[test]
fn a_wrong_manifest_would_be_noticed() {
    let trigger = |value| serde_json::json!({ "triggers": [value] });
    let right = serde_json::json!({ "type": "timer", "name": "a", "schedule": "1h" });
    let wrong = serde_json::json!({ "type": "timer", "name": "a", "schedul": "1h" });
    assert!(check(&trigger(right)).is_ok());
    assert!(check(&trigger(wrong)).is_err());
    assert!(check(&serde_json::json!({ "env": { "prod": { "memroy": 1 } } })).is_err());
}
