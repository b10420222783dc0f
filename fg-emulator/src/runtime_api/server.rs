//! The listening socket, and the thread that accepts connections.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::runtime_api::function_connection;
use crate::runtime_api::state::{Registered, Shared, State};

/// How long to wait after a failed accept, such as for want of file descriptors.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(20);

/// How long to wait for room before it is looked again who can go.
const WITHOUT_ROOM: Duration = Duration::from_millis(100);

/// A listening socket that accepts connections on a thread.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    thread: JoinHandle<()>,
}

impl Listener {
    pub(crate) fn start(shared: &Arc<Shared>, address: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let shared = Arc::clone(shared);
        let thread = thread::Builder::new()
            .name("runtime-api".into())
            .spawn(move || accept_connections(&shared, listener))?;
        Ok(Self { address, thread })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all threads and frees the port. The state has to be stopped before.
    pub(crate) fn join(self) {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                IpAddr::V4(Ipv4Addr::LOCALHOST)
            } else {
                IpAddr::V6(Ipv6Addr::LOCALHOST)
            });
        }
        // The standard library cannot interrupt an accept; a connection can. It is refused where
        // the thread has ended its accepts.
        match TcpStream::connect(address) {
            Err(error)
                if error.kind() != io::ErrorKind::ConnectionRefused
                    && !self.thread.is_finished() =>
            {
                // The thread sees that the state is stopped when its next accept returns.
            }
            // A panic has been reported by the thread that had it.
            _ => drop(self.thread.join()),
        }
    }
}

/// Gives a connection its number as soon as there is room for it: strangers do not stay for long.
/// Nothing where the API is stopped.
fn register(shared: &Shared, socket: &Arc<TcpStream>) -> Option<u64> {
    loop {
        match shared.update(|state| state.register(socket)) {
            Registered::Number(number) => return Some(number),
            Registered::Stopped => return None,
            Registered::Full => {
                let _ = shared.wait(WITHOUT_ROOM, |state| {
                    (state.is_stopped() || state.has_room()).then_some(())
                });
            }
        }
    }
}

fn accept_connections(shared: &Shared, listener: TcpListener) {
    thread::scope(move |scope| {
        loop {
            let accepted = listener.accept();
            if shared.read(State::is_stopped) {
                break;
            }
            let Ok((socket, _)) = accepted else {
                let _ = shared.wait(AFTER_FAILED_ACCEPT, |state| state.is_stopped().then_some(()));
                continue;
            };
            let socket = Arc::new(socket);
            let Some(number) = register(shared, &socket) else { break };
            scope.spawn(move || {
                function_connection::serve(shared, &socket, number);
                // Without the other owner, the socket closes here.
                shared.update(|state| state.forget(number));
                drop(socket);
            });
        }
        drop(listener);
    });
}
