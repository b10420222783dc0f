//! One port in front of one or several functions, for browsers, curl and SDKs: API Gateway, plain
//! events, and the invoke API.

mod apig_event;
mod apig_response;
mod exchange;
mod function_table;
mod invocation;

use std::fmt;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;

use super::api_error::error_response;
use super::http_server::{HttpServer, Service};
use super::invoke_api::{self, call, urn};
use crate::emulator::Emulator;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::printable::excerpt;

pub use exchange::Exchange;
use exchange::Handled;
use function_table::{FunctionTable, Route};

/// Serves functions under their names on one port. A function can be replaced while it is served:
/// the old one finishes the requests that it handles.
///
/// | request | how it is handled |
/// | --- | --- |
/// | `POST /` without a query | the body is the event; the function's response is the body of the HTTP response |
/// | `/v2/{project}/fgs/functions/{urn}/invocations`, `../invocations-async` | the platform's invoke API, for its SDKs |
/// | anything else below `/v2/{project}/fgs/` | the platform's API, too, but not emulated: status 501 |
/// | anything else | an event of API Gateway; the function's response is turned into the HTTP response. `POST /?` is the gateway's `POST /` |
///
/// With several functions the first part of a path is the name of one, and the rest is the path that
/// the function sees: `POST /greet` is an event for `greet`, `GET /orders/7` a request of API
/// Gateway for `/7` of `orders`. The invoke API has the name in the URN. A name may contain slashes.
/// `GET /` lists the functions.
///
/// A function's own error has status 500 and the error as JSON. A response that API Gateway would not
/// understand has status 500, too.
///
/// Every web page can send requests to a local port. So a request is refused with status 403 unless
/// its `Host` is a loopback name or address, the address that the gateway listens at (any address,
/// if it listens at all), or a name that was [accepted](Self::accept_host). It is also refused if
/// its `Origin` or `Sec-Fetch-Site` says that a page of another site has sent it. A head may have
/// 64 KB and take 10 s, a body 6 MB and a minute. There are at most 256 connections; for a new one
/// the connection that has been idle for longest is closed.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use fg_emulator::{Emulator, LocalGateway};
///
/// let gateway = LocalGateway::start("127.0.0.1:9000", ["greet"], |exchange| println!("{exchange}"))?;
/// gateway.serve(Arc::new(Emulator::builder("target/debug/greet").start()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LocalGateway {
    service: Arc<GatewayService>,
    server: Option<HttpServer>,
}

impl LocalGateway {
    /// Listens at this address for requests to the functions of these names. A function that is not
    /// [served](Self::serve) yet is answered for with status 503, unless it is
    /// [expected](Self::set_expected). `observer` is called after every request.
    ///
    /// # Errors
    ///
    /// If the port cannot be opened.
    pub fn start(
        address: impl ToSocketAddrs,
        functions: impl IntoIterator<Item = impl Into<String>>,
        observer: impl Fn(&Exchange<'_>) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let functions = FunctionTable::new(functions.into_iter().map(Into::into));
        let service = Arc::new(GatewayService { functions, observer: Box::new(observer) });
        let server = HttpServer::start("gateway", address, service.clone())?;
        Ok(Self { service, server: Some(server) })
    }

    /// Host and port.
    #[must_use]
    pub fn address(&self) -> String {
        self.server.as_ref().map(|server| server.address().to_string()).unwrap_or_default()
    }

    /// Accepts requests with this name as their `Host`, and requests of pages under this name: for a
    /// container that calls this machine by a name, or for a proxy.
    pub fn accept_host(&self, name: &str) {
        if let Some(server) = &self.server {
            server.accept_host(name);
        }
    }

    /// Serves this function under its name from now on, and returns the one that was served before.
    /// Dropping that one stops its processes, once no request uses it any more.
    #[allow(clippy::must_use_candidate, reason = "it is called for its effect")]
    pub fn serve(&self, emulator: Arc<Emulator>) -> Option<Arc<Emulator>> {
        let name = emulator.name().to_owned();
        self.serve_as(&name, emulator)
    }

    /// [Serves](Self::serve) a function under another name than its own, such as
    /// `orders/bootstrap`.
    #[allow(clippy::must_use_candidate, reason = "it is called for its effect")]
    pub fn serve_as(&self, name: &str, emulator: Arc<Emulator>) -> Option<Arc<Emulator>> {
        self.service.functions.serve(name, emulator)
    }

    /// Lets requests wait for the function of this name, unless it is served.
    pub fn set_expected(&self, name: &str) {
        self.service.functions.set_expected(name);
    }

    /// Sets why there is no function of this name, unless it is served. Requests are answered with
    /// status 503 and this reason.
    pub fn set_absent(&self, name: &str, reason: impl Into<String>) {
        self.service.functions.set_absent(name, reason.into());
    }

    /// The function that is served under this name now.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<Arc<Emulator>> {
        self.service.functions.served(name)
    }
}

