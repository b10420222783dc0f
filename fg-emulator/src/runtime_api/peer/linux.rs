//! The process that has a socket, as Linux reports it in `/proc`: the inode of the socket with two
//! addresses, and the process that has the inode open.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Owner, PeerIdentity, Stranger};
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
    let link = format!("socket:[{inode}]");
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

/// The processes that have this socket open, as far as their files can be read.
fn holders<'a>(link: &'a str, table: &'a [ProcessEntry]) -> impl Iterator<Item = u32> + 'a {
    table.iter().map(|process| process.id).filter(|id| has_socket(*id, link).unwrap_or(false))
}

fn is_hidden(error: &io::Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied
}

/// The inode of the socket with these addresses; 0 if its process has closed it.
fn find_inode(local: SocketAddr, remote: SocketAddr) -> io::Result<Option<u64>> {
    let found = parse_inode(&fs::read_to_string("/proc/net/tcp")?, local, remote);
    if found.is_some() {
        return Ok(found);
    }
    // A dual-stack socket, as Java uses them. Without IPv6 there is no such file.
    Ok(fs::read_to_string("/proc/net/tcp6")
        .ok()
        .and_then(|table| parse_inode(&table, local, remote)))
}

fn parse_inode(table: &str, local: SocketAddr, remote: SocketAddr) -> Option<u64> {
    table.lines().skip(1).find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let is_it = parse_address(fields.next()?)? == canonical(local)
            && parse_address(fields.next()?)? == canonical(remote);
        // State, queues, timer, retransmissions, user and timeout stand before the inode.
        if is_it { fields.nth(6)?.parse().ok() } else { None }
    })
}

fn canonical(address: SocketAddr) -> (IpAddr, u16) {
    (address.ip().to_canonical(), address.port())
}

/// Parses `0100007F:1F90`: 32-bit words in native byte order, and a port.
fn parse_address(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word =
        |at: usize| Some(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    let address = if address.len() == 8 {
        IpAddr::V4(Ipv4Addr::from(word(0)?))
    } else {
        let mut bytes = [0; 16];
        for (index, four) in bytes.chunks_exact_mut(4).enumerate() {
            four.copy_from_slice(&word(8 * index)?);
        }
        IpAddr::V6(Ipv6Addr::from(bytes))
    };
    Some((address.to_canonical(), port))
}

fn has_socket(process: u32, link: &str) -> io::Result<bool> {
    for file in fs::read_dir(format!("/proc/{process}/fd"))? {
        // An error means that the file has been closed meanwhile.
        if fs::read_link(file?.path()).is_ok_and(|target| target.as_os_str() == link) {
            return Ok(true);
        }
    }
    Ok(false)
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
    fn a_socket_is_found_by_its_addresses_in_either_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000000000000000 20 4 30 10 -1\n";
        let (local, remote) = (([127, 0, 0, 1], 0x1f90).into(), ([127, 0, 0, 1], 0xc350).into());
        if cfg!(target_endian = "little") {
            assert_eq!(
                (parse_inode(table, local, remote), parse_inode(table, remote, local)),
                (Some(4711), None)
            );
            let mapped = table.replace("0100007F", "0000000000000000FFFF00000100007F");
            assert_eq!(parse_inode(&mapped, local, remote), Some(4711));
        }
    }

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
