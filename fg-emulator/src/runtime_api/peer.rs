//! Identifies the process at the other end of a connection to a Runtime API: the function's own, or
//! another one.
//!
//! Every program on this machine can reach the port, web pages in a browser included, and the
//! protocol has no secret that a function could send. But the system knows which process has the
//! other end. Linux reports it in `/proc`. On other systems only the headers are checked that a
//! browser sends.

use std::net::TcpStream;

#[cfg(target_os = "linux")]
#[path = "peer/linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "peer/elsewhere.rs"]
mod system;

/// Whose requests a Runtime API accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Every process: a test drives the protocol by hand.
    #[default]
    Anyone,
    /// A process that is being started. It is not known yet.
    Starting,
    /// The process with this id, and its descendants.
    Process(u32),
    /// Processes that were started with the `RUNTIME_API_ADDR` of this API, their descendants, and
    /// this program.
    Announced,
}

/// What is known about the process at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PeerIdentity {
    Owner,
    /// The system does not report it.
    Unknown,
    /// It closed its end before it could be identified.
    Gone,
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only Linux reports it"))]
    Stranger(Stranger),
}

/// A process that does not belong to the function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stranger {
    /// Its id and name; `None` if it belongs to another user, or was not looked up.
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

/// Identifies the process at the other end of this socket. `owner` is not
/// [`Starting`](Owner::Starting). Looking up the name of a stranger is expensive, so
/// `may_look_up` is asked first.
pub(crate) fn identify(
    owner: Owner,
    socket: &TcpStream,
    may_look_up: impl FnOnce() -> bool,
) -> PeerIdentity {
    let (Ok(local), Ok(remote)) = (socket.local_addr(), socket.peer_addr()) else {
        return PeerIdentity::Gone;
    };
    match owner {
        Owner::Anyone => PeerIdentity::Owner,
        owner => system::identify(owner, local, remote, may_look_up),
    }
}