impl Drop for LocalGateway {
    fn drop(&mut self) {
        self.service.functions.stop();
        if let Some(server) = self.server.take() {
            server.stop();
        }
    }
}

/// Is called after every request.
type Observer = Box<dyn Fn(&Exchange<'_>) + Send + Sync>;

struct GatewayService {
    functions: FunctionTable,
    observer: Observer,
}

impl fmt::Debug for GatewayService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayService").field("functions", &self.functions).finish_non_exhaustive()
    }
}

impl Service for GatewayService {
    fn respond(&self, request: &Request, socket: &TcpStream) -> io::Result<Option<Response>> {
        let path = request.path();
        let (name, handled) = if urn::is_platform_path(path) {
            (String::new(), self.handle_platform_path(request, path, socket)?)
        } else {
            self.handle_function_path(request)
        };
        (self.observer)(&handled.exchange(&name, request));
        Ok(handled.response)
    }

    fn on_refused(&self, head: &Request, status: u16, reason: &str) {
        (self.observer)(&Exchange {
            function: "",
            method: &head.method,
            target: &head.target,
            status,
            execution: None,
            reason: Some(reason),
            advice: None,
        });
    }
}

impl GatewayService {
    fn handle_function_path(&self, request: &Request) -> (String, Handled) {
        match self.functions.route(&request.target) {
            Route::Function { name, target } => match self.functions.wait_for(&name) {
                Ok(emulator) => (name, invocation::handle(&emulator, request, &target)),
                Err(reason) => {
                    let response = error_response(503, "FSS.0503", &reason);
                    (name, Handled::refused(response, reason))
                }
            },
            Route::List if matches!(request.method.as_str(), "GET" | "HEAD") => {
                let list = Response::json(200, format!("{:#}\n", self.functions.list()));
                (String::new(), Handled::responded(list))
            }
            Route::List | Route::NotFound => {
                let paths = self.functions.paths();
                let reason = format!("the first part of the path names a function; {paths}");
                let response = error_response(404, "FSS.0404", &reason);
                (String::new(), Handled::refused(response, reason))
            }
        }
    }

    fn handle_platform_path(
        &self,
        request: &Request,
        path: &str,
        socket: &TcpStream,
    ) -> io::Result<Handled> {
        let Some(urn) = urn::invoked_urn(path) else {
            let response = call::not_emulated(&request.method, &excerpt(path, 200));
            return Ok(Handled::refused(response, "it is not emulated"));
        };
        match self.functions.find(|settings| urn::names_function(&urn, settings)) {
            Some(emulator) => Ok(Handled {
                response: invoke_api::respond(&emulator, request, socket)?,
                execution: None,
                reason: None,
                advice: None,
            }),
            None => {
                let (urn, paths) = (excerpt(&urn, 200), self.functions.paths());
                let reason = format!("there is no function {urn} here; {paths}");
                let response = error_response(404, "FSS.1051", &reason);
                Ok(Handled::refused(response, reason))
            }
        }
    }
}
