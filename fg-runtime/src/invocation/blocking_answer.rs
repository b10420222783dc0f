//! Sends an error response when the async loop cannot: the process aborts, or a handler never
//! yields.
//!
//! Everything here is synchronous and uses a connection of its own. Each step takes at most 200 ms.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fg_core::Failure;

use crate::log::runtime_log;
use crate::runtime_api::{AnswerKind, write_answer_head};

const LIMIT: Duration = Duration::from_millis(200);

/// Answers what is in flight before a panic ends the process.
///
/// `connection` is the one whose request the panicking thread works for; 0 is none.
pub(crate) trait AbortResponder: Send + Sync {
    /// Answers with this failure what has not been answered.
    fn answer_before_abort(&self, failure: &Failure, connection: u64);

    /// Sets the panic that is being printed; `None` once it has been.
    fn set_panic(&self, panic: Option<Failure>, connection: u64);
}

/// Where an answer goes.
#[derive(Debug)]
pub(crate) enum AnswerRoute {
    RuntimeApi(Arc<ApiAddress>),
    /// The process runs in a shell.
    Stdout,
    /// The server answers on its own connections.
    #[cfg(feature = "server")]
    Elsewhere,
}

/// The address of the Runtime API.
#[derive(Debug)]
pub(crate) struct ApiAddress {
    /// Host and port, as they were given.
    pub(crate) address: String,
    /// The address of the last connection: resolving the host again may take long.
    reached_at: Mutex<Option<SocketAddr>>,
}

impl ApiAddress {
    pub(crate) fn new(address: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { address: address.into(), reached_at: Mutex::default() })
    }

    /// Records the address that a connection was made to.
    pub(crate) fn set_reached_at(&self, address: SocketAddr) {
        *self.reached_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
    }

    fn reached_at(&self) -> Option<SocketAddr> {
        *self.reached_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AnswerRoute {
    /// Sends an error response.
    pub(crate) fn send(&self, request_id: &str, failure: &Failure) -> io::Result<()> {
        match self {
            Self::RuntimeApi(api) => post(api, request_id, &failure.to_json()),
            Self::Stdout => {
                let mut line = failure.to_json();
                line.push(b'\n');
                if runtime_log::print(line) { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
            }
            #[cfg(feature = "server")]
            Self::Elsewhere => Ok(()),
        }
    }
}

fn post(api: &ApiAddress, request_id: &str, body: &[u8]) -> io::Result<()> {
    let address = &api.address;
    let reached_at = api.reached_at().ok_or(io::ErrorKind::AddrNotAvailable)?;
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
