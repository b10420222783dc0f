//! Who is let in to a local service: requests that name it as their host, and that no page of
//! another site has sent.
//!
//! Every web page can send requests to a port of this machine, and by DNS rebinding read the
//! answers: its own name then has this machine's address. A browser says in `Host` which name it
//! was, and in `Origin` and `Sec-Fetch-Site` whose page it is.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use crate::http::request_parser::Request;
use crate::printable::excerpt;

/// How much of what a caller has sent is repeated, in characters.
const REPEATED: usize = 100;

/// The names and addresses under which a service is asked.
#[derive(Debug)]
pub(crate) struct Door {
    bound: IpAddr,
    names: Mutex<BTreeSet<String>>,
}

/// Why a request is not let in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotLetIn {
    pub(crate) status: u16,
    pub(crate) reason: String,
}

impl Door {
    /// Of a service that listens at this address, or at all of them.
    pub(crate) fn new(bound: IpAddr) -> Self {
        Self { bound: bound.to_canonical(), names: Mutex::default() }
    }

    /// From now on this is a name of the service, too.
    pub(crate) fn accept(&self, name: &str) {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
    }

    /// Looks at the target, at `Host`, and at who has sent it.
    pub(crate) fn check(&self, request: &Request) -> Result<(), NotLetIn> {
        let hosts: Vec<_> = values(request, "Host").collect();
        match hosts[..] {
            [] if request.is_old => {}
            [] => return Err(NotLetIn { status: 400, reason: "the request has no Host".into() }),
            [host] => self.check_host(host)?,
            _ => {
                return Err(NotLetIn {
                    status: 400,
                    reason: "the request has more than one Host".into(),
                });
            }
        }
        // The authority of such a target is what counts, whatever `Host` says (RFC 9112, 3.2.2).
        if let (false, Some((_, rest))) =
            (request.target.starts_with('/'), request.target.split_once("://"))
        {
            self.check_host(rest.split(['/', '?']).next().unwrap_or_default())?;
        }
        if !request.target.starts_with('/')
            && !request.target.contains("://")
            && request.target != "*"
        {
            return Err(NotLetIn {
                status: 400,
                reason: format!("{:?} is no path", excerpt(&request.target, REPEATED)),
            });
        }
        self.check_sender(request)
    }

    /// Of a client that may be written by hand, and leave out `Host`.
    pub(crate) fn check_lenient(&self, request: &Request) -> Result<(), NotLetIn> {
        values(request, "Host").try_for_each(|host| self.check_host(host))?;
        self.check_sender(request)
    }

    fn check_host(&self, authority: &str) -> Result<(), NotLetIn> {
        if host_of(authority).is_some_and(|host| self.is_own(&host)) {
            return Ok(());
        }
        let host = excerpt(authority, REPEATED);
        let reason = format!(
            "the Host {host:?} is no name of this service, so the request may come from a page of another site (DNS rebinding); ask for \
             localhost or 127.0.0.1, or have the name accepted: cargo fg dev --accept-host NAME"
        );
        Err(NotLetIn { status: 403, reason })
    }

    fn check_sender(&self, request: &Request) -> Result<(), NotLetIn> {
        let refused = |what: &str| {
            let reason = format!(
                "{what}: a page of another site must not call a function on this machine; serve the page from localhost, have its host \
                 accepted with cargo fg dev --accept-host NAME, or open the address from the address bar"
            );
            Err(NotLetIn { status: 403, reason })
        };
        let mut origins = values(request, "Origin").peekable();
        let has_origin = origins.peek().is_some();
        let host = values(request, "Host").next().and_then(host_of);
        if let Some(foreign) = origins.find(|origin| !self.is_own_origin(origin, host.as_ref())) {
            return refused(&format!(
                "the request has the Origin {:?}",
                excerpt(foreign, REPEATED)
            ));
        }
        // Between localhost and 127.0.0.1 a browser says so, too.
        let is_cross_site =
            values(request, "Sec-Fetch-Site").any(|site| site.eq_ignore_ascii_case("cross-site"));
        if is_cross_site && !has_origin {
            refused("the browser says that the request is cross-site")
        } else {
            Ok(())
        }
    }

    /// A page may be of the host that it asks, or of a name of this service. Not of any address:
    /// those are on the internet as well.
    fn is_own_origin(&self, origin: &str, asked: Option<&Host>) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else { return false };
        let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        is_web
            && host_of(authority).is_some_and(|host| Some(&host) == asked || self.is_named(&host))
    }

    /// Where all addresses are listened at, each can be the machine's. And none can be rebound: a
    /// page that has it as its host is from there.
    fn is_own(&self, host: &Host) -> bool {
        self.is_named(host) || self.bound.is_unspecified() && matches!(host, Host::Address(_))
    }

    fn is_named(&self, host: &Host) -> bool {
        match host {
            Host::Address(address) => {
                address.is_loopback() || address.is_unspecified() || *address == self.bound
            }
            Host::Name(name) => {
                name == "localhost"
                    || self.names.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
            }
        }
    }
}

fn values<'a>(request: &'a Request, name: &'a str) -> impl Iterator<Item = &'a str> {
    request
        .headers
        .iter()
        .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

#[derive(Debug, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    /// In lower case, without the dot at the end of a full name.
    Name(String),
}

