//! An HTTP server for the side of the callers: a listening socket, and a thread for each connection.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::json;

use crate::request::{Extent, Request, Unread, peek_first_byte, read_request};
use crate::response::Reply;

/// What answers a request; none where it has written the answer to the socket itself, as the last one of the connection.
type Answer = Box<dyn Fn(&Request, &TcpStream) -> io::Result<Option<Reply>> + Send + Sync>;

/// A server that runs until it is stopped.
#[derive(Debug)]
pub(crate) struct HttpServer {
    address: SocketAddr,
    served: Arc<Served>,
    thread: JoinHandle<()>,
}

struct Served {
    answer: Answer,
    open: Mutex<Open>,
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").field("open", &self.open).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Open {
    stopped: bool,
    accepted: u64,
    sockets: HashMap<u64, Arc<TcpStream>>,
}

/// The platform's answer to a request that it does not take.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Reply {
    let body = json!({"error_code": code, "error_msg": message}).to_string().into_bytes();
    Reply { status, headers: vec![("Content-Type".into(), "application/json".into())], body }
}

impl HttpServer {
    /// Answers every request at this address, those of different connections at the same time.
    pub(crate) fn start(
        name: &'static str,
        address: impl ToSocketAddrs,
        answer: impl Fn(&Request, &TcpStream) -> io::Result<Option<Reply>> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let served = Arc::new(Served { answer: Box::new(answer), open: Mutex::default() });
        let accepting = Arc::clone(&served);
        let thread = thread::Builder::new().name(name.into()).spawn(move || accepting.accept(name, &listener))?;
        Ok(Self { address, served, thread })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
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

    fn accept(self: &Arc<Self>, name: &str, listener: &TcpListener) {
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
            let serving = thread::Builder::new().name(name.into()).spawn(move || {
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
            let (reply, keep_alive, has_body) = match request {
                Ok(request) => ((self.answer)(&request, socket)?, request.keep_alive, request.method != "HEAD"),
                Err(Unread::Malformed(reason)) => {
                    (Some(refusal(400, "FSS.0400", &format!("not a request: {reason}"))), false, true)
                }
                Err(Unread::Incomplete) => break,
            };
            let Some(mut reply) = reply else { break };
            if !keep_alive {
                reply.default_header("Connection", "close");
            }
            socket.write_all(&if has_body { reply.sized() } else { reply.without_body() })?;
            if !keep_alive {
                break;
            }
        }
        socket.shutdown(Shutdown::Both)
    }
}
