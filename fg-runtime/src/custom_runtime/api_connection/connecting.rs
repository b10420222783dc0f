//! Opens the connection to the Runtime API: the address is looked up, and each that is found is
//! tried.

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::task::{Poll, Waker};

use fg_core::__private::Mutex;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::custom_runtime::fault_policy::Fault;
use crate::invocation::blocking_answer::ApiAddress;
use crate::runtime_api::CONNECT_TIMEOUT;
use crate::system;

/// Opens a connection.
pub(super) async fn connect(api: &ApiAddress) -> Result<TcpStream, Fault> {
    let connecting = async {
        // A numeric address needs no lookup, and so no thread for it.
        let numeric = api.address.parse().ok();
        let found = if numeric.is_some() { Vec::new() } else { look_up(&api.address).await? };
        let mut fault = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in numeric.into_iter().chain(found) {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    api.set_last_address(address);
                    return Ok(stream);
                }
                Err(error) => fault = error,
            }
        }
        Err(fault)
    };
    match timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(connected) => connected.map_err(Fault::Connect),
        Err(_) => {
            Err(Fault::Connect(io::Error::new(io::ErrorKind::TimedOut, "no connection within 3 s")))
        }
    }
}

/// Resolves host and port.
async fn look_up(address: &str) -> io::Result<Vec<SocketAddr>> {
    let lookup = Arc::new(Mutex::new(Lookup::default()));
    let (of_thread, name) = (Arc::clone(&lookup), address.to_owned());
    let resolve_there = move || {
        let found = resolve(&name);
        let mut lookup = of_thread.lock();
        lookup.found = Some(found);
        if let Some(waker) = lookup.waker.take() {
            waker.wake();
        }
    };
    if system::spawn("fg-lookup", Box::new(resolve_there)).is_err() {
        // Resolves on this thread instead. Nothing else could run meanwhile anyway.
        return resolve(address);
    }
    poll_fn(|task| {
        let mut lookup = lookup.lock();
        lookup.waker = Some(task.waker().clone());
        lookup.found.take().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

fn resolve(address: &str) -> io::Result<Vec<SocketAddr>> {
    address.to_socket_addrs().map(Iterator::collect)
}

/// A lookup on a thread of its own. tokio's is five times as much code in the program.
#[derive(Default)]
struct Lookup {
    found: Option<io::Result<Vec<SocketAddr>>>,
    waker: Option<Waker>,
}
