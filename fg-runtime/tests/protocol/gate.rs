//! A point in a handler at which it waits until the test lets it go on.

use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::function::LIMIT;

/// The point, before the handler has reached it.
pub(crate) struct Gate {
    address: String,
    arrived: Receiver<TcpStream>,
}

/// A handler waits here; it goes on when this is dropped.
pub(crate) struct Waiting(#[allow(dead_code, reason = "it is there to be closed")] TcpStream);

impl Gate {
    pub(crate) fn new() -> Self {
        Self::for_many(1)
    }

    /// Several handlers wait here.
    pub(crate) fn for_many(count: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound").to_string();
        let (arrive, arrived) = channel();
        thread::spawn(move || {
            for _ in 0..count {
                // The test may have ended before.
                let _ = arrive.send(listener.accept().expect("the handler connects").0);
            }
        });
        Self { address, arrived }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Whether a handler is there already.
    #[cfg(feature = "server")]
    pub(crate) fn is_reached(&self) -> bool {
        self.arrived.try_recv().is_ok()
    }

    /// Waits until the handler is there.
    pub(crate) fn reached(&self) -> Waiting {
        Waiting(self.arrived.recv_timeout(LIMIT).expect("the handler comes this far"))
    }
}
