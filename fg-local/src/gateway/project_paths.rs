//! The functions of the project by their paths, and which of them a target is for.

use std::collections::BTreeMap;

use parking_lot::RwLock;
use serde_json::{Value, json};

use crate::invoker::project_functions::{ProjectFunctions, Status};
use crate::urn::FunctionName;

/// What a target is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A function, and the target as the function sees it.
    Function {
        /// What its path begins with.
        label: String,
        name: FunctionName,
        target: String,
    },
    /// The list of functions.
    List,
    NotFound,
}

/// All functions of the project by their labels. A label is the beginning of a path, without the
/// slash before it; it may contain slashes.
#[derive(Debug, Default)]
pub(crate) struct ProjectPaths {
    names: RwLock<BTreeMap<String, FunctionName>>,
}

impl ProjectPaths {
    /// The name of the function with this label. One that is not known yet gets the label as its
    /// name, with `-` for each slash, in the package `default`.
    pub(crate) fn name(&self, label: &str) -> FunctionName {
        let mut names = self.names.write();
        let new = || FunctionName::new("default", label.replace('/', "-"));
        names.entry(label.to_owned()).or_insert_with(new).clone()
    }

    /// Sets the name of the function with this label, and returns the one before.
    pub(crate) fn set_name(&self, label: &str, name: FunctionName) -> Option<FunctionName> {
        self.names.write().insert(label.to_owned(), name)
    }

    /// The name of the function with this label, if there is one.
    pub(crate) fn find(&self, label: &str) -> Option<FunctionName> {
        self.names.read().get(label).cloned()
    }

    /// What a target is for. If there is only one function, every target is for it.
    pub(super) fn route(&self, target: &str) -> Route {
        let names = self.names.read();
        if let (1, Some((label, name))) = (names.len(), names.first_key_value()) {
            return Route::Function {
                label: label.clone(),
                name: name.clone(),
                target: target.to_owned(),
            };
        }
        let path = target.strip_prefix('/').unwrap_or(target);
        let rest_after = |label: &str| {
            path.strip_prefix(label).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        // The longest label wins: `orders/bootstrap` over `orders`.
        let found = names
            .iter()
            .filter_map(|(label, name)| Some((label, name, rest_after(label)?)))
            .max_by_key(|(label, ..)| label.len());
        match found {
            Some((label, name, rest)) => {
                let slash = if rest.starts_with('/') { "" } else { "/" };
                let target = format!("{slash}{rest}");
                Route::Function { label: label.clone(), name: name.clone(), target }
            }
            None if path.is_empty() || path.starts_with('?') => Route::List,
            None => Route::NotFound,
        }
    }

    /// All functions as JSON.
    pub(super) fn list(&self, functions: &ProjectFunctions) -> Vec<Value> {
        let names = self.names.read();
        let entries = names.iter().map(|(label, name)| {
            let (state, reason) = match functions.status(name) {
                Some(Status::Expected) => ("building", None),
                Some(Status::Absent(reason)) => ("absent", Some(reason)),
                Some(Status::Served(_)) => ("served", None),
                None => ("absent", None),
            };
            json!({"name": label, "path": format!("/{label}"), "state": state, "reason": reason})
        });
        entries.collect()
    }

    /// The paths of all functions, for messages.
    pub(crate) fn paths(&self) -> String {
        let names = self.names.read();
        let paths: Vec<_> = names.keys().map(|label| format!("/{label}")).collect();
        if paths.is_empty() {
            return "there is none".to_owned();
        }
        format!("there are: {}", paths.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(labels: &[&str]) -> ProjectPaths {
        let table = ProjectPaths::default();
        for label in labels {
            table.name(label);
        }
        table
    }

    #[test]
    fn the_longest_name_that_a_path_begins_with_is_meant() {
        let function = |label: &str, target: &str| Route::Function {
            label: label.into(),
            name: FunctionName::new("default", label.replace('/', "-")),
            target: target.into(),
        };
        let several = table(&["a", "a/bootstrap", "ab"]);
        for (target, route) in [
            ("/a", function("a", "/")),
            ("/a?x=1", function("a", "/?x=1")),
            ("/a/boot", function("a", "/boot")),
            ("/a/bootstrap", function("a/bootstrap", "/")),
            ("/a/bootstrap/7?x", function("a/bootstrap", "/7?x")),
            ("/ab/c", function("ab", "/c")),
            ("/abc", Route::NotFound),
            ("/", Route::List),
            ("/?x", Route::List),
        ] {
            assert_eq!(several.route(target), route, "{target}");
        }
        assert_eq!(table(&["a"]).route("/a/7"), function("a", "/a/7"));
        assert_eq!(table(&[]).route("/"), Route::List);
        assert_eq!(table(&[]).route("/a"), Route::NotFound);
    }
}
