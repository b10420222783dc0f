//! The server of the Runtime API: gives each accepted connection its number and its thread.

use std::io;
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::function_connection;
use super::state::{Registration, Shared, State};
use crate::http::accept_loop::{AcceptLoop, IncomingConnections};

/// How long to wait for room before connections are looked for that can be closed.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Serves connections at this address. The state has to be stopped before the loop is.
pub(super) fn start(shared: &Arc<Shared>, address: impl ToSocketAddrs) -> io::Result<AcceptLoop> {
    let listener = TcpListener::bind(address)?;
    let shared = Arc::clone(shared);
    AcceptLoop::start("runtime-api", listener, move |connections| serve(&shared, connections))
}

/// Returns when the threads of all connections have ended.
fn serve(shared: &Shared, connections: IncomingConnections) {
    thread::scope(|scope| {
        for socket in connections {
            let socket = Arc::new(socket);
            let Some(number) = register(shared, &socket) else { break };
            scope.spawn(move || {
                function_connection::serve(shared, &socket, number);
                // The state holds the socket too; with both gone it is closed.
                shared.update(|state| state.forget(number));
                drop(socket);
            });
        }
    });
}

/// Waits until there is room for the connection, which is soon: those of other processes do not
/// stay for long. `None` if the API is stopped.
fn register(shared: &Shared, socket: &Arc<TcpStream>) -> Option<u64> {
    loop {
        match shared.update(|state| state.register(socket)) {
            Registration::Accepted(number) => return Some(number),
            Registration::Stopped => return None,
            Registration::Full => {
                let _ = shared.wait(RETRY_INTERVAL, |state: &mut State| {
                    (state.is_stopped() || state.has_room()).then_some(())
                });
            }
        }
    }
}
