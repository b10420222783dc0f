//! The functions of a gateway under their names: served, expected or absent; and which of them a
//! path means.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::settings::Settings;

/// How long a request waits for a function that is expected: longer than most builds take.
const EXPECTATION: Duration = Duration::from_secs(600);

/// What there is under a name.
#[derive(Clone, Debug)]
enum Place {
    /// Requests wait for it.
    Expected,
    /// There is none, for this reason.
    Absent(String),
    Served(Arc<Emulator>),
}

/// What a target is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A function, and the target that it sees.
    Function {
        name: String,
        target: String,
    },
    /// The list of functions.
    List,
    Nowhere,
}

/// All names, and what there is under them.
#[derive(Debug)]
pub(super) struct Places {
    all: Mutex<BTreeMap<String, Place>>,
    changed: Condvar,
}

impl Places {
    pub(super) fn new(names: impl Iterator<Item = String>) -> Self {
        let absent = |name: String| {
            let reason = format!("{name} has not been built yet");
            (name, Place::Absent(reason))
        };
        Self { all: Mutex::new(names.map(absent).collect()), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Place>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a function under this name, and gives the one before.
    pub(super) fn serve(&self, name: &str, emulator: Arc<Emulator>) -> Option<Arc<Emulator>> {
        let before = self.lock().insert(name.to_owned(), Place::Served(emulator));
        self.changed.notify_all();
        match before {
            Some(Place::Served(emulator)) => Some(emulator),
            _ => None,
        }
    }

    pub(super) fn expect(&self, name: &str) {
        self.put_unless_served(name, Place::Expected);
    }

    pub(super) fn set_absent(&self, name: &str, reason: String) {
        self.put_unless_served(name, Place::Absent(reason));
    }

    fn put_unless_served(&self, name: &str, place: Place) {
        let mut all = self.lock();
        if !matches!(all.get(name), Some(Place::Served(_))) {
            all.insert(name.to_owned(), place);
        }
        drop(all);
        self.changed.notify_all();
    }

    /// Nothing is expected any more.
    pub(super) fn end(&self) {
        for place in self.lock().values_mut().filter(|place| matches!(place, Place::Expected)) {
            *place = Place::Absent("the gateway has been stopped".into());
        }
        self.changed.notify_all();
    }

    /// The function that is served under this name now.
    pub(super) fn served(&self, name: &str) -> Option<Arc<Emulator>> {
        match self.lock().get(name) {
            Some(Place::Served(emulator)) => Some(Arc::clone(emulator)),
            _ => None,
        }
    }

    /// The function under this name, when there is one; or why there is none.
    pub(super) fn wait_for(&self, name: &str) -> Result<Arc<Emulator>, String> {
        let is_expected =
            |all: &mut BTreeMap<String, Place>| matches!(all.get(name), Some(Place::Expected));
        let waited = self.changed.wait_timeout_while(self.lock(), EXPECTATION, is_expected);
        match waited.unwrap_or_else(PoisonError::into_inner).0.get(name) {
            Some(Place::Served(emulator)) => Ok(Arc::clone(emulator)),
            Some(Place::Absent(reason)) => Err(reason.clone()),
            Some(Place::Expected) | None => {
                Err(format!("{name} has not been built within {} s", EXPECTATION.as_secs()))
            }
        }
    }

    /// The function whose settings are such, once none is expected any more that could be it.
    pub(super) fn find(&self, is_it: impl Fn(&Settings) -> bool) -> Option<Arc<Emulator>> {
        let find = |all: &BTreeMap<String, Place>| {
            all.values().find_map(|place| match place {
                Place::Served(emulator) if is_it(emulator.pool().settings()) => {
                    Some(Arc::clone(emulator))
                }
                _ => None,
            })
        };
        let may_come = |all: &mut BTreeMap<String, Place>| {
            find(all).is_none() && all.values().any(|place| matches!(place, Place::Expected))
        };
        let waited = self.changed.wait_timeout_while(self.lock(), EXPECTATION, may_come);
        find(&waited.unwrap_or_else(PoisonError::into_inner).0)
    }

    /// What a target is for. With one function, it is for that one.
    pub(super) fn route(&self, target: &str) -> Route {
        let all = self.lock();
        if let (1, Some(name)) = (all.len(), all.keys().next()) {
            return Route::Function { name: name.clone(), target: target.to_owned() };
        }
        let rest = target.strip_prefix('/').unwrap_or(target);
        let behind = |name: &str| {
            rest.strip_prefix(name)
                .filter(|behind| behind.is_empty() || behind.starts_with(['/', '?']))
        };
        // `orders/bootstrap` comes before `orders`.
        let found = all
            .keys()
            .filter_map(|name| Some((name, behind(name)?)))
            .max_by_key(|(name, _)| name.len());
        match found {
            Some((name, behind)) => {
                let slash = if behind.starts_with('/') { "" } else { "/" };
                Route::Function { name: name.clone(), target: format!("{slash}{behind}") }
            }
            None if rest.is_empty() || rest.starts_with('?') => Route::List,
            None => Route::Nowhere,
        }
    }

    /// All of them, for a caller who wants to know.
    pub(super) fn list(&self) -> Value {
        let of = |(name, place): (&String, &Place)| {
            let (state, reason) = match place {
                Place::Expected => ("building", None),
                Place::Absent(reason) => ("absent", Some(reason)),
                Place::Served(_) => ("served", None),
            };
            json!({"name": name, "path": format!("/{name}"), "state": state, "reason": reason})
        };
        json!({"functions": self.lock().iter().map(of).collect::<Vec<_>>()})
    }

    /// A sentence for a caller who has asked for another one.
    pub(super) fn names(&self) -> String {
        let names: Vec<_> = self.lock().keys().map(|name| format!("/{name}")).collect();
        format!("there are: {}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_that_a_path_begins_with_is_meant() {
        let places = Places::new(["a", "a/bootstrap", "ab"].map(str::to_owned).into_iter());
        let function =
            |name: &str, target: &str| Route::Function { name: name.into(), target: target.into() };
        for (target, route) in [
            ("/a", function("a", "/")),
            ("/a?x=1", function("a", "/?x=1")),
            ("/a/boot", function("a", "/boot")),
            ("/a/bootstrap", function("a/bootstrap", "/")),
            ("/a/bootstrap/7?x", function("a/bootstrap", "/7?x")),
            ("/ab/c", function("ab", "/c")),
            ("/abc", Route::Nowhere),
            ("/", Route::List),
            ("/?x", Route::List),
        ] {
            assert_eq!(places.route(target), route, "{target}");
        }
        let alone = Places::new(std::iter::once("a".to_owned()));
        assert_eq!(alone.route("/a/7"), function("a", "/a/7"));
    }
}
