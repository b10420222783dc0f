//! The ports on which HTTP functions listen: one of its own for each instance, and the platform's.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::ops::Range;
use std::time::Duration;

use parking_lot::Mutex;

/// The port to which the platform connects (its manual, "creating an HTTP function").
pub(super) const PLATFORM_PORT: u16 = 8000;

/// The ports of instances. Systems give higher ones to programs that ask for any port, and to
/// connections; such a port could be taken before the function listens on it.
const RANGE: Range<u16> = 10_240..20_000;

/// How often another port is tried.
const ATTEMPTS: usize = 100;

/// How long a connection may take. On loopback it takes no time, unless the program accepts none.
const CONNECT_TIME: Duration = Duration::from_millis(100);

/// The ports that were given to instances. Until a function listens, its port seems to be free.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port that no other instance of this program gets. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct OwnPort(u16);

impl OwnPort {
    /// A free port.
    pub(super) fn take() -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            // New random keys make the hash of nothing a random number.
            let random = RandomState::new().build_hasher().finish();
            let offset = random % u64::from(RANGE.end - RANGE.start);
            let port = RANGE.start + u16::try_from(offset).unwrap_or_default();
            if is_free(port) && GIVEN.lock().insert(port) {
                return Ok(Self(port));
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, "there is no free port"))
    }

    pub(super) fn number(&self) -> u16 {
        self.0
    }
}

impl Drop for OwnPort {
    fn drop(&mut self) {
        GIVEN.lock().remove(&self.0);
    }
}

/// Whether no program listens on this port of loopback. It is not bound to find out: a function may
/// be about to do so, and a process that is being started has a copy of the socket until it runs
/// its program.
pub(super) fn is_free(port: u16) -> bool {
    connect(port).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// Connects to a port of loopback.
pub(super) fn connect(port: u16) -> io::Result<TcpStream> {
    let socket = TcpStream::connect_timeout(&loopback(port), CONNECT_TIME)?;
    // If no program listens, the system may choose the port for this end, too, and TCP connects a
    // socket with itself.
    if socket.local_addr()?.port() == port {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(socket)
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn ports_that_are_given_differ_and_a_port_with_a_listener_is_not_free() {
        let ports: Vec<_> = (0..20).map(|_| OwnPort::take().expect("a free port")).collect();
        let numbers: BTreeSet<_> = ports.iter().map(OwnPort::number).collect();
        assert_eq!(numbers.len(), ports.len());
        let listener = TcpListener::bind(loopback(0)).expect("a free port");
        assert!(!is_free(listener.local_addr().expect("it is bound").port()));
    }
}
