//! A running server, and the settings it starts with.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::api::{self, log_settings::LogSwitches};
use crate::app::App;
use crate::catalog::Catalog;
use crate::invoker::{Invoker, Limits};
use crate::logs::{self, LogStore};
use crate::store::Store;
use crate::triggers;
use crate::urn::Place;

/// FunctionGraph on this machine. Dropping it stops the server and all functions.
#[derive(Debug)]
pub struct Local {
    address: SocketAddr,
    #[allow(dead_code)]
    app: Arc<App>,
    serving: tokio::task::JoinHandle<()>,
    /// What fires triggers. It ends with the server.
    _triggers: JoinSet<()>,
}

/// The settings of a server, made by [`Local::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    address: String,
    data_folder: Option<PathBuf>,
    region: String,
    project_id: String,
}

impl Local {
    /// A server on a free port of loopback, which forgets everything when it is dropped.
    pub fn builder() -> Builder {
        Builder {
            address: "127.0.0.1:0".into(),
            data_folder: None,
            region: "cn-north-4".into(),
            project_id: "0123456789abcdef0123456789abcdef".into(),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.serving.abort();
        self.app.invoker.stop();
    }
}

impl Builder {
    /// The address to listen on, such as `127.0.0.1:9000`; by default a free port of loopback.
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = address.into();
        self
    }

    /// The folder that keeps functions and logs.
    pub fn data_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data_folder = Some(folder.into());
        self
    }

    /// Starts the server on the tokio runtime that is running.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on, or the folder cannot be used.
    pub async fn start(self) -> Result<Local, Box<dyn std::error::Error + Send + Sync>> {
        let place = Place { region: self.region, project_id: self.project_id };
        let folder = self.data_folder.ok_or("a data folder is needed")?;
        let store = Arc::new(Store::open(&folder)?);
        let catalog = Arc::new(Catalog::open(Arc::clone(&store))?);
        let logs = Arc::new(LogStore::open(&folder.join("logs"), &catalog.list())?);
        let invoker = Arc::new(Invoker::new(
            place.clone(),
            &folder,
            Arc::clone(&store),
            Arc::clone(&catalog),
            Arc::clone(&logs),
            Limits::default(),
        ));
        invoker.resume(&store.unfinished());
        let app = Arc::new(App {
            place,
            domain_id: "local".into(),
            store,
            catalog,
            invoker,
            logs,
            log_switches: LogSwitches::default(),
        });
        let listener = TcpListener::bind(&self.address).await?;
        let address = listener.local_addr()?;
        let triggers = triggers::start(&app, folder.join("objects"));
        let router = api::router().merge(logs::router()).merge(triggers::router());
        let router = router.with_state(Arc::clone(&app));
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Local { address, app, serving, _triggers: triggers })
    }
}
