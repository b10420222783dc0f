//! Refuses requests that a web page of another site has sent to a service on this machine.
//!
//! Every web page can send requests to a local port. With DNS rebinding it can also read the
//! responses: the name of its own host then resolves to this machine. A browser puts the name that
//! it asked for into `Host`, and the site of the page into `Origin` and `Sec-Fetch-Site`.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ::http::Version;
use ::http::header::HOST;
use parking_lot::Mutex;

use super::request::Request;
use crate::printable::excerpt;

/// How much of what a caller has sent is repeated in a message, in characters.
const MAX_QUOTED: usize = 100;

/// Refuses requests that a web page of another site has sent to a service on this machine.
///
/// Every web page can send requests to a local port, and with DNS rebinding also read the
/// responses. So the `Host` of a request has to be a loopback name or address, the address that the
/// service is bound to (any address, if it is bound to all), or an [added name](Self::add_name).
/// Its `Origin` has to be such a name, too; without an `Origin`, `Sec-Fetch-Site` must not be
/// `cross-site`.
///
/// ```
/// use fg_emulator::CrossSiteGuard;
/// use http::Request;
///
/// let guard = CrossSiteGuard::new(std::net::Ipv4Addr::LOCALHOST.into());
/// let own = Request::get("/").header("Host", "localhost:9000").body(())?;
/// assert_eq!(guard.check_request(&own), Ok(()));
/// let foreign = Request::get("/").header("Host", "evil.example").body(())?;
/// assert_eq!(guard.check_request(&foreign).map_err(|rejection| rejection.status), Err(403));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Debug)]
pub struct CrossSiteGuard {
    bound: IpAddr,
    names: Mutex<BTreeSet<String>>,
}

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejection {
    /// 400 if the request has no valid `Host`, else 403.
    pub status: u16,
    /// A sentence for the caller. What it quotes of the request is
    /// [printable](crate::printable).
    pub reason: String,
}

impl CrossSiteGuard {
    /// For a service that is bound to this address.
    #[must_use]
    pub fn new(bound: IpAddr) -> Self {
        Self { bound: bound.to_canonical(), names: Mutex::default() }
    }

    /// Adds a host name of the service, without a port.
    pub fn add_name(&self, name: &str) {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        self.names.lock().insert(name);
    }

    /// Checks the target, `Host`, and the site that has sent the request.
    ///
    /// # Errors
    ///
    /// If the request is to be refused.
    pub fn check_request<B>(&self, request: &::http::Request<B>) -> Result<(), Rejection> {
        // HTTP/2 has the authority in place of `Host`.
        let has_no_host =
            request.version() == Version::HTTP_2 && !request.headers().contains_key(HOST);
        let authority = request.uri().authority().filter(|_| has_no_host);
        let headers = request.headers().iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        let host = authority.map(|authority| ("Host".to_owned(), authority.as_str().to_owned()));
        self.check(&Request {
            method: request.method().as_str().to_owned(),
            target: request.uri().to_string(),
            headers: headers.chain(host).collect(),
            is_http_1_0: request.version() == Version::HTTP_10,
            ..Request::default()
        })
    }

    /// As [`check_request`](Self::check_request), for a request that this crate has read.
    pub(crate) fn check(&self, request: &Request) -> Result<(), Rejection> {
        let hosts: Vec<_> = request.header_values("Host").collect();
        match hosts[..] {
            [] if request.is_http_1_0 => {}
            [] => return Err(Rejection { status: 400, reason: "the request has no Host".into() }),
            [host] => self.check_host(host)?,
            _ => {
                return Err(Rejection {
                    status: 400,
                    reason: "the request has more than one Host".into(),
                });
            }
        }
        // The authority of an absolute target takes precedence over `Host` (RFC 9112, 3.2.2).
        if let (false, Some((_, rest))) =
            (request.target.starts_with('/'), request.target.split_once("://"))
        {
            self.check_host(rest.split(['/', '?']).next().unwrap_or_default())?;
        }
        if !request.target.starts_with('/')
            && !request.target.contains("://")
            && request.target != "*"
        {
            return Err(Rejection {
                status: 400,
                reason: format!("{:?} is not a path", excerpt(&request.target, MAX_QUOTED)),
            });
        }
        self.check_sender(request)
    }

    /// Checks the headers alone, and accepts a request without `Host`, as a client that is written
    /// by hand may send it.
    pub(crate) fn check_headers(&self, request: &Request) -> Result<(), Rejection> {
        request.header_values("Host").try_for_each(|host| self.check_host(host))?;
        self.check_sender(request)
    }

    fn check_host(&self, authority: &str) -> Result<(), Rejection> {
        if parse_host(authority).is_some_and(|host| self.is_own(&host)) {
            return Ok(());
        }
        let host = excerpt(authority, MAX_QUOTED);
        let reason = format!(
            "the Host {host:?} is not a name of this service, so the request may come from a page of another site (DNS rebinding); use \
             localhost or 127.0.0.1, or accept the name: cargo fg dev --accept-host NAME"
        );
        Err(Rejection { status: 403, reason })
    }

    fn check_sender(&self, request: &Request) -> Result<(), Rejection> {
        let refused = |what: &str| {
            let reason = format!(
                "{what}: a page of another site must not call a function on this machine; serve the page from localhost, accept its host \
                 with cargo fg dev --accept-host NAME, or open the address from the address bar"
            );
            Err(Rejection { status: 403, reason })
        };
        let mut origins = request.header_values("Origin").peekable();
        let has_origin = origins.peek().is_some();
        let host = request.header_values("Host").next().and_then(parse_host);
        if let Some(foreign) = origins.find(|origin| !self.is_own_origin(origin, host.as_ref())) {
            return refused(&format!(
                "the request has the Origin {:?}",
                excerpt(foreign, MAX_QUOTED)
            ));
        }
        // A browser also says this between localhost and 127.0.0.1, where `Origin` has been
        // checked.
        let is_cross_site = request
            .header_values("Sec-Fetch-Site")
            .any(|site| site.eq_ignore_ascii_case("cross-site"));
        if is_cross_site && !has_origin {
            refused("the browser says that the request is cross-site")
        } else {
            Ok(())
        }
    }

