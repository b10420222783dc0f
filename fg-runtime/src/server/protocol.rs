//! Clients that speak what this server does not: said in the log, once for each protocol.

use std::sync::atomic::{AtomicBool, Ordering};

use fg_core::Logger;

use crate::log::runtime_log;

use super::request_framing::Protocol;

/// What has been said.
#[derive(Debug)]
pub(crate) struct Unspoken {
    log: Logger,
    http2: AtomicBool,
    tls: AtomicBool,
}

impl Unspoken {
    pub(crate) const fn new(log: Logger) -> Self {
        Self { log, http2: AtomicBool::new(false), tls: AtomicBool::new(false) }
    }

    /// A connection has ended on which this was spoken.
    pub(crate) fn note(&self, protocol: Protocol) {
        let (told, text) = match protocol {
            Protocol::Unknown { .. } | Protocol::Http1 => return,
            Protocol::Http2 => (
                &self.http2,
                "a client speaks HTTP/2 without having asked, as gRPC does; it was answered with 505, since this server speaks HTTP/1.1. This is said once",
            ),
            Protocol::Tls => (
                &self.tls,
                "a client speaks TLS (https), and this server plain HTTP; it was answered with 400. This is said once",
            ),
        };
        if !told.swap(true, Ordering::Relaxed) {
            runtime_log::of(&self.log).warn(text);
        }
    }
}
