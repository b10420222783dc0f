//! A streamed response is sent chunk by chunk, and an incomplete one is always truncated on the
//! wire.
//!
//! The Runtime API of these tests is a plain socket, so that they can assert each byte and when it
//! is sent.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::function::{Function, LIMIT, stream};
use crate::gate::Gate;

/// The Runtime API, and the function's connection to it.
struct Api {
    listener: TcpListener,
    connection: TcpStream,
}

impl Api {
    /// Starts a function, and sends it this event.
    fn start(timeout: &str, steps: &str) -> (Self, Function) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound").to_string();
        let function = stream().with("RUNTIME_TIMEOUT", timeout).start_at(&address);
        let connection = accept(&listener);
        let mut api = Self { listener, connection };
        api.send_event("r-1", steps);
        (api, function)
    }

    fn send_event(&mut self, id: &str, steps: &str) {
        assert!(self.read_head().starts_with("GET /v1/runtime/invocation/request "));
        let event = format!(
            "HTTP/1.1 200 OK\r\nX-CFF-Request-Id: {id}\r\nContent-Length: {}\r\n\r\n{steps}",
            steps.len()
        );
        self.connection.write_all(event.as_bytes()).expect("the function reads");
    }

    /// Reads the head of a streamed answer.
    fn expect_stream(&mut self, id: &str) {
        let head = self.read_head();
        assert!(
            head.starts_with(&format!("POST /v1/runtime/invocation/response/{id} HTTP/1.1\r\n")),
            "{head}"
        );
        assert!(
            head.contains("\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n"),
            "{head}"
        );
    }

    fn expect_error(&mut self, id: &str) -> String {
        let head = self.read_head();
        assert!(
            head.starts_with(&format!("POST /v1/runtime/invocation/error/{id} HTTP/1.1\r\n")),
            "{head}"
        );
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let mut body =
            vec![0; length.and_then(|length| length.parse().ok()).expect("an error has a length")];
        self.connection.read_exact(&mut body).expect("the body is complete");
        self.acknowledge();
        String::from_utf8(body).expect("JSON is a string")
    }

    fn expect(&mut self, bytes: &str) {
        let mut read = vec![0; bytes.len()];
        self.connection.read_exact(&mut read).expect("it comes");
        assert_eq!(String::from_utf8_lossy(&read), bytes);
    }

    /// Asserts that the function closes the connection without the last chunk.
    fn expect_cut(&mut self) {
        let mut rest = Vec::new();
        if let Err(error) = self.connection.read_to_end(&mut rest) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
        assert!(!rest.ends_with(b"0\r\n\r\n"), "{}", String::from_utf8_lossy(&rest));
        self.connection = accept(&self.listener);
    }

    fn acknowledge(&mut self) {
        self.connection
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .expect("the function reads");
    }

    /// Asserts that the process serves another event completely.
    fn assert_serves(&mut self) {
        self.send_event("r-next", r#"[{"write":"whole"}]"#);
        self.expect_stream("r-next");
        self.expect("5\r\nwhole\r\n0\r\n\r\n");
        self.acknowledge();
    }

    /// Reads exactly up to the empty line.
    fn read_head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.connection.read_exact(&mut byte).expect("the head is complete");
            head.extend(byte);
        }
        String::from_utf8(head).expect("a head is a string")
    }
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (connection, _) = listener.accept().expect("the function connects");
    connection.set_read_timeout(Some(LIMIT)).expect("it can be set");
    connection
}

