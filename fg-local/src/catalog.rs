//! The functions that this server knows, as they are in the store.

pub(crate) mod alias;
pub(crate) mod config;
pub(crate) mod function;
pub(crate) mod id;
pub(crate) mod names;
mod publish;
pub(crate) mod trigger;
pub(crate) mod user_data;
pub(crate) mod version;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use crate::error::ApiError;
use crate::store::{Store, StoreError};
use crate::urn::{FunctionName, FunctionRef};

use function::Function;

/// How many functions a project has at most (FSS.1041).
pub(crate) const MAX_FUNCTIONS: usize = 400;

/// How many bytes all packages may have together (FSS.1042).
pub(crate) const MAX_CODE: u64 = 20 << 30;

/// All functions. A change is written to the store before it is seen here.
#[derive(Debug)]
pub(crate) struct Catalog {
    store: Arc<Store>,
    functions: RwLock<BTreeMap<FunctionName, Arc<Function>>>,
    /// One change at a time. Reading does not wait for it.
    changing: Mutex<()>,
    /// Counts the changes, for those that wait for one.
    changes: watch::Sender<u64>,
}

impl Catalog {
    pub(crate) fn open(store: Arc<Store>) -> Result<Self, StoreError> {
        let functions = store.functions()?.into_iter();
        let functions =
            functions.map(|function| (function.name.clone(), Arc::new(function))).collect();
        let (functions, changing) = (RwLock::new(functions), Mutex::new(()));
        Ok(Self { store, functions, changing, changes: watch::Sender::new(0) })
    }

    /// Tells when a function is created, changed or deleted.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// All functions by their names.
    pub(crate) fn list(&self) -> Vec<Arc<Function>> {
        self.functions.read().values().cloned().collect()
    }

    /// The function of this name.
    pub(crate) fn get(&self, name: &FunctionName) -> Result<Arc<Function>, ApiError> {
        self.functions.read().get(name).cloned().ok_or_else(|| not_found(&name.name))
    }

    /// The function that a URN names, whichever version it has.
    pub(crate) fn find(&self, named: &FunctionRef) -> Result<Arc<Function>, ApiError> {
        let functions = self.functions.read();
        let mut found = functions.values().filter(|function| named.is_for(&function.name));
        match (found.next(), found.next()) {
            (Some(function), None) => Ok(Arc::clone(function)),
            (None, _) => Err(not_found(&named.name)),
            (Some(first), Some(second)) => Err(ApiError::bad_request(
                "FSS.1309",
                format!(
                    "{} is the name of {} and of {}: name the package, too",
                    named.name, first.name, second.name
                ),
            )),
        }
    }

    /// Whether a function of this name can be created.
    pub(crate) fn check_new(&self, name: &FunctionName) -> Result<(), ApiError> {
        let functions = self.functions.read();
        if functions.contains_key(name) {
            return Err(ApiError::conflict(
                "FSS.1061",
                format!("The function has existed: {name}"),
            ));
        }
        if functions.len() >= MAX_FUNCTIONS {
            return Err(ApiError::forbidden(
                "FSS.1041",
                format!(
                    "The number of functions exceeds the maximum allowed limit ({MAX_FUNCTIONS})"
                ),
            ));
        }
        Ok(())
    }

    /// How many bytes all packages have together. One that several versions have counts once.
    pub(crate) fn code_size(&self) -> u64 {
        let functions = self.list();
        let versions = functions
            .iter()
            .flat_map(|function| std::iter::once(&function.latest).chain(&function.versions));
        let packages: BTreeMap<_, _> =
            versions.map(|version| (&version.code.digest, version.code.size)).collect();
        packages.values().sum()
    }

    /// Whether there is room for this many bytes of code.
    pub(crate) fn check_code_size(&self, more: u64) -> Result<(), ApiError> {
        if self.code_size() + more <= MAX_CODE {
            return Ok(());
        }
        Err(ApiError::forbidden(
            "FSS.1042",
            "The total code size of functions exceeds the maximum allowed limit (20 GB): delete \
             functions and versions that are not needed",
        ))
    }

