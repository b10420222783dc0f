//! A function written by hand: one connection, no library, so that each byte and each close can be
//! seen.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use fg_emulator::RuntimeApi;

/// Long enough for any machine: only a failing test waits so long.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) const POLL: &str =
    "GET /v1/runtime/invocation/request HTTP/1.1\r\nHost: localhost\r\n\r\n";

pub(crate) struct Client(TcpStream);

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn request_id(&self) -> &str {
        self.header("X-CFF-Request-Id").expect("a request id")
    }
}

pub(crate) fn response(id: &str, body: &str) -> String {
    format!(
        "POST /v1/runtime/invocation/response/{id} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn error(id: &str, body: &str) -> String {
    response(id, body).replace("/response/", "/error/")
}

impl Client {
    pub(crate) fn connect(api: &RuntimeApi) -> Self {
        let stream = TcpStream::connect(api.address()).expect("the API listens");
        stream.set_read_timeout(Some(LIMIT)).expect("a valid time limit");
        Self(stream)
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("the connection is open");
    }

    /// Sends a request and reads what comes back.
    pub(crate) fn ask(&mut self, bytes: impl AsRef<[u8]>) -> Response {
        self.send(bytes);
        self.read_response()
    }

    pub(crate) fn read_head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).expect("a whole head");
            head.push(byte[0]);
        }
        String::from_utf8(head).expect("a head in ASCII")
    }

    /// Reads a response with a length.
    pub(crate) fn read_response(&mut self) -> Response {
        let head = self.read_head();
        let mut lines = head.lines();
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let mut response = Response { status, headers, body: String::new() };
        let length =
            response.header("Content-Length").map_or(0, |length| length.parse().expect("a number"));
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("a whole body");
        response.body = String::from_utf8(body).expect("a body in UTF-8");
        response
    }

    /// Reads until the API closes the connection.
    pub(crate) fn read_to_end(&mut self) -> io::Result<String> {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(crate) fn stop_sending(&self) {
        self.0.shutdown(Shutdown::Write).expect("the connection is open");
    }
}
