//! Requests that found no server, or no answer.

use std::fmt;

use crate::http::{Fault, FaultKind};
use crate::printable::printable;

/// The platform was not reached, or did not answer: which host, why, and what to do.
#[derive(Clone, Debug)]
pub struct TransportError {
    operation: String,
    host: String,
    fault: FaultKind,
    detail: String,
    attempts: u32,
}

/// What kind of fault it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// There was no connection: the request was not carried out.
    Connect,
    /// The connection is not secure: the server's certificate, or its TLS.
    Tls,
    /// The proxy refused, or was not reached.
    Proxy,
    /// No complete answer in time; the request may have been carried out.
    Timeout,
    /// The connection was closed, or spoke something else; the request may have been carried out.
    Broken,
}

impl TransportError {
    pub(crate) fn new(operation: String, host: &str, fault: &Fault, attempts: u32) -> Self {
        Self {
            operation,
            host: host.to_owned(),
            fault: fault.kind,
            detail: printable(&fault.detail),
            attempts,
        }
    }

    /// What was asked for.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The host, with its port if it is not the usual one.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// How often the request was sent, or tried to be.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// What kind of fault it was.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        match self.fault {
            FaultKind::Dns
            | FaultKind::Refused
            | FaultKind::ConnectTimeout
            | FaultKind::Unreachable => TransportErrorKind::Connect,
            FaultKind::Tls => TransportErrorKind::Tls,
            FaultKind::Proxy => TransportErrorKind::Proxy,
            FaultKind::Timeout => TransportErrorKind::Timeout,
            FaultKind::Closed | FaultKind::NotHttp | FaultKind::TooLarge => {
                TransportErrorKind::Broken
            }
        }
    }

    /// Whether the request may have been carried out.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        !self.fault.is_before_request()
    }

    /// What to do.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self.fault {
            FaultKind::Dns => {
                "Look at the region and the endpoint, and at the network of this machine; behind a \
                 proxy, set HTTPS_PROXY."
            }
            FaultKind::Refused => {
                "No server listens there: look at the endpoint; a local one has to be started first."
            }
            FaultKind::ConnectTimeout | FaultKind::Unreachable => {
                "Look at the network of this machine; behind a proxy, set HTTPS_PROXY, and inside a \
                 VPC a NAT gateway or an endpoint is needed."
            }
            FaultKind::Tls => {
                "A proxy may be in between whose certificate this machine does not know: name its \
                 file in SSL_CERT_FILE. If the server speaks plain HTTP, the endpoint begins with \
                 http://."
            }
            FaultKind::Proxy => "Look at HTTPS_PROXY; hosts that need none are named in NO_PROXY.",
            FaultKind::Timeout => {
                "It may have been carried out all the same: look before it is repeated, or allow \
                 more time."
            }
            FaultKind::Closed => {
                "It may have been carried out all the same: look before it is repeated."
            }
            FaultKind::NotHttp => "The endpoint is not that of an HTTP server: look at its port.",
            FaultKind::TooLarge => "Ask for less at once.",
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.fault {
            FaultKind::Dns => "the host has no address",
            FaultKind::Refused => "the connection was refused",
            FaultKind::ConnectTimeout => "no connection in time",
            FaultKind::Unreachable => "no connection",
            FaultKind::Tls => "no secure connection",
            FaultKind::Proxy => "no way through the proxy",
            FaultKind::Timeout => "no answer in time",
            FaultKind::Closed => "the connection was closed before the answer was complete",
            FaultKind::NotHttp => "the answer is not HTTP",
            FaultKind::TooLarge => "the answer is too large",
        };
        write!(f, "{}: {}: {what} ({})", self.operation, self.host, self.detail)?;
        if self.attempts > 1 {
            write!(f, " ({} attempts)", self.attempts)?;
        }
        write!(f, ". {}", self.advice())
    }
}

impl std::error::Error for TransportError {}
