//! A client for one request.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::fg::LIMIT;

/// The status and the body of the response; `None` without a response.
pub(crate) fn request(address: &str, method_and_target: &str, body: &str) -> Option<(u16, String)> {
    let length = body.len();
    let head = format!(
        "{method_and_target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    send(address, &format!("{head}{body}"))
}

/// The same, for a complete request.
pub(crate) fn send(address: &str, request: &str) -> Option<(u16, String)> {
    let mut socket = TcpStream::connect(address).ok()?;
    socket.set_read_timeout(Some(LIMIT)).ok()?;
    socket.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}
