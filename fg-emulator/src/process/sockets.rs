//! The sockets of this machine, as Linux lists them in `/proc`: the inode of the socket with these
//! addresses, and the processes that have the inode open.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::table::ProcessEntry;

/// The link by which a process has a socket open.
pub(crate) fn link_of(inode: u64) -> String {
    format!("socket:[{inode}]")
}

/// The processes that have this socket open, as far as their files can be read.
pub(crate) fn holders<'a>(
    link: &'a str,
    table: &'a [ProcessEntry],
) -> impl Iterator<Item = u32> + 'a {
    table.iter().map(|process| process.id).filter(|id| has_socket(*id, link).unwrap_or(false))
}

pub(crate) fn is_hidden(error: &io::Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied
}

/// The inode of the socket with these addresses; 0 if its process has closed it.
pub(crate) fn find_inode(local: SocketAddr, remote: SocketAddr) -> io::Result<Option<u64>> {
    let found = parse_inode(&fs::read_to_string("/proc/net/tcp")?, local, remote);
    if found.is_some() {
        return Ok(found);
    }
    // A dual-stack socket, as Java uses them. Without IPv6 there is no such file.
    Ok(fs::read_to_string("/proc/net/tcp6")
        .ok()
        .and_then(|table| parse_inode(&table, local, remote)))
}

/// The inodes of the sockets that accept connections to this port of 127.0.0.1.
pub(super) fn listening_inodes(port: u16) -> io::Result<Vec<u64>> {
    let mut inodes = parse_listening(&fs::read_to_string("/proc/net/tcp")?, port);
    // Without IPv6 there is no such file.
    if let Ok(table) = fs::read_to_string("/proc/net/tcp6") {
        inodes.extend(parse_listening(&table, port));
    }
    Ok(inodes)
}

fn parse_listening(table: &str, port: u16) -> Vec<u64> {
    const LISTEN: &str = "0A";
    let accepts =
        |address: IpAddr| address == IpAddr::V4(Ipv4Addr::LOCALHOST) || address.is_unspecified();
    let listening = table.lines().skip(1).filter_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (address, found) = parse_address(fields.next()?)?;
        let is_it = found == port && accepts(address) && fields.nth(1)? == LISTEN;
        // Queues, timer, retransmissions, user and timeout stand before the inode.
        if is_it { fields.nth(5)?.parse().ok() } else { None }
    });
    listening.collect()
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

pub(crate) fn has_socket(process: u32, link: &str) -> io::Result<bool> {
    for file in fs::read_dir(format!("/proc/{process}/fd"))? {
        // An error means that the file has been closed meanwhile.
        if fs::read_link(file?.path()).is_ok_and(|target| target.as_os_str() == link) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
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
    fn only_sockets_that_accept_connections_from_loopback_are_found_by_their_port() {
        let line = |address: &str, state: &str, inode: u32| {
            format!("   0: {address}:1F40 00000000:0000 {state} 0:0 00:0 0 1000 0 {inode} 1\n")
        };
        let table = ["head\n".to_owned(), line("0100007F", "0A", 1), line("00000000", "0A", 2)]
            .into_iter()
            .chain([line("0100007F", "01", 3), line("0101A8C0", "0A", 4)])
            .chain([line("00000000000000000000000000000000", "0A", 5)])
            .collect::<String>();
        if cfg!(target_endian = "little") {
            assert_eq!(parse_listening(&table, 8000), [1, 2, 5]);
            assert!(parse_listening(&table, 8001).is_empty());
        }
    }
}
