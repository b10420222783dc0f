//! Where the server listens, and what is said when it cannot.

use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};

use super::Server;
use crate::function::{Setup, act};

/// A port that stays free: it is below those that the system gives to connections, and each call
/// has another one.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpStream::connect(("127.0.0.1", port)).is_err() {
            return port;
        }
    }
}

#[test]
fn it_listens_on_the_port_of_fg_port_else_of_port() {
    for (setup, expected) in [
        (|port: &str| act().with("PORT", port), free_port()),
        (|port: &str| act().with("FG_PORT", port).with("PORT", "1"), free_port()),
        (|port: &str| act().with("FG_PORT", "").with("PORT", port), free_port()),
    ] as [(fn(&str) -> Setup, u16); 3]
    {
        let server = Server::of(setup(&expected.to_string()).start_alone());
        assert_eq!(server.port, expected);
        server.assert_serves();
        assert_eq!(server.stop().code, 0);
    }
}

#[test]
fn a_port_that_is_none_is_refused() {
    for (name, value) in
        [("FG_PORT", "http"), ("FG_PORT", "65536"), ("FG_PORT", "-1"), ("PORT", "8000/tcp")]
    {
        let ended = act().with(name, value).start_alone().wait();
        let sentence = format!("fg: {name} is `{value}`; it must be a port from 0 to 65535");
        assert_eq!((ended.code, ended.stderr, ended.stdout.len()), (2, vec![sentence], 0));
    }
}

#[test]
fn a_port_that_is_taken_is_told() {
    let taken = TcpListener::bind("0.0.0.0:0").expect("a port is free");
    let port = taken.local_addr().expect("it is bound").port();
    let ended = act().with("FG_PORT", &port.to_string()).start_alone().wait();
    let [line] = &ended.stderr[..] else { panic!("{ended:#?}") };
    assert!(line.starts_with(&format!("fg: cannot listen on 0.0.0.0:{port}: ")), "{line}");
    assert!(line.ends_with("; FG_PORT sets another port"), "{line}");
    assert_eq!(ended.code, 1);
}
