//! The address that `cargo fg dev` listens on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use crate::failure::Failure;

pub(super) const DEFAULT_PORT: u16 = 9000;

/// Parses `9000`, `:9000`, `localhost:9000`, `0.0.0.0:9000`, `localhost`, `::1`, and the URL of any
/// of them.
pub(super) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let wrong = || {
        "it has to be a port, such as 9000, or an address and a port, such as 0.0.0.0:9000"
            .to_owned()
    };
    let bare = text.strip_prefix("http://").unwrap_or(text);
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    if let Ok(port) = bare.parse() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok((address, DEFAULT_PORT).into());
    }
    if let Ok(address) = bare.parse() {
        return Ok(address);
    }
    let (host, port) = bare.rsplit_once(':').unwrap_or((bare, "9000"));
    let is_local = (host.is_empty() && !bare.is_empty()) || host.eq_ignore_ascii_case("localhost");
    let port = port.parse().map_err(|_| wrong())?;
    if is_local { Ok((Ipv4Addr::LOCALHOST, port).into()) } else { Err(wrong()) }
}

/// Listens on an address.
pub(super) fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).map_err(|error| {
        Failure::machine(format!("cannot listen on {address}"), &error).advise(
            "is `cargo fg dev` running already? Choose another port with --listen; 0 is any free one",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_a_port_alone_or_localhost() {
        for (text, address) in [
            ("9001", "127.0.0.1:9001"),
            (":9001", "127.0.0.1:9001"),
            ("localhost:9001", "127.0.0.1:9001"),
            ("Localhost", "127.0.0.1:9000"),
            ("http://localhost:9001/", "127.0.0.1:9001"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("0.0.0.0", "0.0.0.0:9000"),
            ("::1", "[::1]:9000"),
            ("[::1]:9001", "[::1]:9001"),
        ] {
            assert_eq!(
                parse_address(text).map(|address| address.to_string()).as_deref(),
                Ok(address),
                "{text}"
            );
        }
        for text in ["", "99999", "example.com:80", "localhost:x", "a:b:c"] {
            assert!(parse_address(text).is_err(), "{text}");
        }
    }
}