/// The host of `host[:port]`; nothing where it is not of this form.
fn host_of(authority: &str) -> Option<Host> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            // A zone says which network an address is of.
            let address: Ipv6Addr = address.split('%').next()?.parse().ok()?;
            (Host::Address(IpAddr::V6(address).to_canonical()), port)
        }
        None => {
            let (name, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
            let is_name = !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
            let host = match name.parse::<Ipv4Addr>() {
                Ok(address) => Host::Address(address.into()),
                Err(_) if is_name => Host::Name(name),
                Err(_) => return None,
            };
            (host, port)
        }
    };
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    is_port.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        let headers =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Request { method: "POST".into(), target: "/".into(), headers, ..Request::default() }
    }

    fn status(door: &Door, headers: &[(&str, &str)]) -> u16 {
        door.check(&request(headers)).map_or_else(|refused| refused.status, |()| 200)
    }

    #[test]
    fn only_a_host_that_is_this_machines_own_is_let_in() {
        let door = Door::new(Ipv4Addr::LOCALHOST.into());
        for own in [
            "localhost",
            "LOCALHOST:9000",
            "localhost.",
            "localhost.:9000",
            "127.0.0.1",
            "127.0.0.1:",
            "127.8.8.8:1",
            "[::1]",
            "[::1]:9000",
            "[::ffff:127.0.0.1]:9",
            "0.0.0.0:9000",
        ] {
            assert_eq!(status(&door, &[("host", own)]), 200, "{own}");
        }
        for foreign in [
            "evil.example",
            "evil.example:9000",
            "localhost.evil.example",
            "evil-localhost",
            "127.0.0.1.evil.example",
            "10.0.0.5:9000",
            "[fe80::1]",
            "localhost@evil.example",
            "localhost:80@evil.example",
            "evil.example:localhost",
            "",
            "[::1",
            "2130706433",
            "127.1",
        ] {
            assert_eq!(status(&door, &[("Host", foreign)]), 403, "{foreign}");
        }
        assert_eq!(status(&door, &[]), 400);
        assert_eq!(status(&door, &[("Host", "localhost"), ("Host", "localhost")]), 400);
        let old = Request { is_old: true, ..request(&[]) };
        assert_eq!(door.check(&old), Ok(()));
        let absolute =
            Request { target: "http://evil.example/".into(), ..request(&[("Host", "localhost")]) };
        assert_eq!(door.check(&absolute).map_err(|refused| refused.status), Err(403));
        let tunnel =
            Request { target: "evil.example:443".into(), ..request(&[("Host", "localhost")]) };
        assert_eq!(door.check(&tunnel).map_err(|refused| refused.status), Err(400));
        let query = Request {
            target: "/?back=http://evil.example/".into(),
            ..request(&[("Host", "localhost")])
        };
        assert_eq!(door.check(&query), Ok(()));
    }

    #[test]
    fn what_it_was_told_to_listen_at_is_its_own() {
        let everywhere = Door::new(Ipv4Addr::UNSPECIFIED.into());
        assert_eq!(status(&everywhere, &[("Host", "192.168.1.5:9000")]), 200);
        assert_eq!(status(&everywhere, &[("Host", "evil.example")]), 403);
        assert_eq!(
            status(&everywhere, &[("Host", "192.168.1.5"), ("Origin", "http://192.168.1.5:5173")]),
            200
        );
        assert_eq!(
            status(&everywhere, &[("Host", "localhost"), ("Origin", "http://203.0.113.5")]),
            403
        );
        everywhere.accept("Dev.Example.");
        assert_eq!(
            status(&everywhere, &[("Host", "dev.example:9000"), ("Origin", "https://dev.example")]),
            200
        );
        let one = Door::new(Ipv4Addr::new(192, 168, 1, 5).into());
        assert_eq!(status(&one, &[("Host", "192.168.1.5:9000")]), 200);
        assert_eq!(status(&one, &[("Host", "192.168.1.6:9000")]), 403);
    }

    #[test]
    fn a_page_of_another_site_is_not_let_in() {
        let door = Door::new(Ipv4Addr::LOCALHOST.into());
        let with =
            |name: &str, value: &str| status(&door, &[("Host", "localhost:9000"), (name, value)]);
        for foreign in [
            "null",
            "http://evil.example",
            "http://localhost.evil.example",
            "http://localhost@evil.example",
            "chrome-extension://localhost",
            "",
            "http://localhost http://evil.example",
        ] {
            assert_eq!(with("origin", foreign), 403, "{foreign}");
        }
        for own in [
            "http://localhost:9000",
            "http://localhost:5173",
            "https://127.0.0.1",
            "http://[::1]:3000",
        ] {
            assert_eq!(with("Origin", own), 200, "{own}");
        }
        assert_eq!(with("sec-fetch-site", "Cross-Site"), 403);
        for own in ["same-origin", "same-site", "none"] {
            assert_eq!(with("Sec-Fetch-Site", own), 200, "{own}");
        }
        let between = [
            ("Host", "localhost"),
            ("Origin", "http://127.0.0.1:5173"),
            ("Sec-Fetch-Site", "cross-site"),
        ];
        assert_eq!(status(&door, &between), 200);
        assert_eq!(
            status(
                &door,
                &[
                    ("Host", "localhost"),
                    ("Origin", "http://localhost"),
                    ("Origin", "http://evil.example")
                ]
            ),
            403
        );
    }

    #[test]
    fn a_refusal_says_why_and_what_to_do_and_repeats_little() {
        let door = Door::new(Ipv4Addr::LOCALHOST.into());
        let long = format!("{}\u{1b}", "x".repeat(10_000));
        let refused = door.check(&request(&[("Host", &long)])).expect_err("a foreign host");
        assert!(
            refused.reason.len() < 500 && refused.reason.contains("--accept-host"),
            "{}",
            refused.reason
        );
    }
}
