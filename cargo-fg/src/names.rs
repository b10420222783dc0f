//! Unique names of functions in a workspace: packages may have programs of the same name, and
//! examples may have the name of a program.

use std::collections::{BTreeMap, BTreeSet};

use crate::failure::Failure;
use crate::metadata::nearest;
use crate::project::{Function, ProgramKind};

/// The names of one program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Name {
    /// `greet`; if that is not unique, `package/greet`, or `package/examples/greet` for an example.
    pub(crate) label: String,
    /// The label without slashes.
    pub(crate) unique_name: String,
}

type Key = (String, ProgramKind, String);

/// The names of all programs of a workspace.
#[derive(Debug)]
pub(crate) struct Names(BTreeMap<Key, Name>);

impl Names {
    /// Assigns the names. `programs` are the package, the kind and the name of each.
    pub(crate) fn new<'a>(programs: impl Iterator<Item = (&'a str, ProgramKind, &'a str)>) -> Self {
        let programs: Vec<_> = programs.collect();
        let is_unique = |kind: ProgramKind, name: &str| {
            let namesakes = programs
                .iter()
                .filter(|(_, other_kind, other)| *other == name && *other_kind <= kind)
                .count();
            namesakes == 1
        };
        let mut taken: BTreeSet<String> = programs
            .iter()
            .filter(|(_, kind, name)| is_unique(*kind, name))
            .map(|(.., name)| (*name).to_owned())
            .collect();
        let named = programs.iter().map(|&(package, kind, name)| {
            let key = (package.to_owned(), kind, name.to_owned());
            if is_unique(kind, name) {
                return (key, Name { label: name.to_owned(), unique_name: name.to_owned() });
            }
            let label = match kind {
                ProgramKind::Bin => format!("{package}/{name}"),
                ProgramKind::Example => format!("{package}/examples/{name}"),
            };
            let bare = label.replace('/', "-");
            let mut unique_name = bare.clone();
            let mut count = 1;
            while !taken.insert(unique_name.clone()) {
                count += 1;
                unique_name = format!("{bare}-{count}");
            }
            (key, Name { label, unique_name })
        });
        let named: Vec<_> = named.collect();
        Self(named.into_iter().collect())
    }

    /// The names of one program.
    pub(crate) fn of(&self, package: &str, kind: ProgramKind, name: &str) -> Name {
        self.0.get(&(package.to_owned(), kind, name.to_owned())).cloned().unwrap_or_default()
    }
}

/// Splits `package/name` or `package/examples/name`.
pub(crate) fn split(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((package, name)) => (Some(package), name.strip_prefix("examples/").unwrap_or(name)),
        None => (None, name),
    }
}

impl Function {
    /// The flags that select it.
    pub(crate) fn choice(&self, with_package: bool) -> String {
        let program = format!("--{} {}", self.kind.name(), self.name);
        if with_package { format!("-p {} {program}", self.package) } else { program }
    }
}

/// The error if there are several functions and one is needed, with the flags that select each.
pub(crate) fn advise_to_choose(what: &str, functions: &[Function]) -> Failure {
    let are_of_several =
        functions.iter().any(|function| function.package_id != functions[0].package_id);
    let choices: Vec<_> =
        functions.iter().map(|function| function.choice(are_of_several)).collect();
    Failure::usage(what).advise(format!("choose one: {}", choices.join(", or ")))
}

/// Advice for an unknown name: the existing ones, and the most similar of them.
pub(crate) fn list_of(wanted: &str, there: &[&str]) -> String {
    let list = format!("there are: {}", there.join(", "));
    match nearest(wanted, there.iter().copied()) {
        Some(similar) if there.len() > 1 => format!("did you mean `{similar}`? {list}"),
        _ => list,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_the_same_name_get_the_names_of_their_packages() {
        use ProgramKind::{Bin, Example};
        let programs = [
            ("a", Bin, "bootstrap"),
            ("a", Bin, "orders"),
            ("b", Bin, "bootstrap"),
            ("b", Bin, "a-bootstrap"),
            ("b", Example, "orders"),
            ("c", Example, "demo"),
        ];
        let names = Names::new(programs.into_iter());
        let shown: Vec<_> =
            programs.iter().map(|(package, kind, name)| names.of(package, *kind, name)).collect();
        let labels: Vec<_> =
            shown.iter().map(|name| (name.label.as_str(), name.unique_name.as_str())).collect();
        let expected = [
            ("a/bootstrap", "a-bootstrap-2"),
            ("orders", "orders"),
            ("b/bootstrap", "b-bootstrap"),
            ("a-bootstrap", "a-bootstrap"),
            ("b/examples/orders", "b-examples-orders"),
            ("demo", "demo"),
        ];
        assert_eq!(labels, expected);
    }

    #[test]
    fn a_label_can_be_used_as_an_argument() {
        assert_eq!(split("bootstrap"), (None, "bootstrap"));
        assert_eq!(split("a/bootstrap"), (Some("a"), "bootstrap"));
        assert_eq!(split("b/examples/orders"), (Some("b"), "orders"));
    }
}
