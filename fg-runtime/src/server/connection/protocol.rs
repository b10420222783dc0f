//! What a client speaks: HTTP/1, or a protocol that this server does not speak.

use std::sync::atomic::{AtomicBool, Ordering};

use fg_core::Logger;

use crate::log::runtime_log;

/// What a client speaks, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Only so many bytes have come, all of them of the preface of HTTP/2.
    Unknown {
        matched: usize,
    },
    Http1,
    /// HTTP/2 without having asked whether we speak it, as gRPC does.
    Http2,
    Tls,
}

impl Protocol {
    /// What the first bytes of a connection tell; `matched` bytes of the preface came before them.
    pub(crate) fn detect(matched: usize, bytes: &[u8]) -> Self {
        /// No request of HTTP/1 begins with it.
        const PREFACE: &[u8] = b"PRI * HTTP/2";
        /// The type of a TLS record that holds a handshake. No method begins with it.
        const HANDSHAKE: u8 = 0x16;
        let missing = &PREFACE[matched..];
        let length = missing.len().min(bytes.len());
        if missing[..length] != bytes[..length] {
            return if matched == 0 && bytes[0] == HANDSHAKE { Self::Tls } else { Self::Http1 };
        }
        if length == missing.len() {
            Self::Http2
        } else {
            Self::Unknown { matched: matched + length }
        }
    }
}

/// Logs once for each protocol that a client has spoken it, and this server does not.
#[derive(Debug)]
pub(crate) struct UnsupportedProtocols {
    log: Logger,
    is_http2_logged: AtomicBool,
    is_tls_logged: AtomicBool,
}

impl UnsupportedProtocols {
    pub(crate) const fn new(log: Logger) -> Self {
        let (is_http2_logged, is_tls_logged) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { log, is_http2_logged, is_tls_logged }
    }

    /// A connection has ended on which this was spoken.
    pub(crate) fn log(&self, protocol: Protocol) {
        let (is_logged, message) = match protocol {
            Protocol::Unknown { .. } | Protocol::Http1 => return,
            Protocol::Http2 => (
                &self.is_http2_logged,
                "a client speaks HTTP/2 without having asked, as gRPC does; it was answered with 505, since this server speaks HTTP/1.1. This is said once",
            ),
            Protocol::Tls => (
                &self.is_tls_logged,
                "a client speaks TLS (https), and this server plain HTTP; it was answered with 400. This is said once",
            ),
        };
        if !is_logged.swap(true, Ordering::Relaxed) {
            runtime_log::of(&self.log).warn(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_is_known_whatever_the_pieces_in_which_a_client_begins() {
        let http2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        let tls = b"\x16\x03\x01\x02\x00";
        let cases: [(&[u8], Protocol); 5] = [
            (http2, Protocol::Http2),
            (tls, Protocol::Tls),
            (b"PRINT / HTTP/1.1\r\n", Protocol::Http1),
            (b"PRI * HTTP/1.1\r\n", Protocol::Http1),
            (b"GET / HTTP/1.1\r\n", Protocol::Http1),
        ];
        for (sent, expected) in cases {
            for size in 1..=sent.len() {
                let protocol =
                    sent.chunks(size).fold(Protocol::Unknown { matched: 0 }, |protocol, piece| {
                        match protocol {
                            Protocol::Unknown { matched } => Protocol::detect(matched, piece),
                            known => known,
                        }
                    });
                assert_eq!(protocol, expected, "in pieces of {size}");
            }
        }
        let nothing = Protocol::detect(0, b"");
        assert_eq!(nothing, Protocol::Unknown { matched: 0 }, "the client has gone");
    }
}
