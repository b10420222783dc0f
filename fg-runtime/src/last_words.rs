//! The error report for the cases in which the loop itself can no longer speak: a process that aborts, a handler that never yields.
//!
//! Everything here is synchronous, uses a connection of its own, and takes at most a fifth of a second.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use fg_core::Failure;

use crate::runtime_api::{AnswerKind, write_answer_head};

const LIMIT: Duration = Duration::from_millis(200);

/// Where the caller listens.
#[derive(Debug)]
pub(crate) enum Listener {
    /// The Runtime API at this address.
    RuntimeApi(String),
    /// Standard output: the process runs in a shell.
    Stdout,
}

impl Listener {
    /// Tells the caller why there will be no answer.
    pub(crate) fn tell(&self, request_id: &str, failure: &Failure) -> io::Result<()> {
        match self {
            Self::RuntimeApi(address) => post(address, request_id, &failure.to_json()),
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(&failure.to_json())?;
                out.write_all(b"\n")?;
                out.flush()
            }
        }
    }
}

fn post(address: &str, request_id: &str, body: &[u8]) -> io::Result<()> {
    let address_of_host = address.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut stream = TcpStream::connect_timeout(&address_of_host, LIMIT)?;
    stream.set_write_timeout(Some(LIMIT))?;
    stream.set_read_timeout(Some(LIMIT))?;
    let mut request = Vec::new();
    write_answer_head(&mut request, address, AnswerKind::Error, request_id, "application/json", Some(body.len()));
    request.extend_from_slice(body);
    stream.write_all(&request)?;
    // The first byte of the acknowledgement says that the request has been read; leaving earlier could reset the connection under it.
    let _ = stream.read(&mut [0])?;
    Ok(())
}
