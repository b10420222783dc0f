//! A caller that writes its requests by hand, each on a connection of its own.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::scripted::LIMIT;

pub(crate) struct Caller(String);

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Caller {
    pub(crate) fn new(address: String) -> Self {
        Self(address)
    }

    pub(crate) fn address(&self) -> &str {
        &self.0
    }

    pub(crate) fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            self.0,
            body.len()
        );
        let answer = exchange(&self.0, &request);
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Answer { status: status.expect("a status"), head: head.to_owned(), body: body.to_owned() }
    }

    /// As [`send`](Self::send), with headers of which each has been made for this request.
    pub(crate) fn send_with(
        &self,
        method: &str,
        target: &str,
        headers: &[(&'static str, String)],
        body: &str,
    ) -> Answer {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
        self.send(method, target, &headers, body)
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// The first value of a header in a head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let head = head.split("\r\n\r\n").next().unwrap_or_default();
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    headers.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A request as it is, and all that comes back.
pub(crate) fn exchange(address: &str, request: &str) -> String {
    let mut socket = TcpStream::connect(address).expect("it listens");
    socket.set_read_timeout(Some(LIMIT)).expect("a valid time limit");
    socket.write_all(request.as_bytes()).expect("it reads");
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer);
    assert!(read.is_ok() || !answer.is_empty(), "{request}: {read:?}");
    String::from_utf8_lossy(&answer).into_owned()
}
