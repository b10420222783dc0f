//! The functions of a gateway by their names, and which of them a path is for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::monitor::Monitor;
use crate::settings::Settings;

/// How long a request waits for a function that is expected: longer than most builds take.
const EXPECTED_LIMIT: Duration = Duration::from_secs(600);

/// Whether the function of a name is there.
#[derive(Clone, Debug)]
enum FunctionStatus {
    /// Requests wait for it.
    Expected,
    /// It is not there, for this reason.
    Absent(String),
    Served(Arc<Emulator>),
}

/// What a target is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A function, and the target as the function sees it.
    Function {
        name: String,
        target: String,
    },
    /// The list of functions.
    List,
    NotFound,
}

/// All functions by their names.
#[derive(Debug)]
pub(super) struct FunctionTable {
    functions: Monitor<BTreeMap<String, FunctionStatus>>,
}

impl FunctionTable {
    pub(super) fn new(names: impl Iterator<Item = String>) -> Self {
        let absent = |name: String| {
            let reason = format!("{name} has not been built yet");
            (name, FunctionStatus::Absent(reason))
        };
        Self { functions: Monitor::new(names.map(absent).collect()) }
    }

    /// Serves a function under this name, and returns the one that was served before.
    pub(super) fn serve(&self, name: &str, emulator: Arc<Emulator>) -> Option<Arc<Emulator>> {
        let status = FunctionStatus::Served(emulator);
        match self.functions.update(|functions| functions.insert(name.to_owned(), status)) {
            Some(FunctionStatus::Served(emulator)) => Some(emulator),
            _ => None,
        }
    }

    pub(super) fn set_expected(&self, name: &str) {
        self.set_unless_served(name, FunctionStatus::Expected);
    }

    pub(super) fn set_absent(&self, name: &str, reason: String) {
        self.set_unless_served(name, FunctionStatus::Absent(reason));
    }

    fn set_unless_served(&self, name: &str, status: FunctionStatus) {
        self.functions.update(|functions| {
            if !matches!(functions.get(name), Some(FunctionStatus::Served(_))) {
                functions.insert(name.to_owned(), status);
            }
        });
    }

    /// Ends the wait of all requests for expected functions.
    pub(super) fn stop(&self) {
        self.functions.update(|functions| {
            for status in functions.values_mut() {
                if matches!(status, FunctionStatus::Expected) {
                    *status = FunctionStatus::Absent("the gateway has been stopped".into());
                }
            }
        });
    }

    /// The function that is served under this name now.
    pub(super) fn served(&self, name: &str) -> Option<Arc<Emulator>> {
        self.functions.read(|functions| match functions.get(name) {
            Some(FunctionStatus::Served(emulator)) => Some(Arc::clone(emulator)),
            _ => None,
        })
    }

    /// Waits for the function of this name if it is expected. `Err` says why there is none.
    pub(super) fn wait_for(&self, name: &str) -> Result<Arc<Emulator>, String> {
        let found = self.functions.wait(EXPECTED_LIMIT, |functions| match functions.get(name) {
            Some(FunctionStatus::Served(emulator)) => Some(Ok(Arc::clone(emulator))),
            Some(FunctionStatus::Absent(reason)) => Some(Err(reason.clone())),
            Some(FunctionStatus::Expected) => None,
            None => Some(Err(format!("there is no function {name}"))),
        });
        let seconds = EXPECTED_LIMIT.as_secs();
        found.unwrap_or_else(|| Err(format!("{name} has not been built within {seconds} s")))
    }

    /// The function whose settings match. If none does, waits while functions are expected.
    pub(super) fn find(&self, is_it: impl Fn(&Settings) -> bool) -> Option<Arc<Emulator>> {
        let find = |functions: &BTreeMap<String, FunctionStatus>| {
            functions.values().find_map(|status| match status {
                FunctionStatus::Served(emulator) if is_it(emulator.pool().settings()) => {
                    Some(Arc::clone(emulator))
                }
                _ => None,
            })
        };
        self.functions.wait(EXPECTED_LIMIT, |functions| {
            let found = find(functions);
            let may_come =
                functions.values().any(|status| matches!(status, FunctionStatus::Expected));
            (found.is_some() || !may_come).then_some(found)
        })?
    }

    /// What a target is for. If there is only one function, every target is for it.
    pub(super) fn route(&self, target: &str) -> Route {
        self.functions.read(|functions| {
            if let (1, Some(name)) = (functions.len(), functions.keys().next()) {
                return Route::Function { name: name.clone(), target: target.to_owned() };
            }
            let path = target.strip_prefix('/').unwrap_or(target);
            let rest_after = |name: &str| {
                path.strip_prefix(name)
                    .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
            };
            // The longest name wins: `orders/bootstrap` over `orders`.
            let found = functions
                .keys()
                .filter_map(|name| Some((name, rest_after(name)?)))
                .max_by_key(|(name, _)| name.len());
            match found {
                Some((name, rest)) => {
                    let slash = if rest.starts_with('/') { "" } else { "/" };
                    Route::Function { name: name.clone(), target: format!("{slash}{rest}") }
                }
                None if path.is_empty() || path.starts_with('?') => Route::List,
                None => Route::NotFound,
            }
        })
    }

    /// All functions as JSON.
    pub(super) fn list(&self) -> Value {
        let entry = |(name, status): (&String, &FunctionStatus)| {
            let (state, reason) = match status {
                FunctionStatus::Expected => ("building", None),
                FunctionStatus::Absent(reason) => ("absent", Some(reason)),
                FunctionStatus::Served(_) => ("served", None),
            };
            json!({"name": name, "path": format!("/{name}"), "state": state, "reason": reason})
        };
        let entries: Vec<_> =
            self.functions.read(|functions| functions.iter().map(entry).collect());
        json!({"functions": entries})
    }

    /// The paths of all functions, for messages.
    pub(super) fn paths(&self) -> String {
        let paths: Vec<_> = self
            .functions
            .read(|functions| functions.keys().map(|name| format!("/{name}")).collect());
        format!("there are: {}", paths.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_that_a_path_begins_with_is_meant() {
        let table = FunctionTable::new(["a", "a/bootstrap", "ab"].map(str::to_owned).into_iter());
        let function =
            |name: &str, target: &str| Route::Function { name: name.into(), target: target.into() };
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
            assert_eq!(table.route(target), route, "{target}");
        }
        let alone = FunctionTable::new(std::iter::once("a".to_owned()));
        assert_eq!(alone.route("/a/7"), function("a", "/a/7"));
    }
}
