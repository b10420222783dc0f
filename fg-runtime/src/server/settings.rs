//! What the environment sets: where the server listens (`FG_PORT`, else `PORT`, else 8000), and how
//! long its shutdown may take (`FG_SHUTDOWN_GRACE`).

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use fg_core::Environment;

/// The port that the platform connects to. Source: the platform's manual, "creating a function with
/// an image" and "HTTP function".
const PLATFORM_PORT: u16 = 8000;

/// All addresses of the machine: images need it, and the platform's own caller dials IPv4.
pub(crate) fn listen_address(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<SocketAddr, String> {
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

/// Sets how long the shutdown waits for what runs, in seconds.
pub(crate) const GRACE_VARIABLE: &str = "FG_SHUTDOWN_GRACE";

/// The longest that the platform waits.
const MAX_BY_TIMEOUT: Duration = Duration::from_secs(90);

/// If nothing is set: Kubernetes kills a container 30 s after SIGTERM, and the state needs a
/// moment for its own end.
const DEFAULT: Duration = Duration::from_secs(29);

/// How long what runs may go on: as `FG_SHUTDOWN_GRACE` says; else as long as an invocation may
/// take, and a second; else what Kubernetes gives.
pub(crate) fn shutdown_grace(
    given: Option<&str>,
    environment: &Environment,
) -> Result<Duration, String> {
    match given.map(str::trim).filter(|value| !value.is_empty()) {
        Some(value) => {
            let seconds = value.parse::<u32>();
            let wrong =
                |_| format!("{GRACE_VARIABLE} is `{value}`; it must be a number of seconds");
            seconds.map(|seconds| Duration::from_secs(seconds.into())).map_err(wrong)
        }
        None if environment.is_timeout_given() => {
            Ok((environment.timeout() + Duration::from_secs(1)).min(MAX_BY_TIMEOUT))
        }
        None => Ok(DEFAULT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(variables: &[(&str, &str)]) -> Result<u16, String> {
        let variable = |name: &str| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        };
        listen_address(variable).map(|address| address.port())
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

    fn seconds(given: Option<&str>, timeout: Option<&str>) -> Result<u64, String> {
        let environment =
            Environment::from_variables(timeout.map(|timeout| ("RUNTIME_TIMEOUT", timeout)));
        shutdown_grace(given, &environment).map(|grace| grace.as_secs())
    }

    #[test]
    fn it_is_what_is_set_or_what_an_invocation_may_take_or_what_kubernetes_gives() {
        assert_eq!(seconds(None, None), Ok(29));
        assert_eq!(seconds(Some(""), Some("3")), Ok(4));
        assert_eq!(seconds(None, Some("900")), Ok(90));
        assert_eq!(seconds(Some("300"), Some("3")), Ok(300));
        assert_eq!(seconds(Some(" 0 "), None), Ok(0));
        for wrong in ["5s", "-1", "1.5"] {
            assert!(seconds(Some(wrong), None).is_err_and(|text| text.contains(wrong)));
        }
    }
}
