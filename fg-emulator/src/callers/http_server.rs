//! The HTTP server for callers: a thread for each connection, and a limited number of connections.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::api_error::early_error_response;
use crate::http::accept_loop::{AcceptLoop, IncomingConnections};
use crate::http::cross_site::{CrossSiteGuard, Rejection};
use crate::http::limits::RequestLimits;
use crate::http::read_error::{InvalidRequest, ReadError};
use crate::http::reader::{BodyAction, ReadUntil, read_request};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::socket::{lingering_close, peek_first_byte};
use crate::request_id::random_request_id;
use crate::settings::limits::{SYNC_LIMIT, TOLERANCE};

/// The largest number of connections. For one more, the one that has been idle for longest is
/// closed.
const MAX_CONNECTIONS: usize = 256;

/// How long a connection may wait for its next request.
const IDLE_TIME: Duration = Duration::from_secs(75);

/// How long a caller may take to read what has been written.
const WRITE_TIME: Duration = Duration::from_secs(60);

/// The largest request of the platform is a synchronous invocation.
const LIMITS: RequestLimits = RequestLimits {
    head: 64 << 10,
    body: SYNC_LIMIT + TOLERANCE,
    head_time: Some(Duration::from_secs(10)),
    body_time: Some(Duration::from_secs(60)),
};

/// How much of a refused request is discarded after the response, in bytes, and for how long.
const MAX_DISCARDED: (usize, Duration) = (16 << 20, Duration::from_secs(2));

/// What a server does with its requests.
pub(super) trait Service: Send + Sync + 'static {
    /// The response; `None` if it has been written to the socket and was the last one of the
    /// connection.
    fn respond(&self, request: &Request, socket: &TcpStream) -> io::Result<Option<Response>>;

    /// Is called for a request that was refused by its head.
    fn on_refused(&self, _head: &Request, _status: u16, _reason: &str) {}
}

/// A server that runs until it is stopped.
#[derive(Debug)]
pub(super) struct HttpServer {
    accept_loop: AcceptLoop,
    state: Arc<ServerState>,
}

struct ServerState {
    service: Arc<dyn Service>,
    guard: CrossSiteGuard,
    connections: Mutex<Connections>,
}

impl fmt::Debug for ServerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerState")
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Connections {
    stopped: bool,
    accepted: u64,
    by_number: HashMap<u64, CallerConnection>,
}

#[derive(Debug)]
struct CallerConnection {
    socket: Arc<TcpStream>,
    /// Since when it waits for its caller; `None` while a request is handled.
    idle_since: Option<Instant>,
}

impl HttpServer {
    /// Serves requests at this address, those of different connections in parallel.
    pub(super) fn start(
        name: &'static str,
        address: impl ToSocketAddrs,
        service: Arc<dyn Service>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let state = Arc::new(ServerState {
            service,
            guard: CrossSiteGuard::new(listener.local_addr()?.ip()),
            connections: Mutex::default(),
        });
        let accepting = Arc::clone(&state);
        let accept_loop = AcceptLoop::start(name, listener, move |connections| {
            accepting.accept(name, connections);
        })?;
        Ok(Self { accept_loop, state })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.accept_loop.address()
    }

    /// Adds a name with which callers may address the server.
    pub(super) fn accept_host(&self, name: &str) {
        self.state.guard.add_name(name);
    }

    /// Closes all connections and frees the port.
    pub(super) fn stop(self) {
        let mut connections = self.state.connections.lock();
        connections.stopped = true;
        for connection in connections.by_number.values() {
            // An error means that it is closed already.
            let _ = connection.socket.shutdown(Shutdown::Both);
        }
        drop(connections);
        self.accept_loop.stop();
    }
}

impl Connections {
    /// Makes room for one more connection, if possible.
    fn make_room(&mut self) -> bool {
        if self.by_number.len() < MAX_CONNECTIONS {
            return true;
        }
        let idle = self
            .by_number
            .iter()
            .filter_map(|(number, connection)| Some((connection.idle_since?, *number)));
        let Some((_, longest)) = idle.min() else { return false };
        if let Some(connection) = self.by_number.remove(&longest) {
            // Its thread notices, and ends.
            let _ = connection.socket.shutdown(Shutdown::Both);
        }
        true
    }
}

impl ServerState {
    fn accept(self: &Arc<Self>, name: &str, incoming: IncomingConnections) {
        for socket in incoming {
            let mut connections = self.connections.lock();
            if connections.stopped {
                return;
            }
            if !connections.make_room() {
                drop(connections);
                reject_busy(&socket);
                continue;
            }
            let socket = Arc::new(socket);
            connections.accepted += 1;
            let number = connections.accepted;
            let connection =
                CallerConnection { socket: Arc::clone(&socket), idle_since: Some(Instant::now()) };
            connections.by_number.insert(number, connection);
            drop(connections);
            let state = Arc::clone(self);
            let serving = thread::Builder::new().name(name.into()).spawn(move || {
                // An error means that the caller has gone.
                let _ = state.serve(number, &socket);
                state.connections.lock().by_number.remove(&number);
            });
            if serving.is_err() {
                self.connections.lock().by_number.remove(&number);
            }
        }
    }

