//! The platform's API for invocations, so that its official SDKs can call a function that runs here.

pub(super) mod call;
mod streaming;
pub(super) mod urn;

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;

use super::http_server::{HttpServer, Service};
use crate::emulator::Emulator;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::printable::excerpt;

/// The platform's API for the invocations of one function, on a port of its own. Dropping it frees
/// the port.
///
/// It refuses requests as a [`LocalGateway`](crate::LocalGateway) does: their `Host` has to be this
/// service, and pages of other sites are refused.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use fg_emulator::{Emulator, InvokeApi};
///
/// let emulator = Arc::new(Emulator::builder("target/debug/greet").start()?);
/// let api = InvokeApi::start("127.0.0.1:0", Arc::clone(&emulator))?;
/// println!("http://{}/v2/PROJECT/fgs/functions/{}/invocations", api.address(), emulator.urn());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct InvokeApi {
    server: Option<HttpServer>,
}

impl InvokeApi {
    /// Listens at this address for calls of the function.
    ///
    /// # Errors
    ///
    /// If the port cannot be opened.
    pub fn start(address: impl ToSocketAddrs, emulator: Arc<Emulator>) -> io::Result<Self> {
        let server = HttpServer::start("invoke-api", address, Arc::new(FunctionApi(emulator)))?;
        Ok(Self { server: Some(server) })
    }

    /// Host and port.
    #[must_use]
    pub fn address(&self) -> String {
        self.server.as_ref().map(|server| server.address().to_string()).unwrap_or_default()
    }
}

impl Drop for InvokeApi {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
    }
}

struct FunctionApi(Arc<Emulator>);

impl Service for FunctionApi {
    fn respond(&self, request: &Request, socket: &TcpStream) -> io::Result<Option<Response>> {
        respond(&self.0, request, socket)
    }

    fn on_refused(&self, head: &Request, status: u16, reason: &str) {
        if let Some(sink) = &self.0.pool().settings().line_sink {
            sink(&format!("{} {} -> {status}: {reason}", head.method, excerpt(&head.target, 200)));
        }
    }
}

/// The response to a request; `None` if it was streamed: then it has been written to the socket, and
/// ends the connection.
pub(super) fn respond(
    emulator: &Emulator,
    request: &Request,
    socket: &TcpStream,
) -> io::Result<Option<Response>> {
    match call::accept(emulator, request) {
        Ok(event) => streaming::invoke(emulator.pool(), event, request, socket),
        Err(response) => Ok(Some(response)),
    }
}
