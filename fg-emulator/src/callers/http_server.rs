//! An HTTP server for the side of the callers: a listening socket, and a thread for each
//! connection, of which there are only so many.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::http::cross_site::{Door, NotLetIn};
use crate::http::request_parser::{
    Extent, Limits, Malformed, OnHead, Request, Unread, let_go, peek_first_byte, read_request,
};
use crate::http::response::{Reply, header_of};
use crate::runtime_api::event::random_uuid;
use crate::settings::{SYNC_LIMIT, TOLERANCE};

/// How many connections there are at most, each with a thread. For one more the longest idle gives
/// way.
const MOST_CONNECTIONS: usize = 256;

/// How long a connection may wait for its next request.
const IDLE_TIME: Duration = Duration::from_secs(75);

/// How long a caller may take to read what has been written.
const WRITE_TIME: Duration = Duration::from_secs(60);

/// No request of the platform's can be larger.
const LIMITS: Limits = Limits {
    head: 64 << 10,
    body: SYNC_LIMIT + TOLERANCE,
    head_time: Some(Duration::from_secs(10)),
    body_time: Some(Duration::from_secs(60)),
};

/// What is still taken of a request that has been refused, so that its caller sees why, in bytes
/// and in time.
const AFTER_REFUSAL: (usize, Duration) = (16 << 20, Duration::from_secs(2));

/// How long to wait after a failed accept, such as for want of file descriptors.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(20);

/// What a server does with its requests.
pub(crate) trait Service: Send + Sync + 'static {
    /// The answer; none where it has been written to the socket, as the last one of the connection.
    fn answer(&self, request: &Request, socket: &TcpStream) -> io::Result<Option<Reply>>;

    /// The request with this head was refused, and its body not read.
    fn refused(&self, _head: &Request, _status: u16, _reason: &str) {}
}

/// A server that runs until it is stopped.
#[derive(Debug)]
pub(crate) struct HttpServer {
    address: SocketAddr,
    served: Arc<Served>,
    thread: JoinHandle<()>,
}

struct Served {
    service: Box<dyn Service>,
    door: Door,
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
    connections: HashMap<u64, Connection>,
}

#[derive(Debug)]
struct Connection {
    socket: Arc<TcpStream>,
    /// Since when it has been waited for something of its caller's; nothing while a request is
    /// answered.
    idle_since: Option<Instant>,
}

/// The platform's answer to a request that it does not take.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Reply {
    let body = json!({"error_code": code, "error_msg": message}).to_string().into_bytes();
    Reply { status, headers: vec![("Content-Type".into(), "application/json".into())], body }
}

/// Of a request that is none, or that is not let in.
fn early_refusal(status: u16, reason: &str) -> Reply {
    let code = match status {
        403 => "FSS.0403",
        408 => "FSS.0408",
        413 => "FSS.0413",
        501 => "FSS.0501",
        503 => "FSS.0503",
        _ => "FSS.0400",
    };
    refusal(status, code, reason)
}

impl HttpServer {
    /// Answers every request at this address, those of different connections at the same time.
    pub(crate) fn start(
        name: &'static str,
        address: impl ToSocketAddrs,
        service: impl Service,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let served = Arc::new(Served {
            service: Box::new(service),
            door: Door::new(address.ip()),
            open: Mutex::default(),
        });
        let accepting = Arc::clone(&served);
        let thread = thread::Builder::new()
            .name(name.into())
            .spawn(move || accepting.accept(name, &listener))?;
        Ok(Self { address, served, thread })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Who is let in.
    pub(crate) fn door(&self) -> &Door {
        &self.served.door
    }

    /// Closes all connections and frees the port.
    pub(crate) fn stop(self) {
        let mut open = self.served.open();
        open.stopped = true;
        for connection in open.connections.values() {
            // An error means that it is closed already.
            let _ = connection.socket.shutdown(Shutdown::Both);
        }
        drop(open);
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                Ipv6Addr::LOCALHOST.into()
            });
        }
        // An accept cannot be interrupted; a connection ends it.
        if TcpStream::connect(address).is_ok() {
            // A panic has been reported by the thread that had it.
            let _ = self.thread.join();
        }
    }
}

