//! A running server, and the settings it starts with.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fg_emulator::{CrossSiteGuard, Emulator};
use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};
use tokio::task::JoinSet;

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
use crate::project_timers::{self, Timer};
use crate::store::Store;
use crate::triggers;
use crate::urn::{FunctionName, Place};

/// The largest number of connections.
const MAX_CONNECTIONS: usize = 4096;

/// The largest number of threads that wait for functions: each running invocation has one.
const MAX_BLOCKING_THREADS: usize = 4096;

/// Why a server could not be started.
type StartError = Box<dyn std::error::Error + Send + Sync>;

/// FunctionGraph on this machine: the platform's API, and functions below paths.
///
/// Functions come in two ways: created over the API from a package, or served by this program with
/// [`serve`](Self::serve) while it builds them.
///
/// | request | how it is handled |
/// | --- | --- |
/// | `/v2/..`, `/v3/projects`, `/v3/auth/..` | the platform's API; what is not emulated has status 501 and a sentence |
/// | below the path of a trigger of API Gateway | an event of API Gateway; the function's response is turned into the HTTP response |
/// | `POST /` without a query | the body is the event for the function that is served; its response is the body of the HTTP response |
/// | anything else | an event of API Gateway for it. `POST /?` is the gateway's `POST /` |
///
/// With several functions that are served the first part of a path is the name of one, and the rest is
/// the path that the function sees: `POST /greet` is an event for `greet`, `GET /orders/7` a request
/// of API Gateway for `/7` of `orders`. A name may contain slashes. `GET /` lists the functions.
///
/// A function's own error has status 500 and the error as JSON. A response that API Gateway would not
/// understand has status 500, too.
///
/// Every web page can send requests to a local port. So a request is refused with status 403 unless
/// its `Host` is a loopback name or address, the address that the server listens at (any address, if
/// it listens at all), or a name that was [accepted](Self::accept_host). It is also refused if its
/// `Origin` or `Sec-Fetch-Site` says that a page of another site has sent it. A head may have 64 KB,
/// 256 headers and 10 s; the body of an event 6 MB, of other requests of the API 70 MB, and a minute;
/// and all bodies together have 512 MB. There are at most 4,096
/// [connections](Builder::max_connections); for a new one the connection that has been idle for
/// longest is closed.
///
/// It has a tokio runtime of its own. Dropping it stops the server and all functions that came as
/// packages.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use fg_emulator::Emulator;
/// use fg_local::Local;
///
/// let local = Local::builder()
///     .address("127.0.0.1:9000")
///     .function("greet")
///     .observer(|exchange| println!("{exchange}"))
///     .start_blocking()?;
/// local.serve("greet", Arc::new(Emulator::builder("target/debug/greet").name("greet").start()?))?;
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Debug)]
pub struct Local {
    listening: Option<Listening>,
    front: Arc<Front>,
    app: Arc<App>,
    /// What fires triggers, and follows the catalog.
    _tasks: JoinSet<()>,
    /// Is removed with everything in it.
    temporary_folder: Option<TemporaryFolder>,
    runtime: Option<Runtime>,
    address: SocketAddr,
}

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

