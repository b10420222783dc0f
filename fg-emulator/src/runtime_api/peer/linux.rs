//! Whose process is at the other end of a connection, as Linux reports it in `/proc`.

use std::fs;
use std::net::SocketAddr;

use super::{Owner, PeerIdentity, Stranger};
use crate::process::sockets::{find_inode, has_socket, holders, is_hidden, link_of};
use crate::process::table::{ProcessEntry, process_tree, processes};

/// The table of sockets changes while it is read, so that an entry can be missed.
const ATTEMPTS: usize = 3;

pub(super) fn identify(
    owner: Owner,
    local: SocketAddr,
    remote: SocketAddr,
    may_look_up: impl FnOnce() -> bool,
) -> PeerIdentity {
    let mut inode = None;
    for _ in 0..ATTEMPTS {
        match find_inode(remote, local) {
            Ok(found) => inode = found,
            Err(_) => return PeerIdentity::Unknown,
        }
        if inode.is_some() {
            break;
        }
    }
    // A closed socket has the inode 0.
    let Some(inode) = inode.filter(|inode| *inode != 0) else { return PeerIdentity::Gone };
    let link = link_of(inode);
    let known = match owner {
        Owner::Process(id) => identify_in_tree(id, &link),
        _ => identify_announced(local.port(), &link),
    };
    known.unwrap_or_else(|| {
        let holder = if may_look_up() { holders(&link, &processes()).next() } else { None };
        let process = holder.map(|process| {
            let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
            (process, name.trim_end().to_owned())
        });
        PeerIdentity::Stranger(Stranger { process, owner, port: local.port() })
    })
}

/// `None` if none of these processes has the socket.
fn identify_in_tree(root: u32, link: &str) -> Option<PeerIdentity> {
    if has_socket(root, link).is_ok_and(|has_it| has_it) {
        return Some(PeerIdentity::Owner);
    }
    let held: Vec<_> =
        process_tree(root, &processes()).into_iter().map(|id| has_socket(id, link)).collect();
    if held.iter().any(|held| matches!(held, Ok(true))) {
        return Some(PeerIdentity::Owner);
    }
    // A process can hide its files, such as a program with file capabilities.
    held.iter().any(|held| held.as_ref().is_err_and(is_hidden)).then_some(PeerIdentity::Unknown)
}

fn identify_announced(port: u16, link: &str) -> Option<PeerIdentity> {
    let table = processes();
    let is_announced = holders(link, &table).any(|process| is_announced(process, port, &table));
    is_announced.then_some(PeerIdentity::Owner)
}

/// Whether this process is this program, or was started, or one of its ancestors was, with the
/// variable of the API at this port.
fn is_announced(process: u32, port: u16, table: &[ProcessEntry]) -> bool {
    let mut next = Some(process);
    // Bounded, since the processes may change meanwhile.
    for _ in 0..=table.len() {
        let Some(id) = next else { return false };
        if id == std::process::id() {
            return id == process;
        }
        if has_variable(id, port) {
            return true;
        }
        next = table
            .iter()
            .find(|one| one.id == id)
            .map(|one| one.parent)
            .filter(|parent| *parent > 1);
    }
    false
}

fn has_variable(process: u32, port: u16) -> bool {
    let Ok(environment) = fs::read(format!("/proc/{process}/environ")) else { return false };
    let end = format!(":{port}");
    let mut variables = environment.split(|byte| *byte == 0);
    variables.any(|variable| {
        variable.starts_with(b"RUNTIME_API_ADDR=") && variable.ends_with(end.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_other_end_of_a_socket_is_told_to_be_ours_or_not() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let mut client = Some(
            TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens"),
        );
        let (server, _) = listener.accept().expect("a connection");
        let addresses =
            (server.local_addr().expect("it is open"), server.peer_addr().expect("it is open"));
        let identify = |owner| identify(owner, addresses.0, addresses.1, || true);
        assert_eq!(identify(Owner::Process(std::process::id())), PeerIdentity::Owner);
        assert_eq!(identify(Owner::Announced), PeerIdentity::Owner);
        let mut other =
            std::process::Command::new("sleep").arg("600").spawn().expect("there is sleep");
        let refused = identify(Owner::Process(other.id()));
        other.kill().expect("it runs");
        other.wait().expect("it ends");
        let PeerIdentity::Stranger(stranger) = refused else { panic!("{refused:?}") };
        assert_eq!(stranger.process.as_ref().map(|(id, _)| *id), Some(std::process::id()));
        assert!(stranger.refusal().contains("it is not the function's"), "{}", stranger.refusal());
        drop(client.take());
        assert_eq!(identify(Owner::Announced), PeerIdentity::Gone);
    }
}
