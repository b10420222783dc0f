//! Sends an error response when the async loop cannot: the process aborts, or a handler never
//! yields.
//!
//! Everything here is synchronous and uses a connection of its own. Each step takes at most 200 ms.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use fg_core::__private::Mutex;
use fg_core::Failure;

use crate::log::runtime_log;
use crate::runtime_api::{AnswerKind, write_answer_head};

const STEP_LIMIT: Duration = Duration::from_millis(200);

/// Answers the current invocation before a panic ends the process.
///
/// `connection` is the connection whose request the panicking thread handles; 0 means none.
pub(crate) trait AbortResponder: Send + Sync {
    /// Sends this failure as the answer of an invocation that has not been answered.
    fn answer_before_abort(&self, failure: &Failure, connection: u64);

    /// Sets the panic that is being printed; `None` once it has been printed.
    fn set_panic(&self, panic: Option<Failure>, connection: u64);
}

/// Where an answer is sent.
#[derive(Debug)]
pub(crate) enum AnswerRoute {
    RuntimeApi(Arc<ApiAddress>),
    /// To standard output, in a shell.
    Stdout,
    /// The server answers on its own connections.
    #[cfg(feature = "server")]
    Server,
}

/// The address of the Runtime API.
#[derive(Debug)]
pub(crate) struct ApiAddress {
    /// Host and port, as configured.
    pub(crate) address: String,
    /// The address of the last connection, since resolving the host again may take long.
    last_address: Mutex<Option<SocketAddr>>,
}

impl ApiAddress {
    pub(crate) fn new(address: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { address: address.into(), last_address: Mutex::default() })
    }

    /// Stores the address of a connection that was opened.
    pub(crate) fn set_last_address(&self, address: SocketAddr) {
        *self.last_address.lock() = Some(address);
    }

    fn last_address(&self) -> Option<SocketAddr> {
        *self.last_address.lock()
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
            Self::Server => Ok(()),
        }
    }
}

fn post(api: &ApiAddress, request_id: &str, body: &[u8]) -> io::Result<()> {
    let address = &api.address;
    let last_address = api.last_address().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut stream = TcpStream::connect_timeout(&last_address, STEP_LIMIT)?;
    stream.set_write_timeout(Some(STEP_LIMIT))?;
    stream.set_read_timeout(Some(STEP_LIMIT))?;
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
    // The first byte of the acknowledgement shows that the request has been read. Closing earlier
    // could reset the connection.
    let _ = stream.read(&mut [0])?;
    Ok(())
}
