//! Who is on the other side of a connection to a Runtime API: the function's own process, or a
//! stranger.
//!
//! The port is open to everything on this machine, web pages in a browser included, and the
//! protocol has no secret that a function could send. But the system knows which process has the
//! other end. Linux tells it in `/proc`; elsewhere it is only looked for what a browser sends.

use std::net::TcpStream;

#[cfg(target_os = "linux")]
#[path = "peer/linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "peer/elsewhere.rs"]
mod system;

/// Whose requests a Runtime API takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A test that drives the protocol by hand.
    #[default]
    Anyone,
    /// A process that is being started.
    Starting,
    /// This process, and what it has started.
    Process(u32),
    /// A process that was started with the variables that it was announced by, what it has started,
    /// and the process we are in.
    Announced,
}

/// What is known of the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Own,
    /// This system does not tell.
    Unknown,
    /// It has closed its end before it could be looked at.
    Gone,
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only Linux tells"))]
    Stranger(Stranger),
}

/// A process that is not the function's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stranger {
    /// None where it is another user's, or was not looked for.
    pub(crate) process: Option<(u32, String)>,
    owner: Owner,
    port: u16,
}

impl Stranger {
    /// Why it is refused, and what to do about it.
    pub(crate) fn refusal(&self) -> String {
        let who = match &self.process {
            Some((id, name)) => format!("process {id} ({})", name.escape_default()),
            None => "another process".to_owned(),
        };
        match self.owner {
            Owner::Announced => format!(
                "{who} was refused by the Runtime API: it was not started with RUNTIME_API_ADDR=127.0.0.1:{}; start the function with the \
                 variables that are printed",
                self.port
            ),
            _ => format!(
                "{who} was refused by the Runtime API: it is not the function's, which has this port for itself"
            ),
        }
    }
}

/// Looks at who has the other end of this socket. `owner` is known. Which process a stranger is
/// takes a long look, which is asked for.
pub(crate) fn standing(
    owner: Owner,
    socket: &TcpStream,
    looks_closely: impl FnOnce() -> bool,
) -> Standing {
    let (Ok(here), Ok(there)) = (socket.local_addr(), socket.peer_addr()) else {
        return Standing::Gone;
    };
    match owner {
        Owner::Anyone => Standing::Own,
        owner => system::standing(owner, here, there, looks_closely),
    }
}
