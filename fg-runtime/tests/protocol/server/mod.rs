//! An event function as a server: what engines, other services and hostile clients send it over a
//! real socket.

#[cfg(feature = "http")]
mod as_axum;
mod client;
mod cloud_events;
mod ends;
mod engine;
mod errors;
mod heads;
mod initialisation;
mod isolation;
mod request_context;
#[cfg(feature = "http")]
mod service_init;
#[cfg(feature = "http")]
mod services;
mod shutdown;
mod slow_clients;
mod start;
#[cfg(feature = "http")]
mod strangers;
mod streams;
#[cfg(feature = "http")]
mod upgrades;

use std::collections::VecDeque;

use crate::function::{Ended, Function, Setup};

use self::client::{Client, Response};

/// A function that listens.
pub(crate) struct Server {
    function: Function,
    port: u16,
}

impl Server {
    /// Starts it on a port that is free.
    fn start(setup: Setup) -> Self {
        Self::of(setup.with("FG_PORT", "0").start_alone())
    }

    /// As soon as it listens.
    fn of(function: Function) -> Self {
        let line = function.wait_for_line("listening on 0.0.0.0:");
        let port = line
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok())
            .expect("the line ends in a port");
        Self { function, port }
    }

    fn connect(&self) -> Client {
        Client::connect(self.port)
    }

    /// Sends these bytes on a connection of their own.
    fn send(&self, bytes: impl AsRef<[u8]>) -> Client {
        let mut client = self.connect();
        client.send(bytes);
        client
    }

    /// Answers one request on a connection of its own.
    fn ask(&self, bytes: impl AsRef<[u8]>) -> Response {
        self.send(bytes).read_response()
    }

    /// Invokes the function with an event.
    fn invoke(&self, event: impl AsRef<[u8]>) -> Response {
        self.ask(invocation("", event))
    }

    /// An ordinary request is answered as if nothing had happened.
    fn assert_serves(&self) {
        let response = self.invoke(r#"{"echo":"still here"}"#);
        assert_eq!((response.status, &*response.text()), (200, r#""still here""#));
    }

    fn stop(self) -> Ended {
        self.function.stop()
    }
}

/// A request for an invocation, with these headers, each ended by CRLF.
fn invocation(headers: &str, event: impl AsRef<[u8]>) -> Vec<u8> {
    post("/invoke", headers, event.as_ref())
}

fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// The same request many times, one behind the other, and the responses in their order.
fn pipeline(server: &Server, requests: &[Vec<u8>]) -> VecDeque<Response> {
    let mut client = server.send(requests.concat());
    requests.iter().map(|_| client.read_response()).collect()
}
