//! A client that sends bytes as they are, and tells a complete response from one that was cut.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::function::LIMIT;

/// A connection to the function.
pub(crate) struct Client {
    reader: BufReader<TcpStream>,
}

/// A response, with as much of its body as came.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// In lower case, as they came.
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the connection ended before the body did.
    pub(crate) is_cut: bool,
}

impl Client {
    pub(crate) fn connect(port: u16) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the function listens");
        stream.set_read_timeout(Some(LIMIT)).expect("it can be set");
        stream.set_write_timeout(Some(LIMIT)).expect("it can be set");
        Self { reader: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("the function reads");
    }

    /// Sends, where the function may have had enough.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.reader.get_mut().write_all(bytes.as_ref())
    }

    pub(crate) fn shutdown(&mut self, how: Shutdown) {
        self.reader.get_mut().shutdown(how).expect("it is open");
    }

    /// The status and the headers of a final response.
    pub(crate) fn read_head(&mut self) -> Response {
        loop {
            let status_line = self.read_line();
            let mut words = status_line.split(' ');
            assert!(
                matches!(words.next(), Some("HTTP/1.1" | "HTTP/1.0")),
                "{status_line:?} is no status line"
            );
            let status =
                words.next().and_then(|status| status.parse().ok()).expect("there is a status");
            let mut headers = Vec::new();
            loop {
                let line = self.read_line();
                let Some((name, value)) = line.split_once(':') else {
                    assert_eq!(line, "");
                    break;
                };
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
            if status != 100 {
                return Response { status, headers, body: Vec::new(), is_cut: false };
            }
        }
    }

    /// The interim response that asks for the body.
    pub(crate) fn expect_continue(&mut self) {
        assert_eq!((&*self.read_line(), &*self.read_line()), ("HTTP/1.1 100 Continue", ""));
    }

    pub(crate) fn read_response(&mut self) -> Response {
        let mut response = self.read_head();
        self.read_body(&mut response);
        response
    }

    pub(crate) fn read_body(&mut self, response: &mut Response) {
        if response.header("transfer-encoding").is_some() {
            while let Some(piece) = self.read_piece(response) {
                response.body.extend(piece);
            }
        } else if response.status != 204 {
            let length: usize = response
                .header("content-length")
                .and_then(|length| length.parse().ok())
                .unwrap_or_default();
            self.reader
                .by_ref()
                .take(length as u64)
                .read_to_end(&mut response.body)
                .expect("the body can be read");
            response.is_cut = response.body.len() < length;
        }
    }

    /// The next chunk of a chunked body; none at its end, in whatever way it comes.
    pub(crate) fn read_piece(&mut self, response: &mut Response) -> Option<Vec<u8>> {
        let mut line = String::new();
        let is_there = self.reader.read_line(&mut line).is_ok() && line.ends_with("\r\n");
        if !is_there {
            response.is_cut = true;
            return None;
        }
        let length = u64::from_str_radix(line.trim_end(), 16).expect("a chunk has a size");
        let mut piece = Vec::new();
        let read = self.reader.by_ref().take(length + 2).read_to_end(&mut piece);
        if read.is_err() || piece.len() as u64 != length + 2 {
            response.is_cut = true;
            return None;
        }
        piece.truncate(piece.len() - 2);
        (length > 0).then_some(piece)
    }

    /// Sends these bytes again and again, each after a while, until there is an answer.
    pub(crate) fn drip(&mut self, bytes: &[u8]) {
        let stream = self.reader.get_mut();
        stream.set_read_timeout(Some(Duration::from_millis(300))).expect("it can be set");
        while stream.peek(&mut [0]).is_err() {
            stream.write_all(bytes).expect("the function reads");
        }
        stream.set_read_timeout(Some(LIMIT)).expect("it can be set");
    }

    /// The next line, of whatever protocol.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("a line can be read");
        line
    }

    /// The function closes the connection, whatever it says before.
    pub(crate) fn wait_for_the_end(&mut self) {
        if let Err(error) = self.reader.read_to_end(&mut Vec::new()) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
    }

    /// The function closes the connection, and sends nothing before.
    pub(crate) fn assert_closed(&mut self) {
        let mut rest = Vec::new();
        match self.reader.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("the connection is not closed: {error}"),
        }
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }

    fn read_line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("a line can be read");
        assert!(line.ends_with("\r\n"), "the connection ended at {line:?}");
        line.truncate(line.len() - 2);
        line
    }
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The type of the error, where the status is this one.
    pub(crate) fn error_type(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/json"));
        self.json()["errorType"].as_str().expect("an error has a type").to_owned()
    }

    pub(crate) fn error_message(&self) -> String {
        self.json()["errorMessage"].as_str().expect("an error has a message").to_owned()
    }
}
