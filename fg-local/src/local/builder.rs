//! The settings of a server, and its start.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use fg_emulator::CrossSiteGuard;
use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};

use super::temporary_folder::TemporaryFolder;
use super::{Local, StartError};
use crate::api::log_settings::LogSwitches;
use crate::app::App;
use crate::catalog::Catalog;
use crate::exchange::{Exchange, Observer};
use crate::front::signature::{KeyPair, Signatures};
use crate::front::{Front, Listening};
use crate::gateway::ProjectPaths;
use crate::invoker::{Invoker, Limits};
use crate::logs::LogStore;
use crate::project_record;
use crate::project_timers;
use crate::store::Store;
use crate::triggers;
use crate::urn::Place;

/// The largest number of connections.
const MAX_CONNECTIONS: usize = 4096;

/// The largest number of connections that wait to be accepted.
#[cfg(unix)]
const WAITING_CONNECTIONS: i32 = 4096;

/// The largest number of threads that wait for functions: each running invocation has one.
const MAX_BLOCKING_THREADS: usize = 4096;

/// The settings of a server, made by [`Local::builder`].
#[derive(Clone)]
#[must_use]
pub struct Builder {
    address: String,
    listener: Option<Arc<std::net::TcpListener>>,
    data_folder: Option<PathBuf>,
    region: String,
    project_id: String,
    functions: Vec<String>,
    key_pairs: Vec<KeyPair>,
    max_connections: usize,
    limits: Limits,
    observer: Observer,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, data_folder, region, project_id, functions, .. } = self;
        f.debug_struct("Builder")
            .field("address", address)
            .field("data_folder", data_folder)
            .field("region", region)
            .field("project_id", project_id)
            .field("functions", functions)
            .finish_non_exhaustive()
    }
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            address: "127.0.0.1:0".into(),
            listener: None,
            data_folder: None,
            region: "cn-north-4".into(),
            project_id: "0123456789abcdef0123456789abcdef".into(),
            functions: Vec::new(),
            key_pairs: Vec::new(),
            max_connections: MAX_CONNECTIONS,
            limits: Limits::default(),
            observer: Arc::new(|_| {}),
        }
    }

    /// The address to listen on, such as `127.0.0.1:9000`; by default a free port of loopback.
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = address.into();
        self
    }

    /// Listens with this socket, instead of on an address.
    pub fn listener(mut self, listener: std::net::TcpListener) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// The folder that keeps functions and logs; by default a temporary one, which is removed in
    /// the end.
    pub fn data_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data_folder = Some(folder.into());
        self
    }

    /// Announces a function that will be [served](Local::serve) below `/name`. Until then, requests
    /// to it have status 503, unless it is [expected](Local::set_expected). Until then, the API
    /// knows it by this name, with `-` for each slash, in the package `default`.
    pub fn function(mut self, name: impl Into<String>) -> Self {
        self.functions.push(name.into());
        self
    }

    /// Adds a key pair with which requests to the API may be signed. With at least one, requests
    /// without a valid signature are refused; without any, all are accepted.
    pub fn key_pair(
        mut self,
        access_key: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Self {
        let pair = KeyPair { access_key: access_key.into(), secret_key: secret_key.into() };
        self.key_pairs.push(pair);
        self
    }

    /// The largest number of connections; 4,096 by default.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections.max(1);
        self
    }

    /// The largest number of instances of each version of a function that came as a package; 4 by
    /// default. A function can ask for fewer.
    pub fn instances(mut self, instances: usize) -> Self {
        self.limits.instances = instances.max(1);
        self
    }

    /// Sets a function that is called with each line that functions which came as packages write,
    /// and with messages of this server, which have no other way to be seen. Its first argument is
    /// the name of the function, or `fg-local`.
    pub fn on_line(mut self, sink: impl Fn(&str, &str) + Send + Sync + 'static) -> Self {
        self.limits.line_sink = Some(Arc::new(sink));
        self
    }

    /// Sets a function that is called after every request, from any thread.
    pub fn observer(mut self, observer: impl Fn(&Exchange<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on, or the folder cannot be used.
    pub async fn start(self) -> Result<Local, StartError> {
        let runtime = new_runtime()?;
        let starting = runtime.spawn(self.start_server());
        let mut local = starting.await??;
        local.runtime = Some(runtime);
        Ok(local)
    }

    /// Starts the server from a thread without a tokio runtime.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on, or the folder cannot be used.
    pub fn start_blocking(self) -> Result<Local, StartError> {
        let runtime = new_runtime()?;
        let mut local = runtime.block_on(self.start_server())?;
        local.runtime = Some(runtime);
        Ok(local)
    }

    /// On the server's own runtime.
    async fn start_server(self) -> Result<Local, StartError> {
        // The port first: two servers of the same folder mostly have the same port, too.
        let listener = match &self.listener {
            Some(listener) => listener.try_clone()?,
            None => std::net::TcpListener::bind(&self.address)?,
        };
        // By default 128 connections can wait to be accepted. A client whose connection finds no
        // room tries again after a second.
        #[cfg(unix)]
        rustix::net::listen(&listener, WAITING_CONNECTIONS)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let place = Place { region: self.region, project_id: self.project_id };
        let temporary_folder = match &self.data_folder {
            Some(_) => None,
            None => Some(TemporaryFolder::create()?),
        };
        let given = self.data_folder.as_ref();
        let folder = given.or(temporary_folder.as_ref().map(|temporary| &temporary.0));
        let folder = folder.ok_or("there is no data folder")?;
        let store = Arc::new(Store::open(folder)?);
        let catalog = Arc::new(Catalog::open(Arc::clone(&store))?);
        project_timers::remove_all(&catalog)?;
        let logs = Arc::new(LogStore::open(&folder.join("logs"), &catalog.list())?);
        let invoker = Arc::new(Invoker::new(
            place.clone(),
            folder,
            Arc::clone(&store),
            Arc::clone(&catalog),
            Arc::clone(&logs),
            self.limits,
        ));
        let app = Arc::new(App {
            place,
            domain_id: "local".into(),
            store,
            catalog,
            invoker,
            logs,
            log_switches: LogSwitches::default(),
            project_paths: ProjectPaths::default(),
            signatures: Signatures::new(self.key_pairs),
        });
        for name in &self.functions {
            let function = app.project_paths.name(name);
            project_record::write(&app.catalog, &function, None)?;
            app.invoker.project().set_absent(&function, format!("{name} has not been built yet"));
        }
        for sentence in app.store.damaged() {
            app.invoker.report(sentence);
        }
        app.invoker.resume(&app.store.unfinished());
        let mut tasks = triggers::start(&app, folder.join("objects"));
        tasks.spawn(Arc::clone(&app.invoker).follow_catalog());
        let guard = CrossSiteGuard::new(address.ip());
        let front = Arc::new(Front::new(Arc::clone(&app), guard, self.observer));
        let listening = Listening::start(listener, self.max_connections, Arc::clone(&front));
        Ok(Local {
            listening: Some(listening),
            front,
            app,
            _tasks: tasks,
            temporary_folder,
            runtime: None,
            address,
        })
    }
}

fn new_runtime() -> std::io::Result<Runtime> {
    runtime::Builder::new_multi_thread()
        .thread_name("fg-local")
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .enable_all()
        .build()
}
