//! A listening socket, and the thread that accepts its connections.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The pause after a failed accept, such as when file descriptors have run out.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(20);

/// A listening socket whose connections are served until it is stopped.
#[derive(Debug)]
pub(crate) struct AcceptLoop {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// The connections of a listening socket, which closes when this is dropped.
#[derive(Debug)]
pub(crate) struct IncomingConnections {
    listener: TcpListener,
    stopped: Arc<AtomicBool>,
}

impl AcceptLoop {
    /// Runs `serve` on a thread of this name. It has to return soon after the last connection.
    pub(crate) fn start(
        name: &str,
        listener: TcpListener,
        serve: impl FnOnce(IncomingConnections) + Send + 'static,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let stopped = Arc::<AtomicBool>::default();
        let incoming = IncomingConnections { listener, stopped: Arc::clone(&stopped) };
        let thread = thread::Builder::new().name(name.into()).spawn(move || serve(incoming))?;
        Ok(Self { address, stopped, thread })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Frees the port and waits until `serve` has returned.
    pub(crate) fn stop(self) {
        self.stopped.store(true, Ordering::SeqCst);
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                Ipv6Addr::LOCALHOST.into()
            });
        }
        // The standard library cannot interrupt an accept, but a connection can. It is refused if
        // the thread has closed its socket already.
        match TcpStream::connect(address) {
            Err(error)
                if error.kind() != ErrorKind::ConnectionRefused && !self.thread.is_finished() =>
            {
                // Waiting could take forever; the thread ends when its next accept returns.
            }
            // A panic has been reported by the thread itself.
            _ => drop(self.thread.join()),
        }
    }
}

impl Iterator for IncomingConnections {
    type Item = TcpStream;

    /// Waits for the next connection; `None` once the loop has been stopped.
    fn next(&mut self) -> Option<TcpStream> {
        loop {
            let accepted = self.listener.accept();
            if self.stopped.load(Ordering::SeqCst) {
                return None;
            }
            match accepted {
                Ok((socket, _)) => return Some(socket),
                Err(_) => thread::sleep(PAUSE_AFTER_FAILURE),
            }
        }
    }
}
