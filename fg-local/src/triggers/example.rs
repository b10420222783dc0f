//! A function, a catalog and a queue for tests.

use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Queue, Report, Reporter};
use crate::catalog::Catalog;
use crate::catalog::function::Function;
use crate::error::ApiError;
use crate::store::Store;
use crate::urn::FunctionName;

/// The function `default:greet` with this id and these triggers: type, id, and `event_data`.
pub(crate) fn function(id: &str, triggers: &[(&str, &str, Value)]) -> Function {
    let now = "2026-01-01T00:00:00Z";
    let triggers: Vec<_> = triggers
        .iter()
        .map(|(type_code, id, event_data)| {
            json!({
                "id": id, "qualifier": "latest", "type_code": type_code, "is_active": true,
                "event_data": event_data, "created": now, "last_updated": now,
            })
        })
        .collect();
    let function = json!({
        "id": id,
        "name": {"package": "default", "name": "greet"},
        "created": now,
        "latest": {"name": "latest", "config": {}, "code": {}, "last_modified": now},
        "triggers": triggers,
    });
    serde_json::from_value(function).expect("it is a function")
}

/// A catalog in a folder of its own.
pub(crate) struct Folder {
    pub(crate) catalog: Arc<Catalog>,
    _folder: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(Store::open(folder.path()).expect("it opens"));
        let catalog = Arc::new(Catalog::open(store).expect("it opens"));
        Self { catalog, _folder: folder }
    }
}

/// An invocation that was queued.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) function: FunctionName,
    pub(crate) qualifier: String,
    pub(crate) payload: Value,
}

/// A queue that sends invocations to a test.
#[derive(Clone)]
pub(crate) struct Recorder(UnboundedSender<Queued>);

impl Recorder {
    pub(crate) fn new() -> (Self, UnboundedReceiver<Queued>) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), receiver)
    }
}

impl Queue for Recorder {
    async fn queue(
        &self,
        function: &Arc<Function>,
        qualifier: String,
        payload: Vec<u8>,
        _: Vec<(String, String)>,
    ) -> Result<String, ApiError> {
        let function = function.name.clone();
        let payload = serde_json::from_slice(&payload).expect("it is JSON");
        let _ = self.0.send(Queued { function, qualifier, payload });
        Ok("r-1".into())
    }
}

/// A reporter that sends reports to a test.
pub(crate) fn reports() -> (Reporter, UnboundedReceiver<Report>) {
    let (sender, receiver) = unbounded_channel();
    let reporter = move |report| {
        let _ = sender.send(report);
    };
    (Arc::new(reporter), receiver)
}
