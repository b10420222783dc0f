//! A client of the programs that serve HTTP: each request on a connection of its own, each piece of
//! a body when it comes.

#![allow(dead_code, reason = "each test program uses its part of this")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

/// Long enough for any machine: only a failing test waits so long.
const LONG: Duration = Duration::from_secs(20);

/// A program that serves HTTP; it is killed when this is dropped.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
    log: Option<std::process::ChildStdout>,
}

impl Server {
    /// Starts an example with these variables, and waits until it listens.
    pub(crate) fn start(example: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = super::command(example);
        command.env("FG_PORT", "0").envs(variables.iter().copied());
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let mut log = process.stdout.take().expect("it is piped");
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            let mut byte = [0];
            log.read_exact(&mut byte).expect("it says where it listens");
            line.extend(byte);
        }
        let line = String::from_utf8(line).expect("it is text");
        let port = line.trim().rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
        let address =
            ([127, 0, 0, 1], port.unwrap_or_else(|| panic!("no port in {line:?}"))).into();
        Self { process, address, log: Some(log) }
    }

    /// Sends a request with this head, without the empty line, and this body.
    pub(crate) fn send(&self, head: &str, body: &[u8]) -> Response {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(LONG)).expect("it can be set");
        let head = format!(
            "{}\r\nHost: test\r\nContent-Length: {}\r\n\r\n",
            head.replace('\n', "\r\n"),
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).expect("it reads");
        Response::read(stream)
    }

    /// Ends it, and returns what it has logged.
    pub(crate) fn kill(mut self) -> String {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
        let mut log = String::new();
        self.log.take().expect("it is there").read_to_string(&mut log).expect("it is text");
        log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A response whose head has come.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    reader: BufReader<TcpStream>,
}

impl Response {
    fn read(stream: TcpStream) -> Self {
        let (mut reader, mut head) = (BufReader::new(stream), String::new());
        while !head.ends_with("\r\n\r\n") {
            assert!(
                reader.read_line(&mut head).expect("the head is text") > 0,
                "the head is not complete: {head:?}"
            );
        }
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .expect("there is a status");
        Self { status, head, reader }
    }

    /// The value of a header; it is spelled in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The next piece of a chunked body; none at its end. A body that is cut is an error.
    pub(crate) fn piece(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
        let mut piece = vec![0; size + 2];
        self.reader.read_exact(&mut piece)?;
        piece.truncate(size);
        Ok((size > 0).then_some(piece))
    }

    /// The whole body, in either form.
    pub(crate) fn body(mut self) -> Vec<u8> {
        let mut body = Vec::new();
        if let Some(length) = self.header("content-length").and_then(|length| length.parse().ok()) {
            body.resize(length, 0);
            self.reader.read_exact(&mut body).expect("the body is complete");
        } else {
            while let Some(piece) = self.piece().expect("the body is complete") {
                body.extend(piece);
            }
        }
        body
    }

    pub(crate) fn text(self) -> String {
        String::from_utf8(self.body()).expect("it is text")
    }
}
