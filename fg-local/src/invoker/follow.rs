//! Follows the catalog: instances of versions that are gone end, and reserved instances are
//! started.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::{Invoker, launch};
use crate::catalog::function::Function;
use crate::catalog::version::Version;

impl Invoker {
    /// Acts on every change of a function, until the task that runs this is dropped.
    pub(crate) async fn follow_catalog(self: Arc<Self>) {
        let mut changes = self.catalog.subscribe();
        loop {
            let invoker = Arc::clone(&self);
            // A panic has been reported by the thread itself.
            let _ = spawn_blocking(move || invoker.act_on_changes()).await;
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    fn act_on_changes(&self) {
        let functions = self.catalog.list();
        self.instances.retain(|name, version| {
            let function = functions.iter().find(|function| function.name == *name);
            function.is_some_and(|function| function.version(version).is_ok())
        });
        for function in &functions {
            for version in versions(function).filter(|version| !version.code.is_project) {
                if launch::reserved(function, version) > 0 {
                    if let Err(refusal) = self.instances.of(function, version) {
                        self.report(&format!(
                            "the reserved instances of {}:{} could not be started: {refusal}",
                            function.name, version.name
                        ));
                    }
                }
            }
        }
    }
}

/// `latest`, and all published versions.
fn versions(function: &Function) -> impl Iterator<Item = &Version> {
    std::iter::once(&function.latest).chain(&function.versions)
}