    /// Records whether a connection is idle; `false` if it was closed to make room.
    fn mark(&self, number: u64, is_idle: bool) -> bool {
        let mut connections = self.connections.lock();
        let Some(connection) = connections.by_number.get_mut(&number) else { return false };
        connection.idle_since = is_idle.then(Instant::now);
        true
    }

    /// Serves the requests of one connection, one after the other.
    fn serve(&self, number: u64, mut socket: &TcpStream) -> io::Result<()> {
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(IDLE_TIME))?;
        socket.set_write_timeout(Some(WRITE_TIME))?;
        while peek_first_byte(socket).is_some() {
            let (_, request) =
                read_request(socket, ReadUntil::End, LIMITS, |head| self.check_head(number, head));
            let request = match request {
                Ok(request) => in_origin_form(request),
                Err(error) => {
                    let response = match error {
                        ReadError::Incomplete => break,
                        ReadError::TooSlow => {
                            early_error_response(408, "the request did not arrive in time")
                        }
                        ReadError::InvalidRequest(InvalidRequest { status, reason }) => {
                            early_error_response(status, &format!("invalid request: {reason}"))
                        }
                        ReadError::Refused(response) => response,
                    };
                    socket.write_all(&with_common_headers(response, false).sized())?;
                    let (max_bytes, max_time) = MAX_DISCARDED;
                    lingering_close(socket, max_bytes, max_time);
                    break;
                }
            };
            socket.set_read_timeout(None)?;
            if !self.mark(number, false) {
                break;
            }
            let Some(response) = self.service.respond(&request, socket)? else { break };
            let response = with_common_headers(response, request.keep_alive);
            let is_head = request.method == "HEAD";
            socket.write_all(&if is_head { response.without_body() } else { response.sized() })?;
            socket.set_read_timeout(Some(IDLE_TIME))?;
            if !request.keep_alive || !self.mark(number, true) {
                break;
            }
        }
        socket.shutdown(Shutdown::Both)
    }

    fn check_head(&self, number: u64, head: &Request) -> BodyAction {
        // The connection becomes idle anew, so that one whose body arrives is not closed first.
        self.mark(number, true);
        match self.guard.check(head) {
            Ok(()) => BodyAction::Read,
            Err(Rejection { status, reason }) => {
                self.service.on_refused(head, status, &reason);
                BodyAction::Refuse(early_error_response(status, &reason))
            }
        }
    }
}

/// Replaces an absolute target, as a client sends it to a proxy, by its path and query.
fn in_origin_form(mut request: Request) -> Request {
    if let (false, Some((_, rest))) =
        (request.target.starts_with('/'), request.target.split_once("://"))
    {
        let path = &rest[rest.find(['/', '?']).unwrap_or(rest.len())..];
        request.target = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    }
    request
}

/// Adds the headers that every response has.
fn with_common_headers(response: Response, keep_alive: bool) -> Response {
    let mut response = response.closing_unless(keep_alive);
    if response.header("X-Request-Id").is_none() {
        let id = response.header("X-Cff-Request-Id").map_or_else(random_request_id, str::to_owned);
        response.default_header("X-Request-Id", &id);
    }
    response
}

/// Responds to a connection for which there is no room.
fn reject_busy(mut socket: &TcpStream) {
    let reason = format!("all {MAX_CONNECTIONS} connections are busy; try again later");
    let mut response = with_common_headers(early_error_response(503, &reason), false);
    response.default_header("Retry-After", "1");
    // A new socket has room for the response, so nothing blocks the accept loop.
    let is_written =
        socket.set_nonblocking(true).is_ok() && socket.write_all(&response.sized()).is_ok();
    if is_written && socket.shutdown(Shutdown::Write).is_ok() {
        let _ = io::copy(&mut socket, &mut io::sink());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_longest_idle_gives_way_and_none_that_is_answered_does() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let socket = Arc::new(
            TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens"),
        );
        let mut connections = Connections::default();
        let begun = Instant::now();
        for number in 0..256 {
            assert!(connections.make_room());
            connections
                .by_number
                .insert(number, CallerConnection { socket: Arc::clone(&socket), idle_since: None });
        }
        assert!(!connections.make_room(), "all are busy");
        for (number, seconds) in [(7, 2), (9, 1), (11, 3)] {
            let idle_since = Some(begun + Duration::from_secs(seconds));
            connections
                .by_number
                .insert(number, CallerConnection { socket: Arc::clone(&socket), idle_since });
        }
        assert!(connections.make_room() && !connections.by_number.contains_key(&9));
        assert_eq!(connections.by_number.len(), 255);
    }

    #[test]
    fn one_that_finds_no_room_is_told_so() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let mut client =
            TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
        let (socket, _) = listener.accept().expect("a connection");
        reject_busy(&socket);
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
