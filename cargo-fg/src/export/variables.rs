//! The variables of the file, and names as Terraform allows them.

use std::collections::{BTreeMap, BTreeSet};

use crate::export::hcl::{Block, Value};

/// Variables that Terraform has taken for itself.
const RESERVED: [&str; 8] =
    ["source", "version", "providers", "count", "for_each", "lifecycle", "depends_on", "locals"];

/// The `variable` blocks of the file.
#[derive(Default)]
pub(super) struct Variables {
    names: BTreeSet<String>,
    /// The variables of secrets, by the variables of the shell that `cargo fg deploy` reads.
    of_shell: BTreeMap<String, Value>,
    pub(super) blocks: Vec<Block>,
}

impl Variables {
    /// A variable for a secret, whose value goes nowhere. Its name is that of the variable of the
    /// shell, if it is known, and the same for the same one.
    pub(super) fn sensitive(
        &mut self,
        of_shell: Option<&String>,
        name: &str,
        about: &str,
    ) -> Value {
        let Some(of_shell) = of_shell else { return self.add(name, about, true) };
        if let Some(known) = self.of_shell.get(of_shell) {
            return known.clone();
        }
        let value = self.add(of_shell, about, true);
        self.of_shell.insert(of_shell.clone(), value.clone());
        value
    }

    pub(super) fn plain(&mut self, name: &str, about: &str) -> Value {
        self.add(name, about, false)
    }

    fn add(&mut self, name: &str, about: &str, is_sensitive: bool) -> Value {
        let mut name = identifier(name);
        if RESERVED.contains(&name.as_str()) {
            name.push('_');
        }
        let name = unique(&name, &mut self.names);
        let mut block = Block::new("variable", &[&name]);
        block.set("type", Value::Expression("string".to_owned()));
        block.set("description", about);
        if is_sensitive {
            block.set("sensitive", Value::Bool(true));
        }
        self.blocks.push(block);
        Value::Expression(format!("var.{name}"))
    }
}

/// The word as a name of Terraform: letters, digits, `_` and `-`, not a digit first.
pub(super) fn identifier(word: &str) -> String {
    let is_good = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == '-';
    let name: String = word.chars().map(|char| if is_good(char) { char } else { '_' }).collect();
    if name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_') {
        return name;
    }
    format!("_{name}")
}

/// The name, with a number if it is taken.
pub(super) fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    let mut candidates = std::iter::once(name.to_owned()).chain(numbered);
    let name = candidates.find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(name.clone());
    name
}
