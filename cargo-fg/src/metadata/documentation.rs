//! Keeps `docs/manifest.md` right: its examples are accepted, and it has all keys and types.

use std::collections::BTreeSet;

use serde_json::Value;

use super::testing::{desired, read};
use super::triggers::each_field;
use super::{KEYS, Options, Secrets};

const DOCUMENT: &str = include_str!("../../../docs/manifest.md");

/// The blocks of TOML in the document.
fn blocks() -> Vec<&'static str> {
    let blocks: Vec<_> = DOCUMENT
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default())
        .collect();
    assert!(blocks.len() > 10, "the examples are not found");
    blocks
}

#[test]
fn each_example_is_accepted() {
    for block in blocks() {
        let options = Options { secrets: Secrets::Unread, ..Options::default() };
        desired(block, options).unwrap_or_else(|said| panic!("{said}\n{block}"));
        let metadata = read(block).expect("it is accepted");
        assert!(metadata.secrets().next().is_none(), "a secret is in an example:\n{block}");
    }
}

#[test]
fn each_type_of_triggers_has_an_example() {
    let mut types = BTreeSet::new();
    for block in blocks() {
        let value: Value = toml::from_str(block).expect("TOML");
        let triggers = &value["package"]["metadata"]["fg"]["triggers"];
        for trigger in triggers.as_array().into_iter().flatten() {
            types.insert(trigger["type"].as_str().expect("a type").to_owned());
        }
    }
    let known: BTreeSet<_> = each_field().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(types.difference(&known).count(), 0);
    assert_eq!(known.difference(&types).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn each_key_is_in_a_table() {
    let rows: Vec<_> = DOCUMENT.lines().filter(|line| line.starts_with("| ")).collect();
    let is_there = |key: &str| {
        let (bare, within) = (format!("`{key}`"), format!("`{key}."));
        rows.iter().any(|row| row.contains(&bare) || row.contains(&within))
    };
    // These have sections of their own.
    for key in KEYS.iter().filter(|key| !["env", "timers", "triggers"].contains(key)) {
        assert!(is_there(key), "{key}");
    }
    for (name, field) in each_field() {
        assert!(field.is_none_or(is_there), "{field:?} of {name}");
    }
}