impl Open {
    /// Makes room for one more connection, if that is possible.
    fn make_room(&mut self) -> bool {
        if self.connections.len() < MOST_CONNECTIONS {
            return true;
        }
        let idle = self
            .connections
            .iter()
            .filter_map(|(number, connection)| Some((connection.idle_since?, *number)));
        let Some((_, longest)) = idle.min() else { return false };
        if let Some(connection) = self.connections.remove(&longest) {
            // Its thread notices, and ends.
            let _ = connection.socket.shutdown(Shutdown::Both);
        }
        true
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
            let Ok(socket) = accepted else {
                drop(open);
                thread::sleep(AFTER_FAILED_ACCEPT);
                continue;
            };
            if !open.make_room() {
                drop(open);
                turn_away(&socket);
                continue;
            }
            let socket = Arc::new(socket);
            open.accepted += 1;
            let number = open.accepted;
            open.connections.insert(
                number,
                Connection { socket: Arc::clone(&socket), idle_since: Some(Instant::now()) },
            );
            drop(open);
            let served = Arc::clone(self);
            let serving = thread::Builder::new().name(name.into()).spawn(move || {
                // An error means that the caller has gone.
                let _ = served.serve(number, &socket);
                served.open().connections.remove(&number);
            });
            if serving.is_err() {
                self.open().connections.remove(&number);
            }
        }
    }

    /// False where the connection has had to give way.
    fn mark(&self, number: u64, is_idle: bool) -> bool {
        let mut open = self.open();
        let Some(connection) = open.connections.get_mut(&number) else { return false };
        connection.idle_since = is_idle.then(Instant::now);
        true
    }

    /// Answers the requests of one connection, one after the other.
    fn serve(&self, number: u64, mut socket: &TcpStream) -> io::Result<()> {
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(IDLE_TIME))?;
        socket.set_write_timeout(Some(WRITE_TIME))?;
        // Since when it is idle is known from the accept.
        while peek_first_byte(socket).is_some() {
            let (_, request) =
                read_request(socket, Extent::Whole, LIMITS, |head| self.look_at(number, head));
            let request = match request {
                Ok(request) => in_origin_form(request),
                Err(unread) => {
                    let reply = match unread {
                        Unread::Incomplete => break,
                        Unread::TooSlow => early_refusal(
                            408,
                            "the request has not come within the time that it has",
                        ),
                        Unread::Malformed(Malformed { status, reason }) => {
                            early_refusal(status, &format!("not a request that is taken: {reason}"))
                        }
                        Unread::Refused(reply) => reply,
                    };
                    socket.write_all(&finished(reply, false).sized())?;
                    let (bytes, time) = AFTER_REFUSAL;
                    let_go(socket, bytes, time);
                    break;
                }
            };
            socket.set_read_timeout(None)?;
            if !self.mark(number, false) {
                break;
            }
            let Some(reply) = self.service.answer(&request, socket)? else { break };
            let reply = finished(reply, request.keep_alive);
            socket.write_all(&if request.method == "HEAD" {
                reply.without_body()
            } else {
                reply.sized()
            })?;
            socket.set_read_timeout(Some(IDLE_TIME))?;
            if !request.keep_alive || !self.mark(number, true) {
                break;
            }
        }
        socket.shutdown(Shutdown::Both)
    }

    fn look_at(&self, number: u64, head: &Request) -> OnHead {
        // A body that comes is no idleness.
        self.mark(number, true);
        match self.door.check(head) {
            Ok(()) => OnHead::Read,
            Err(NotLetIn { status, reason }) => {
                self.service.refused(head, status, &reason);
                OnHead::Refuse(early_refusal(status, &reason))
            }
        }
    }
}

/// With a path as its target: a client that takes this for a proxy writes all of the URL.
fn in_origin_form(mut request: Request) -> Request {
    if let (false, Some((_, rest))) =
        (request.target.starts_with('/'), request.target.split_once("://"))
    {
        let path = &rest[rest.find(['/', '?']).unwrap_or(rest.len())..];
        request.target = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    }
    request
}

/// With what every answer has.
fn finished(mut reply: Reply, keep_alive: bool) -> Reply {
    if !keep_alive {
        reply.default_header("Connection", "close");
    }
    if header_of(&reply.headers, "X-Request-Id").is_none() {
        let id =
            header_of(&reply.headers, "X-Cff-Request-Id").map_or_else(random_uuid, str::to_owned);
        reply.headers.push(("X-Request-Id".into(), id));
    }
    reply
}

/// All connections are busy.
fn turn_away(mut socket: &TcpStream) {
    let reason = format!("all {MOST_CONNECTIONS} connections are busy; try again later");
    let mut reply = finished(early_refusal(503, &reason), false);
    reply.default_header("Retry-After", "1");
    // A socket that is new takes as much as that at once, and nothing is waited for here.
    let is_written =
        socket.set_nonblocking(true).is_ok() && socket.write_all(&reply.sized()).is_ok();
    if is_written && socket.shutdown(Shutdown::Write).is_ok() {
        let _ = io::copy(&mut socket, &mut io::sink());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_longest_idle_gives_way_and_none_that_is_answered_does() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let socket = Arc::new(
            TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens"),
        );
        let mut open = Open::default();
        let begun = Instant::now();
        for number in 0..256 {
            assert!(open.make_room());
            open.connections
                .insert(number, Connection { socket: Arc::clone(&socket), idle_since: None });
        }
        assert!(!open.make_room(), "all are busy");
        for (number, seconds) in [(7, 2), (9, 1), (11, 3)] {
            let idle_since = Some(begun + Duration::from_secs(seconds));
            open.connections.insert(number, Connection { socket: Arc::clone(&socket), idle_since });
        }
        assert!(open.make_room() && !open.connections.contains_key(&9));
        assert_eq!(open.connections.len(), 255);
    }

    #[test]
    fn one_that_finds_no_room_is_told_so() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let mut client =
            TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
        let (socket, _) = listener.accept().expect("a connection");
        turn_away(&socket);
        drop(socket);
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer");
        assert!(
            answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n")
                && answer.contains("Retry-After: 1\r\n"),
            "{answer}"
        );
    }
}
