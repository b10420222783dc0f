//! Where the server listens: `FG_PORT`, else `PORT`, else 8000.

use std::net::{Ipv4Addr, SocketAddr};

/// The port that the platform connects to. Source: the platform's manual, "creating a function with
/// an image" and "HTTP function".
const PLATFORM_PORT: u16 = 8000;

/// All addresses of the machine: images need it, and the platform's own caller dials IPv4.
pub(crate) fn address(variable: impl Fn(&str) -> Option<String>) -> Result<SocketAddr, String> {
    let given = ["FG_PORT", "PORT"]
        .into_iter()
        .find_map(|name| Some((name, variable(name).filter(|value| !value.is_empty())?)));
    let port = match given {
        None => PLATFORM_PORT,
        Some((name, value)) => value
            .trim()
            .parse()
            .map_err(|_| format!("{name} is `{value}`; it must be a port from 0 to 65535"))?,
    };
    Ok((Ipv4Addr::UNSPECIFIED, port).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(variables: &[(&str, &str)]) -> Result<u16, String> {
        let variable = |name: &str| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        };
        address(variable).map(|address| address.port())
    }

    #[test]
    fn our_own_variable_comes_before_that_of_other_engines() {
        assert_eq!(port(&[]), Ok(8000));
        assert_eq!(port(&[("PORT", "8080")]), Ok(8080));
        assert_eq!(port(&[("PORT", "8080"), ("FG_PORT", "9000")]), Ok(9000));
        assert_eq!(port(&[("PORT", "8080"), ("FG_PORT", "")]), Ok(8080));
    }

    #[test]
    fn what_is_not_a_port_is_said() {
        assert_eq!(
            port(&[("PORT", "http")]),
            Err("PORT is `http`; it must be a port from 0 to 65535".to_owned())
        );
        assert!(port(&[("FG_PORT", "65536")]).is_err());
    }
}
