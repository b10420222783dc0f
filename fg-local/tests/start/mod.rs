//! Starts the server that the tests of the API drive: the one place that knows how.

use fg_local::Local;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The key pair that the server knows.
pub(crate) const ACCESS_KEY: &str = "localkey";
/// Its secret.
pub(crate) const SECRET_KEY: &str = "localsecret";
/// The region that the server takes itself for.
pub(crate) const REGION: &str = "cn-north-4";

/// A server on a free port of loopback, with an empty folder of its own. It ends when this is
/// dropped.
#[derive(Debug)]
pub(crate) struct Started {
    local: Option<Local>,
    runtime: Runtime,
    _folder: TempDir,
}

/// Starts a server.
pub(crate) fn start() -> Started {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = Runtime::new().expect("a runtime");
    let builder = Local::builder().address("127.0.0.1:0").data_folder(folder.path());
    let local = runtime.block_on(builder.start()).expect("the server starts");
    Started { local: Some(local), runtime, _folder: folder }
}

impl Started {
    /// Host and port.
    pub(crate) fn address(&self) -> String {
        self.local.as_ref().expect("it runs").address().to_string()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let local = self.local.take();
        self.runtime.block_on(async move { drop(local) });
    }
}