impl Local {
    /// A server on a free port of loopback, which forgets everything when it is dropped.
    pub fn builder() -> Builder {
        Builder {
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

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts requests with this name as their `Host`, and requests of pages under this name: for a
    /// container that calls this machine by a name, or for a proxy.
    pub fn accept_host(&self, name: &str) {
        self.front.accept_host(name);
    }

    /// Serves this program as a function below `/name` from now on, and returns the one that was served
    /// before: it finishes the requests that it handles. Dropping it stops its processes, once no
    /// request uses it any more.
    ///
    /// The API knows the function by the name and the package of the emulator.
    ///
    /// # Errors
    ///
    /// If the function cannot be written to the data folder.
    pub fn serve(
        &self,
        name: &str,
        emulator: Arc<Emulator>,
    ) -> Result<Option<Arc<Emulator>>, StartError> {
        let function = FunctionName::new(emulator.package(), emulator.name());
        project_record::write(&self.app.catalog, &function, Some(&emulator))?;
        let project = self.app.invoker.project();
        let before = self.app.project_paths.set_name(name, function.clone());
        if let Some(before) = before.filter(|before| *before != function) {
            project.set_absent(&before, format!("it is now called {function}"));
        }
        Ok(project.serve(&function, emulator))
    }

    /// Sets the timers of the function that is served under this name, in place of those that were set
    /// before. The API knows them as triggers; triggers that it has made stay. Timers that are set
    /// here end with this server.
    ///
    /// # Errors
    ///
    /// If the function has not been served, a timer is not one that the API would accept, two have the
    /// same name, or they cannot be written to the data folder.
    pub fn set_timers(&self, name: &str, timers: &[Timer]) -> Result<(), StartError> {
        let function = self.app.project_paths.find(name);
        let function = function.ok_or_else(|| format!("there is no function {name}"))?;
        Ok(project_timers::set(&self.app.catalog, &function, timers)?)
    }

    /// The environment variables with which the platform's SDKs find this server: its address, for
    /// each service that it emulates, and any access key and secret key if signatures are not
    /// verified. Key pairs of [`Builder::key_pair`] are not among them, since they are secret.
    #[must_use]
    pub fn sdk_variables(&self) -> Vec<(String, String)> {
        let region = self.app.place.region.to_uppercase().replace('-', "_");
        // A server that listens on all addresses is called at one.
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        let url = format!("http://{address}");
        let mut variables = vec![
            (format!("HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_{region}"), url.clone()),
            (format!("HUAWEICLOUD_SDK_REGION_LTS_{region}"), url.clone()),
            ("HUAWEICLOUD_SDK_IAM_ENDPOINT".to_owned(), url),
        ];
        if self.app.signatures.are_none() {
            let any = |name: &str| (name.to_owned(), "local".to_owned());
            variables.extend([any("HUAWEICLOUD_SDK_AK"), any("HUAWEICLOUD_SDK_SK")]);
        }
        variables
    }

    /// Lets requests wait for the function of this name, unless it is served.
    pub fn set_expected(&self, name: &str) {
        self.app.invoker.project().set_expected(&self.app.project_paths.name(name));
    }

    /// Sets why there is no function of this name, unless it is served. Requests are answered with
    /// status 503 and this reason.
    pub fn set_absent(&self, name: &str, reason: impl Into<String>) {
        self.app.invoker.project().set_absent(&self.app.project_paths.name(name), reason.into());
    }

    /// The program that is served under this name now.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<Arc<Emulator>> {
        self.app.invoker.project().served(&self.app.project_paths.find(name)?)
    }

    /// Stops the processes of all functions. Invocations that run get an error.
    pub fn stop_functions(&self) {
        self.app.invoker.stop();
    }

    /// Accepts no more connections, and waits until the requests that are being handled have their
    /// responses, at most for this time. Then stops everything.
    pub async fn stop(mut self, limit: Duration) {
        if let (Some(listening), Some(runtime)) = (self.listening.take(), &self.runtime) {
            // An error is a panic, which has been reported.
            let _ = runtime.spawn(async move { listening.stop(limit).await }).await;
        }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        drop(self.listening.take());
        self.app.invoker.stop();
        if let Some(runtime) = self.runtime.take() {
            // What waits for a function ends with it. In an async context it must not be waited for.
            runtime.shutdown_background();
        }
        drop(self.temporary_folder.take());
    }
}

impl Builder {
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

    /// The folder that keeps functions and logs; by default a temporary one, which is removed in the
    /// end.
    pub fn data_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data_folder = Some(folder.into());
        self
    }

    /// Announces a function that will be [served](Local::serve) below `/name`. Until then, requests
    /// to it have status 503, unless it is [expected](Local::set_expected). Until then, the API knows
    /// it by this name, with `-` for each slash, in the package `default`.
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
            Some(listener) => {
                let listener = listener.try_clone()?;
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener)?
            }
            None => TcpListener::bind(&self.address).await?,
        };
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

/// A folder that is removed with everything in it.
#[derive(Debug)]
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn create() -> std::io::Result<Self> {
        let name = format!("fg-local-{}", fg_emulator::random_request_id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What is left does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
