//! A running server.

mod builder;
mod temporary_folder;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use fg_emulator::Emulator;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::app::App;
use crate::front::{Front, Listening};
use crate::project_record;
use crate::project_timers::{self, Timer};
use crate::urn::FunctionName;

pub use builder::Builder;
use temporary_folder::TemporaryFolder;

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
/// With several functions that are served the first part of a path is the name of one, and the rest
/// is the path that the function sees: `POST /greet` is an event for `greet`, `GET /orders/7` a
/// request of API Gateway for `/7` of `orders`. A name may contain slashes. `GET /` lists the
/// functions.
///
/// A function's own error has status 500 and the error as JSON. A response that API Gateway would
/// not understand has status 500, too.
///
/// Every web page can send requests to a local port. So a request is refused with status 403 unless
/// its `Host` is a loopback name or address, the address that the server listens at (any address,
/// if it listens at all), or a name that was [accepted](Self::accept_host). It is also refused if
/// its `Origin` or `Sec-Fetch-Site` says that a page of another site has sent it. A head may have
/// 64 KB, 256 headers and 10 s; the body of an event 6 MB, of other requests of the API 70 MB, and
/// a minute; and all bodies together have 512 MB. There are at most 4,096
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

impl Local {
    /// A server on a free port of loopback, which forgets everything when it is dropped.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts requests with this name as their `Host`, and requests of pages under this name: for
    /// a container that calls this machine by a name, or for a proxy.
    pub fn accept_host(&self, name: &str) {
        self.front.accept_host(name);
    }

    /// Serves this program as a function below `/name` from now on, and returns the one that was
    /// served before: it finishes the requests that it handles. Dropping it stops its processes,
    /// once no request uses it any more.
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

    /// Sets the timers of the function that is served under this name, in place of those that were
    /// set before. The API knows them as triggers; triggers that it has made stay. Timers that are
    /// set here end with this server.
    ///
    /// # Errors
    ///
    /// If the function has not been served, a timer is not one that the API would accept, two have
    /// the same name, or they cannot be written to the data folder.
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
            // What waits for a function ends with it. In an async context it must not be waited
            // for.
            runtime.shutdown_background();
        }
        drop(self.temporary_folder.take());
    }
}
