//! A gate: a point in a handler at which it waits for the test.

use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::function::LIMIT;

/// A gate that the handler has not reached yet.
pub(crate) struct Gate {
    address: String,
    arrived: Receiver<TcpStream>,
}

/// A handler that waits at the gate. It continues when this is dropped.
pub(crate) struct Waiting(#[allow(dead_code, reason = "it is there to be closed")] TcpStream);

impl Gate {
    pub(crate) fn new() -> Self {
        Self::for_many(1)
    }

    /// Creates a gate for several handlers.
    pub(crate) fn for_many(count: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound").to_string();
        let (arrive, arrived) = channel();
        thread::spawn(move || {
            for _ in 0..count {
                // The test may already have ended.
                let _ = arrive.send(listener.accept().expect("the handler connects").0);
            }
        });
        Self { address, arrived }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Whether a handler has reached the gate.
    #[cfg(feature = "server")]
    pub(crate) fn is_reached(&self) -> bool {
        self.arrived.try_recv().is_ok()
    }

    /// Waits until the handler has reached the gate.
    pub(crate) fn reached(&self) -> Waiting {
        Waiting(self.arrived.recv_timeout(LIMIT).expect("the handler reaches the gate"))
    }
}
