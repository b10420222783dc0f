//! Which headers belong to one connection, and so are not passed on (RFC 9110, 7.6.1).

/// Headers of a connection, in lower case.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// Whether a header belongs to one connection.
pub(crate) fn is_hop_by_hop(name: &str) -> bool {
    HOP_BY_HOP.iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// The headers without those of the connection, which includes those that `Connection` names.
pub(crate) fn end_to_end_headers(headers: &[(String, String)]) -> Vec<(String, String)> {
    let named: Vec<_> = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("connection"))
        .flat_map(|(_, value)| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let is_passed = |(name, _): &&(String, String)| {
        !is_hop_by_hop(name) && !named.contains(&name.to_ascii_lowercase())
    };
    headers.iter().filter(is_passed).cloned().collect()
}

/// Whether a string is a token, such as a method or the name of a header (RFC 9110, 5.6.2).
pub(crate) fn is_token(string: &str) -> bool {
    !string.is_empty()
        && string
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_connection_are_left_out_also_those_that_it_names() {
        let headers = [
            ("Content-Type", "text/plain"),
            ("Connection", "close, X-Hop"),
            ("X-Hop", "1"),
            ("transfer-encoding", "chunked"),
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "b=2"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let passed = end_to_end_headers(&headers);
        let names: Vec<_> = passed.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Content-Type", "Set-Cookie", "Set-Cookie"]);
    }
}
