//! The error report for the cases in which the loop itself can no longer speak: a process that
//! aborts, a handler that never yields.
//!
//! Everything here is synchronous, uses a connection of its own, and waits a fifth of a second for
//! each step at the most.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fg_core::Failure;

use crate::log::runtime_log;
use crate::runtime_api::{AnswerKind, write_answer_head};

const LIMIT: Duration = Duration::from_millis(200);

/// Answers for what runs, before a panic ends the process.
pub(crate) trait LastWords: Send + Sync {
    /// Answers with this failure what has not been answered. `caller` is the one whose request the
    /// thread works for; 0 is none.
    fn speak(&self, failure: &Failure, caller: u64);

    /// What works for this caller has panicked, and that is being printed; none once it has been.
    fn note_panic(&self, panic: Option<Failure>, caller: u64);
}

/// Where the caller listens.
#[derive(Debug)]
pub(crate) enum Listener {
    /// The Runtime API.
    RuntimeApi(Arc<Peer>),
    /// Standard output: the process runs in a shell.
    Stdout,
    /// Callers are answered elsewhere.
    #[cfg(feature = "server")]
    Nobody,
}

/// The other side of a connection.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Host and port, as they were given.
    pub(crate) address: String,
    /// Where that is, once a connection has been made: to look it up again may take long.
    reached_at: Mutex<Option<SocketAddr>>,
}

impl Peer {
    pub(crate) fn new(address: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { address: address.into(), reached_at: Mutex::default() })
    }

    /// A connection has been made to this.
    pub(crate) fn is_at(&self, address: SocketAddr) {
        *self.reached_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
    }

    fn reached_at(&self) -> Option<SocketAddr> {
        *self.reached_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Tells the caller why there will be no answer.
    pub(crate) fn tell(&self, request_id: &str, failure: &Failure) -> io::Result<()> {
        match self {
            Self::RuntimeApi(peer) => post(peer, request_id, &failure.to_json()),
            Self::Stdout => {
                let mut line = failure.to_json();
                line.push(b'\n');
                if runtime_log::print(line) { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
            }
            #[cfg(feature = "server")]
            Self::Nobody => Ok(()),
        }
    }
}

fn post(peer: &Peer, request_id: &str, body: &[u8]) -> io::Result<()> {
    let address = &peer.address;
    let reached_at = peer.reached_at().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut stream = TcpStream::connect_timeout(&reached_at, LIMIT)?;
    stream.set_write_timeout(Some(LIMIT))?;
    stream.set_read_timeout(Some(LIMIT))?;
    let mut request = Vec::new();
    write_answer_head(
        &mut request,
        address,
        AnswerKind::Error,
        request_id,
        "application/json",
        Some(body.len()),
    );
    request.extend_from_slice(body);
    stream.write_all(&request)?;
    // The first byte of the acknowledgement says that the request has been read; leaving earlier
    // could reset the connection under it.
    let _ = stream.read(&mut [0])?;
    Ok(())
}
