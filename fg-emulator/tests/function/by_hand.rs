//! A function in the hands of the test: attached, with its connection at hand.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use fg_emulator::Emulator;

use crate::scripted::LIMIT;

pub(crate) struct Function(TcpStream);

/// Reads up to these bytes, and no further.
pub(crate) fn read_until(socket: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        let mut byte = [0];
        socket.read_exact(&mut byte).expect("more to come");
        read.push(byte[0]);
    }
    String::from_utf8(read).expect("text")
}

impl Function {
    /// Polls on a new connection.
    pub(crate) fn poll(emulator: &Emulator) -> Self {
        let variables = emulator.variables();
        let (_, address) =
            variables.iter().find(|(name, _)| name == "RUNTIME_API_ADDR").expect("it is told");
        let mut function = Self(TcpStream::connect(address).expect("it listens"));
        function.0.set_read_timeout(Some(LIMIT)).expect("a valid time limit");
        function.send("GET /v1/runtime/invocation/request HTTP/1.1\r\nHost: localhost\r\n\r\n");
        function
    }

    /// Polls, and begins a response in chunks to the event that comes, of which it reads the head
    /// alone.
    pub(crate) fn begin_response(emulator: &Emulator) -> Self {
        Self::begin_response_with(emulator, "Transfer-Encoding: chunked")
    }

    /// As [`begin_response`](Self::begin_response), with this header in place of that of the
    /// chunks.
    pub(crate) fn begin_response_with(emulator: &Emulator, framing: &str) -> Self {
        let mut function = Self::poll(emulator);
        let head = read_until(&mut function.0, "\r\n\r\n");
        let id = head
            .lines()
            .find_map(|line| line.strip_prefix("X-CFF-Request-Id: "))
            .expect("a request id");
        function.send(&format!(
            "POST /v1/runtime/invocation/response/{id} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/event-stream\r\n\
             {framing}\r\n\r\n"
        ));
        function
    }

    pub(crate) fn send(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).expect("the connection is open");
    }

    pub(crate) fn send_chunk(&mut self, text: &str) {
        self.send(&format!("{:x}\r\n{text}\r\n", text.len()));
    }

    /// Waits until the emulator closes the connection, and takes nothing but the rest of the event
    /// for it.
    pub(crate) fn wait_for_close(&mut self) {
        let mut rest = Vec::new();
        let read = self.0.read_to_end(&mut rest);
        assert!(
            read.is_ok() || read.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
        );
        assert_eq!(String::from_utf8_lossy(&rest), "{}");
    }
}