#[test]
fn a_chunk_is_sent_before_the_next_one_is_polled() {
    let gate = Gate::new();
    let steps =
        format!(r#"[{{"write":"first"}},{{"wait_at":"{}"}},{{"write":"second"}}]"#, gate.address());
    let (mut api, function) = Api::start("60", &steps);
    api.expect_stream("r-1");
    api.expect("5\r\nfirst\r\n");
    drop(gate.reached());
    api.expect("6\r\nsecond\r\n0\r\n\r\n");
    api.acknowledge();
    api.assert_serves();
    let ended = function.stop();
    assert_eq!((ended.code, ended.count("ERROR"), ended.stderr.len()), (0, 0, 0), "{ended:#?}");
}

#[test]
fn an_empty_stream_is_an_empty_body() {
    let (mut api, _function) = Api::start("60", "[]");
    api.expect_stream("r-1");
    api.expect("0\r\n\r\n");
    api.acknowledge();
    api.assert_serves();
}

#[test]
fn an_error_before_the_first_chunk_is_an_ordinary_error_response() {
    for (step, expected) in [
        (
            r#""fail""#,
            r#"{"errorMessage":"the source has run dry","errorType":"FunctionReturnError"}"#,
        ),
        (r#""panic""#, r#""errorType":"panic""#),
        (r#""hang""#, r#""errorType":"FunctionTimeout""#),
    ] {
        let (mut api, function) = Api::start("1", &format!("[{step}]"));
        let error = api.expect_error("r-1");
        assert!(error.contains(expected), "{error}");
        api.assert_serves();
        assert_eq!(function.stop().count("r-1 ERROR "), 1);
    }
}

#[test]
fn a_stream_that_fails_after_its_first_chunk_is_truncated_and_logged_once() {
    for (step, expected) in [
        (
            r#""fail""#,
            "the streamed response ends too early: FunctionReturnError: the source has run dry",
        ),
        (r#""panic""#, "the streamed response ends too early: panic: in the middle of a stream"),
        (r#""hang""#, "the streamed response ends too early: FunctionTimeout: not finished after"),
    ] {
        let gate = Gate::new();
        let steps = format!(r#"[{{"write":"first"}},{{"wait_at":"{}"}},{step}]"#, gate.address());
        let (mut api, function) = Api::start("1", &steps);
        api.expect_stream("r-1");
        api.expect("5\r\nfirst\r\n");
        drop(gate.reached());
        api.expect_cut();
        api.assert_serves();
        let ended = function.stop();
        assert_eq!(
            (ended.code, ended.count(" r-1 ERROR "), ended.count(expected)),
            (0, 1, 1),
            "{step}: {ended:#?}"
        );
        assert_eq!(ended.count(" r-1 INFO dropped"), 1, "{ended:#?}");
    }
}

#[test]
fn a_stream_that_blocks_its_thread_past_the_deadline_ends_with_the_process() {
    let gate = Gate::new();
    let steps = format!(r#"[{{"write":"first"}},{{"wait_at":"{}"}},"block"]"#, gate.address());
    let (mut api, function) = Api::start("1", &steps);
    api.expect_stream("r-1");
    api.expect("5\r\nfirst\r\n");
    drop(gate.reached());
    let mut rest = Vec::new();
    api.connection.read_to_end(&mut rest).expect("the connection is closed");
    assert_eq!(rest, b"");
    let ended = function.wait();
    assert_eq!(
        (ended.code, ended.count("fg: ending the process: request r-1: FunctionTimeout: ")),
        (1, 1),
        "{ended:#?}"
    );
}

#[test]
fn a_caller_that_disconnects_ends_the_stream_and_not_the_process() {
    // The stream waits at a gate that the test never opens, so it must be dropped.
    let (first, second) = (Gate::new(), Gate::new());
    let steps = format!(
        r#"[{{"write":"one"}},{{"wait_at":"{}"}},{{"write":"two"}},{{"wait_at":"{}"}}]"#,
        first.address(),
        second.address()
    );
    let (mut api, function) = Api::start("60", &steps);
    api.expect_stream("r-1");
    api.expect("3\r\none\r\n");
    drop(first.reached());
    api.expect("3\r\ntwo\r\n");
    let _waiting = second.reached();
    api.connection.shutdown(std::net::Shutdown::Both).expect("it is open");
    api.connection = accept(&api.listener);
    api.assert_serves();
    let ended = function.stop();
    assert_eq!((ended.code, ended.count(" r-1 INFO dropped")), (0, 1), "{ended:#?}");
    assert_eq!(ended.count("the answer to request r-1 could not be delivered"), 1, "{ended:#?}");
}

#[test]
fn a_refusal_in_the_middle_ends_the_stream_and_413_becomes_an_error_response() {
    let gate = Gate::new();
    let steps =
        format!(r#"[{{"write":"first"}},{{"wait_at":"{}"}},{{"write":"second"}}]"#, gate.address());
    let (mut api, function) = Api::start("60", &steps);
    api.expect_stream("r-1");
    api.expect("5\r\nfirst\r\n");
    let _waiting = gate.reached();
    api.connection
        .write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
        .expect("the function reads");
    api.connection = accept(&api.listener);
    let error = api.expect_error("r-1");
    assert!(error.contains(r#""errorType":"FunctionResponseTooLarge""#), "{error}");
    api.assert_serves();
    assert_eq!(function.stop().count(" r-1 INFO dropped"), 1);
}

#[test]
fn a_stream_is_sent_again_until_its_second_chunk_is_polled() {
    let gate = Gate::new();
    let steps =
        format!(r#"[{{"write":"first"}},{{"wait_at":"{}"}},{{"write":"second"}}]"#, gate.address());
    let (mut api, function) = Api::start("60", &steps);
    api.expect_stream("r-1");
    // The connection is closed after the first chunk, while the second one waits for the gate.
    api.expect("5\r\nfirst\r\n");
    let waiting = gate.reached();
    api.connection.shutdown(std::net::Shutdown::Both).expect("it is open");
    api.connection = accept(&api.listener);
    api.expect_stream("r-1");
    api.expect("5\r\nfirst\r\n");
    drop(waiting);
    api.expect("6\r\nsecond\r\n0\r\n\r\n");
    api.acknowledge();
    api.assert_serves();
    assert_eq!(function.stop().stderr.len(), 0);
}

#[test]
fn in_a_shell_each_chunk_is_printed_at_once() {
    let gate = Gate::new();
    let steps =
        format!(r#"[{{"write":"first"}},{{"wait_at":"{}"}},{{"write":"second"}}]"#, gate.address());
    let mut child = stream().run_once(&steps);
    let mut stdout = child.stdout.take().expect("it is piped");
    let mut first = [0; 5];
    stdout.read_exact(&mut first).expect("it is printed before the second chunk");
    assert_eq!(&first, b"first");
    drop(gate.reached());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).expect("it is a string");
    assert_eq!((rest.as_str(), child.wait().expect("it ends").code()), ("second", Some(0)));
}

#[test]
fn in_a_shell_a_stream_that_fails_is_truncated_and_the_exit_code_is_1() {
    let output =
        stream().run_once(r#"[{"write":"first"},"fail"]"#).wait_with_output().expect("it ends");
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!((&*output.stdout, output.status.code()), (&b"first"[..], Some(1)));
    assert!(
        log.contains(
            " ERROR the streamed response ends too early: FunctionReturnError: the source has run dry"
        ),
        "{log}"
    );
}

#[test]
fn in_a_shell_an_endless_stream_ends_when_its_reader_closes_the_pipe() {
    let mut child = stream().run_once(r#"[{"kilobytes":100000000}]"#);
    let mut stdout = child.stdout.take().expect("it is piped");
    stdout.read_exact(&mut [0; 4096]).expect("there is much");
    drop(stdout);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn two_hundred_megabytes_are_streamed_with_back_pressure_and_little_memory() {
    const MOST: u64 = 200 * 1024 * 1024;
    let steps = r#"[{"kilobytes":204800}]"#;
    let (mut api, function) = Api::start("60", steps);
    let before = peak_memory(function.id());
    api.expect_stream("r-1");
    assert_eq!(read_chunks(&mut api.connection), Some(MOST));
    api.acknowledge();
    let grown = peak_memory(function.id()) - before;
    assert!(grown < 4 * 1024 * 1024, "{grown} bytes more");
    // One kilobyte more exceeds the limit.
    api.send_event("r-2", r#"[{"kilobytes":204801}]"#);
    api.expect_stream("r-2");
    assert_eq!(read_chunks(&mut api.connection), None);
    api.connection = accept(&api.listener);
    api.assert_serves();
    assert_eq!(
        function
            .stop()
            .count("r-2 ERROR the streamed response ends too early: FunctionResponseTooLarge: "),
        1
    );
}

/// Reads a chunked body, and returns its length; `None` if it ends without the last chunk.
#[cfg(target_os = "linux")]
fn read_chunks(connection: &mut TcpStream) -> Option<u64> {
    let mut reader = std::io::BufReader::new(connection);
    let mut total = 0;
    loop {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut reader, &mut line).ok()?;
        let length = u64::from_str_radix(line.trim_end(), 16).ok()?;
        let copied =
            std::io::copy(&mut reader.by_ref().take(length + 2), &mut std::io::sink()).ok()?;
        if copied < length + 2 {
            return None;
        }
        if length == 0 {
            return Some(total);
        }
        total += length;
    }
}

/// The peak resident memory of a process in bytes.
#[cfg(target_os = "linux")]
pub(crate) fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux has the line");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("it is a number") * 1024
}