    /// A page may come from the host that it asks, or from a name of this service. It may not come
    /// from any address, since addresses exist on the internet as well.
    fn is_own_origin(&self, origin: &str, requested: Option<&Host>) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else { return false };
        let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        is_web
            && parse_host(authority)
                .is_some_and(|host| Some(&host) == requested || self.is_named(&host))
    }

    /// If the service is bound to all addresses, each address can be this machine's. That is safe:
    /// DNS rebinding needs a name, and a page whose host is an address comes from that address.
    fn is_own(&self, host: &Host) -> bool {
        self.is_named(host) || self.bound.is_unspecified() && matches!(host, Host::Address(_))
    }

    fn is_named(&self, host: &Host) -> bool {
        match host {
            Host::Address(address) => {
                address.is_loopback() || address.is_unspecified() || *address == self.bound
            }
            Host::Name(name) => name == "localhost" || self.names.lock().contains(name),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    /// In lower case, without the dot at the end of a fully qualified name.
    Name(String),
}

/// The host of `host[:port]`; `None` if the string does not have this form.
fn parse_host(authority: &str) -> Option<Host> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            // The zone, such as `%eth0`, is not part of the address.
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

    fn status(guard: &CrossSiteGuard, headers: &[(&str, &str)]) -> u16 {
        guard.check(&request(headers)).map_or_else(|refused| refused.status, |()| 200)
    }

    #[test]
    fn only_a_host_that_is_this_machines_own_is_let_in() {
        let guard = CrossSiteGuard::new(Ipv4Addr::LOCALHOST.into());
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
            assert_eq!(status(&guard, &[("host", own)]), 200, "{own}");
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
            assert_eq!(status(&guard, &[("Host", foreign)]), 403, "{foreign}");
        }
        assert_eq!(status(&guard, &[]), 400);
        assert_eq!(status(&guard, &[("Host", "localhost"), ("Host", "localhost")]), 400);
        let old = Request { is_http_1_0: true, ..request(&[]) };
        assert_eq!(guard.check(&old), Ok(()));
        let absolute =
            Request { target: "http://evil.example/".into(), ..request(&[("Host", "localhost")]) };
        assert_eq!(guard.check(&absolute).map_err(|refused| refused.status), Err(403));
        let tunnel =
            Request { target: "evil.example:443".into(), ..request(&[("Host", "localhost")]) };
        assert_eq!(guard.check(&tunnel).map_err(|refused| refused.status), Err(400));
        let query = Request {
            target: "/?back=http://evil.example/".into(),
            ..request(&[("Host", "localhost")])
        };
        assert_eq!(guard.check(&query), Ok(()));
    }

    #[test]
    fn what_it_was_told_to_listen_at_is_its_own() {
        let everywhere = CrossSiteGuard::new(Ipv4Addr::UNSPECIFIED.into());
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
        everywhere.add_name("Dev.Example.");
        assert_eq!(
            status(&everywhere, &[("Host", "dev.example:9000"), ("Origin", "https://dev.example")]),
            200
        );
        let one = CrossSiteGuard::new(Ipv4Addr::new(192, 168, 1, 5).into());
        assert_eq!(status(&one, &[("Host", "192.168.1.5:9000")]), 200);
        assert_eq!(status(&one, &[("Host", "192.168.1.6:9000")]), 403);
    }

    #[test]
    fn a_page_of_another_site_is_not_let_in() {
        let guard = CrossSiteGuard::new(Ipv4Addr::LOCALHOST.into());
        let with =
            |name: &str, value: &str| status(&guard, &[("Host", "localhost:9000"), (name, value)]);
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
        assert_eq!(status(&guard, &between), 200);
        assert_eq!(
            status(
                &guard,
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
        let guard = CrossSiteGuard::new(Ipv4Addr::LOCALHOST.into());
        let long = format!("{}\u{1b}", "x".repeat(10_000));
        let refused = guard.check(&request(&[("Host", &long)])).expect_err("a foreign host");
        assert!(
            refused.reason.len() < 500 && refused.reason.contains("--accept-host"),
            "{}",
            refused.reason
        );
    }

    #[test]
    fn a_request_of_another_library_is_checked_in_the_same_way() {
        let guard = CrossSiteGuard::new(Ipv4Addr::LOCALHOST.into());
        let status = |version, target: &str, host: Option<&str>| {
            let mut request = ::http::Request::get(target).version(version);
            if let Some(host) = host {
                request = request.header("Host", host);
            }
            let request = request.body(()).expect("a valid request");
            guard.check_request(&request).map_or_else(|refused| refused.status, |()| 200)
        };
        for (version, target, host, expected) in [
            (Version::HTTP_11, "/a?b", Some("localhost:8000"), 200),
            (Version::HTTP_11, "/", Some("evil.example"), 403),
            (Version::HTTP_11, "/", None, 400),
            (Version::HTTP_11, "http://evil.example/", Some("localhost"), 403),
            (Version::HTTP_10, "/", None, 200),
            (Version::HTTP_2, "http://localhost/", None, 200),
            (Version::HTTP_2, "http://evil.example/", None, 403),
            (Version::HTTP_2, "http://localhost/", Some("evil.example"), 403),
        ] {
            assert_eq!(status(version, target, host), expected, "{version:?} {target} {host:?}");
        }
    }
}
