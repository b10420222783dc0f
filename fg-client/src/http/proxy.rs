//! Which requests go through a proxy.

use std::net::IpAddr;

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use crate::environment::Environment;

/// The proxies of the usual variables: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, and
/// their forms in lower case, which come first, as for curl.
#[derive(Debug)]
pub(crate) struct Proxies {
    matcher: Matcher,
}

impl Proxies {
    /// What the variables say. The error names the variable, not its value: a proxy has a password.
    pub(crate) fn from_environment(environment: &Environment) -> Result<Self, String> {
        let first = |names: [&'static str; 2]| environment.first(&names);
        let all = first(["all_proxy", "ALL_PROXY"]);
        let https = first(["https_proxy", "HTTPS_PROXY"]);
        // In a CGI program `HTTP_PROXY` is the header `Proxy` of a caller.
        let http = match environment.get("REQUEST_METHOD") {
            Some(_) => environment.first(&["http_proxy"]),
            None => first(["http_proxy", "HTTP_PROXY"]),
        };
        for (name, value) in [all, https, http].into_iter().flatten() {
            check(value).map_err(|why| format!("the variable {name} {why}"))?;
        }
        let value =
            |variable: Option<(&str, &str)>| variable.map_or("", |(_, value)| value).to_owned();
        let matcher = Matcher::builder()
            .all(value(all))
            .https(value(https))
            .http(value(http))
            .no(value(first(["no_proxy", "NO_PROXY"])))
            .build();
        Ok(Self { matcher })
    }

    /// The proxy for a request. This machine, and the metadata service of a cloud server, are
    /// never reached through one.
    pub(super) fn proxy(&self, uri: &Uri) -> Option<Intercept> {
        if uri.host().is_some_and(is_local) {
            return None;
        }
        self.matcher.intercept(uri)
    }
}

/// Only proxies that are spoken to in plain HTTP are supported, which nearly all are; what goes
/// through them is encrypted all the same.
fn check(value: &str) -> Result<(), &'static str> {
    let uri = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let Ok(uri) = uri.parse::<Uri>() else {
        return Err("is not a URL: it has the form http://HOST:PORT");
    };
    match uri.scheme_str() {
        Some("http") if uri.host().is_some() => Ok(()),
        _ => Err("has a scheme that is not supported: it has the form http://HOST:PORT"),
    }
}

/// Whether a host is this machine, or link-local.
pub(crate) fn is_local(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost") || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(environment: &Environment, url: &str) -> Option<String> {
        let proxies = Proxies::from_environment(environment).unwrap();
        let proxy = proxies.proxy(&url.parse().unwrap())?;
        Some(proxy.uri().to_string())
    }

    #[test]
    fn the_usual_variables_choose_the_proxy() {
        let environment = Environment::empty()
            .variable("HTTPS_PROXY", "http://me:s3cr3t@proxy.example:3128")
            .variable("NO_PROXY", "eu-de.otc.t-systems.com");
        let url = "https://functiongraph.cn-north-4.myhuaweicloud.com/v2";
        assert_eq!(proxy(&environment, url).unwrap(), "http://proxy.example:3128/");
        let url = "https://iam.eu-de.otc.t-systems.com/v3";
        assert_eq!(proxy(&environment, url), None);
        assert_eq!(proxy(&environment, "http://other.example/"), None);
    }

    #[test]
    fn lower_case_comes_first_and_a_scheme_is_not_needed() {
        let environment = Environment::empty()
            .variable("https_proxy", "one.example:3128")
            .variable("HTTPS_PROXY", "http://two.example:3128");
        assert_eq!(proxy(&environment, "https://a.example/").unwrap(), "http://one.example:3128/");
    }

    #[test]
    fn this_machine_and_the_metadata_service_have_no_proxy() {
        let environment = Environment::empty().variable("ALL_PROXY", "http://proxy.example:3128");
        for url in [
            "http://127.0.0.1:9000/",
            "http://localhost/",
            "http://[::1]:9000/",
            "http://169.254.169.254/",
            "http://api.localhost/",
        ] {
            assert_eq!(proxy(&environment, url), None, "{url}");
        }
        assert!(proxy(&environment, "http://128.0.0.1/").is_some());
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused_without_its_password() {
        for value in ["socks5://me:s3cr3t@host:1080", "https://me:s3cr3t@host", "http://a b:s3cr3t"]
        {
            let environment = Environment::empty().variable("HTTPS_PROXY", value);
            let error = Proxies::from_environment(&environment).unwrap_err();
            assert!(error.contains("HTTPS_PROXY") && !error.contains("s3cr3t"), "{error}");
        }
    }
}
