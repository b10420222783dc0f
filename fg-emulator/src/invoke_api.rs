//! The platform's API for invocations on a port here, so that its official SDKs can call a function that runs here.

pub(crate) mod call;

use std::io;
use std::net::ToSocketAddrs;
use std::sync::Arc;

use crate::asynchronous::AsyncQueue;
use crate::http_server::HttpServer;
use crate::pool::Pool;

/// The API of one function.
pub(crate) fn start(pool: &Arc<Pool>, queue: &Arc<AsyncQueue>, address: impl ToSocketAddrs) -> io::Result<HttpServer> {
    let (pool, queue) = (Arc::clone(pool), Arc::clone(queue));
    HttpServer::start("invoke-api", address, move |request| call::answer(&pool, &queue, request))
}