    /// Adds a function.
    pub(crate) fn create(&self, function: Function) -> Result<Arc<Function>, ApiError> {
        let _changing = self.changing.lock();
        self.check_new(&function.name)?;
        self.write(function)
    }

    /// Changes a function, and returns what `change` returns. If that is an error, nothing changes.
    pub(crate) fn change<T>(
        &self,
        name: &FunctionName,
        change: impl FnOnce(&mut Function) -> Result<T, ApiError>,
    ) -> Result<(Arc<Function>, T), ApiError> {
        let _changing = self.changing.lock();
        let mut function = self.functions.read().get(name).map(|function| (**function).clone());
        let function = function.as_mut().ok_or_else(|| not_found(&name.name))?;
        let result = change(function)?;
        Ok((self.write(function.clone())?, result))
    }

    /// Removes a function with all its versions, aliases and triggers.
    pub(crate) fn delete(&self, name: &FunctionName) -> Result<(), ApiError> {
        let _changing = self.changing.lock();
        if !self.functions.read().contains_key(name) {
            return Err(not_found(&name.name));
        }
        self.store.delete_function(name)?;
        self.functions.write().remove(name);
        self.changes.send_modify(|changes| *changes += 1);
        Ok(())
    }

    fn write(&self, function: Function) -> Result<Arc<Function>, ApiError> {
        self.store.put_function(&function)?;
        let function = Arc::new(function);
        self.functions.write().insert(function.name.clone(), Arc::clone(&function));
        self.changes.send_modify(|changes| *changes += 1);
        Ok(function)
    }
}

fn not_found(name: &str) -> ApiError {
    ApiError::not_found("FSS.1051", format!("Not found the function: there is no function {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(folder: &std::path::Path) -> Catalog {
        let store = Store::open(folder).expect("a store");
        Catalog::open(Arc::new(store)).expect("a catalog")
    }

    fn named(name: &str) -> Function {
        Function { name: FunctionName::new("default", name), ..function::tests::function() }
    }

    #[test]
    fn a_project_has_at_most_400_functions() {
        let folder = tempfile::tempdir().expect("a folder");
        let catalog = catalog(folder.path());
        for number in 1..MAX_FUNCTIONS {
            let function = named(&format!("f{number}"));
            catalog.functions.write().insert(function.name.clone(), Arc::new(function));
        }
        catalog.create(named("last")).expect("there is room");
        let refused = catalog.create(named("more")).expect_err("there is no room");
        assert_eq!((refused.status.as_u16(), refused.code), (403, "FSS.1041"));
        let refused = catalog.create(named("last")).expect_err("it is there");
        assert_eq!((refused.status.as_u16(), refused.code), (409, "FSS.1061"));
    }

    #[test]
    fn the_code_of_all_functions_is_limited_and_counts_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let catalog = catalog(folder.path());
        let mut function = named("large");
        function.latest.code.size = MAX_CODE - 10;
        function.latest.code.digest = "digest".into();
        function.versions.push(function.latest.clone());
        catalog.functions.write().insert(function.name.clone(), Arc::new(function));
        assert_eq!(catalog.code_size(), MAX_CODE - 10);
        assert!(catalog.check_code_size(10).is_ok());
        assert_eq!(catalog.check_code_size(11).expect_err("there is no room").code, "FSS.1042");
    }

    #[test]
    fn a_change_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let catalog = catalog(folder.path());
        let name = catalog.create(named("greet")).expect("it is created").name.clone();
        let refused = catalog.change(&name, |function| {
            function.is_pinned = true;
            Err::<(), _>(ApiError::bad_request("FSS.0400", "no"))
        });
        assert!(refused.is_err());
        assert!(!catalog.get(&name).expect("it is there").is_pinned);
    }
}
