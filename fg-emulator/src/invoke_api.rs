//! The platform's API for invocations on a port here, so that its official SDKs can call a function that runs here.

mod call;
mod streaming;

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use call::Taken;

use crate::asynchronous::AsyncQueue;
use crate::pool::Pool;
use crate::request::{Extent, Unread, peek_first_byte, read_request};
use crate::response::Reply;

/// A listening socket, and a thread for each connection.
#[derive(Debug)]
pub(crate) struct InvokeApi {
    address: SocketAddr,
    served: Arc<Served>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
struct Served {
    pool: Arc<Pool>,
    queue: Arc<AsyncQueue>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    stopped: bool,
    accepted: u64,
    sockets: HashMap<u64, Arc<TcpStream>>,
}

impl InvokeApi {
    pub(crate) fn start(pool: &Arc<Pool>, queue: &Arc<AsyncQueue>, address: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let served = Arc::new(Served { pool: Arc::clone(pool), queue: Arc::clone(queue), open: Mutex::default() });
        let accepting = Arc::clone(&served);
        let thread = thread::Builder::new().name("invoke-api".into()).spawn(move || accepting.accept(&listener))?;
        Ok(Self { address, served, thread })
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Closes all connections and frees the port.
    pub(crate) fn stop(self) {
        let mut open = self.served.open();
        open.stopped = true;
        for socket in open.sockets.values() {
            // An error means that it is closed already.
            let _ = socket.shutdown(Shutdown::Both);
        }
        drop(open);
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        // An accept cannot be interrupted; a connection ends it.
        if TcpStream::connect(address).is_ok() {
            // A panic has been reported by the thread that had it.
            let _ = self.thread.join();
        }
    }
}

impl Served {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for accepted in listener.incoming() {
            let mut open = self.open();
            if open.stopped {
                return;
            }
            let Ok(socket) = accepted else { continue };
            let socket = Arc::new(socket);
            open.accepted += 1;
            let number = open.accepted;
            open.sockets.insert(number, Arc::clone(&socket));
            drop(open);
            let served = Arc::clone(self);
            let serving = thread::Builder::new().name("invoke-api".into()).spawn(move || {
                // An error means that the caller has gone.
                let _ = served.serve(&socket);
                served.open().sockets.remove(&number);
            });
            if serving.is_err() {
                self.open().sockets.remove(&number);
            }
        }
    }

    /// Answers the requests of one connection, one after the other.
    fn serve(&self, mut socket: &TcpStream) -> io::Result<()> {
        socket.set_nodelay(true)?;
        while peek_first_byte(socket).is_some() {
            let (_, request) = read_request(socket, Extent::Whole);
            let (reply, keep_alive) = match request {
                Ok(request) => {
                    let reply = match call::take(&self.pool, &self.queue, &request) {
                        Taken::Answered(reply) => Some(reply),
                        Taken::Event(event) => streaming::invoke(&self.pool, event, &request, socket)?,
                    };
                    let Some(reply) = reply else { break };
                    (reply, request.keep_alive)
                }
                Err(Unread::Malformed(reason)) => (call::refusal(400, "FSS.0400", &format!("not a request: {reason}")), false),
                Err(Unread::Incomplete) => break,
            };
            socket.write_all(&closing(reply, keep_alive).sized())?;
            if !keep_alive {
                break;
            }
        }
        socket.shutdown(Shutdown::Both)
    }
}

fn closing(mut reply: Reply, keep_alive: bool) -> Reply {
    if !keep_alive {
        reply.default_header("Connection", "close");
    }
    reply
}
