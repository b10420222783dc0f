//! A response, and its bytes with each of the framings of HTTP/1.1: a length, chunks, or the end of
//! the connection.

/// The first value of a header; the name is compared without regard to case.
pub(crate) fn find_header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// A response before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A message in plain text, as the platform sends it with a status other than 200.
    pub(crate) fn text(status: u16, message: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned())];
        Self { status, headers, body: message.into() }
    }

    /// Adds a header if there is none of this name.
    pub(crate) fn default_header(&mut self, name: &str, value: &str) {
        if self.header(name).is_none() {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Announces `Connection: close` if the connection is not kept.
    pub(crate) fn closing_unless(mut self, keep_alive: bool) -> Self {
        if !keep_alive {
            self.default_header("Connection", "close");
        }
        self
    }

    /// The first value of a header; the name is compared without regard to case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    pub(crate) fn closes(&self) -> bool {
        self.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    /// Adds `Content-Length`, unless the headers already frame the body.
    pub(crate) fn sized(mut self) -> Vec<u8> {
        let bodiless = self.status == 204 || self.status == 304;
        if !(bodiless && self.body.is_empty()) && self.header("Transfer-Encoding").is_none() {
            let length = self.body.len().to_string();
            self.default_header("Content-Length", &length);
        }
        let mut bytes = self.head();
        bytes.extend(self.body);
        bytes
    }

    /// In chunks of these sizes, and one more with the rest.
    pub(crate) fn chunked(
        mut self,
        sizes: &[usize],
        extension: Option<&str>,
        trailers: &[(String, String)],
    ) -> Vec<u8> {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("Content-Length"));
        self.default_header("Transfer-Encoding", "chunked");
        let extension = extension.map(|text| format!(";{text}")).unwrap_or_default();
        let mut bytes = self.head();
        let mut rest = self.body.as_slice();
        let mut sizes = sizes.iter().copied().filter(|size| *size > 0);
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(sizes.next().unwrap_or(rest.len()).min(rest.len()));
            write_chunk(&mut bytes, chunk, &extension);
            rest = after;
        }
        bytes.extend(format!("0{extension}\r\n").into_bytes());
        write_headers(&mut bytes, trailers);
        bytes
    }

    /// Without a length: the body ends with the connection.
    pub(crate) fn close_delimited(mut self) -> Vec<u8> {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("Content-Length"));
        self.default_header("Connection", "close");
        let mut bytes = self.head();
        bytes.extend(self.body);
        bytes
    }

    /// The status line, the headers and the empty line.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut bytes =
            format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)).into_bytes();
        write_headers(&mut bytes, &self.headers);
        bytes
    }
}

/// Appends one chunk. The extension begins with its semicolon.
pub(crate) fn write_chunk(bytes: &mut Vec<u8>, chunk: &[u8], extension: &str) {
    bytes.extend(format!("{:x}{extension}\r\n", chunk.len()).into_bytes());
    bytes.extend_from_slice(chunk);
    bytes.extend_from_slice(b"\r\n");
}

fn write_headers(bytes: &mut Vec<u8>, headers: &[(String, String)]) {
    for (name, value) in headers {
        bytes.extend(format!("{name}: {value}\r\n").into_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
}

/// The reason phrase; for a status that is not registered, the name of its class.
fn reason(status: u16) -> &'static str {
    let registered =
        ::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    registered.unwrap_or(match status / 100 {
        1 => "Informational",
        2 => "Success",
        3 => "Redirection",
        4 => "Client Error",
        5 => "Server Error",
        _ => "Unknown",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(body: &str) -> Response {
        Response { status: 200, headers: vec![("A".into(), "b".into())], body: body.into() }
    }

    #[test]
    fn a_sized_reply_has_a_length_unless_its_headers_say_how_long_it_is() {
        assert_eq!(
            response("hi").sized(),
            b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\nhi"
        );
        assert_eq!(Response::empty(200).sized(), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(Response::empty(204).sized(), b"HTTP/1.1 204 No Content\r\n\r\n");
        let mut wrong = response("hi");
        wrong.headers = vec![("content-length".into(), "7".into())];
        assert_eq!(wrong.sized(), b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nhi");
    }

    #[test]
    fn a_chunked_reply_has_the_sizes_extensions_and_trailers_asked_for() {
        let bytes = response("hello").chunked(&[1, 0, 2], Some("x=y"), &[("T".into(), "u".into())]);
        let expected = "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n\
            1;x=y\r\nh\r\n2;x=y\r\nel\r\n2;x=y\r\nlo\r\n0;x=y\r\nT: u\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
        assert!(response("").chunked(&[], None, &[]).ends_with(b"\r\n\r\n0\r\n\r\n"));
    }

    #[test]
    fn every_status_has_a_reason_phrase() {
        for (status, reason) in [
            (201, "Created"),
            (422, "Unprocessable Entity"),
            (103, "Early Hints"),
            (299, "Success"),
            (999, "Unknown"),
        ] {
            let head = Response::empty(status).head();
            assert!(
                head.starts_with(format!("HTTP/1.1 {status} {reason}\r\n").as_bytes()),
                "{}",
                String::from_utf8_lossy(&head)
            );
        }
        assert!((100..1000).all(|status| !reason(status).is_empty()));
    }

    #[test]
    fn a_close_delimited_reply_has_no_length() {
        assert_eq!(
            response("hi").close_delimited(),
            b"HTTP/1.1 200 OK\r\nA: b\r\nConnection: close\r\n\r\nhi"
        );
    }
}
