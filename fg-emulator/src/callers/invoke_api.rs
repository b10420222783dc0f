//! The platform's API for invocations on a port here, so that its official SDKs can call a function
//! that runs here.

pub(crate) mod call;
mod streaming;

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;

use call::Taken;

use crate::callers::http_server::{HttpServer, Service};
use crate::emulator::async_queue::AsyncQueue;
use crate::http::request_parser::Request;
use crate::http::response::Reply;
use crate::instances::pool::Pool;
use crate::printable::excerpt;

/// The API of one function.
struct Api {
    pool: Arc<Pool>,
    queue: Arc<AsyncQueue>,
}

impl Service for Api {
    fn answer(&self, request: &Request, socket: &TcpStream) -> io::Result<Option<Reply>> {
        answer(&self.pool, &self.queue, request, socket)
    }

    fn refused(&self, head: &Request, status: u16, reason: &str) {
        if let Some(log) = &self.pool.settings().log {
            log(&format!("{} {} -> {status}: {reason}", head.method, excerpt(&head.target, 200)));
        }
    }
}

/// Serves the API of one function.
pub(crate) fn start(
    pool: &Arc<Pool>,
    queue: &Arc<AsyncQueue>,
    address: impl ToSocketAddrs,
) -> io::Result<HttpServer> {
    HttpServer::start(
        "invoke-api",
        address,
        Api { pool: Arc::clone(pool), queue: Arc::clone(queue) },
    )
}

/// The answer to a request; none where it was a streamed reply, which has been written to the
/// socket and ends the connection.
pub(crate) fn answer(
    pool: &Pool,
    queue: &Arc<AsyncQueue>,
    request: &Request,
    socket: &TcpStream,
) -> io::Result<Option<Reply>> {
    match call::take(pool, queue, request) {
        Taken::Answered(reply) => Ok(Some(reply)),
        Taken::Event(event) => streaming::invoke(pool, event, request, socket),
    }
}
