//! What went wrong between this program and a server.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

/// What kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The name of the host has no address.
    Dns,
    /// A server refused the connection.
    Refused,
    /// No connection within its time.
    ConnectTimeout,
    /// No connection for another reason: no route, no network.
    Unreachable,
    /// The server's certificate, or its TLS.
    Tls,
    /// The proxy refused, or could not be reached.
    Proxy,
    /// No complete response within its time.
    Timeout,
    /// The connection was closed before the response was complete.
    Closed,
    /// What came is not HTTP.
    NotHttp,
    /// The response is larger than allowed.
    TooLarge,
}

impl FaultKind {
    /// Whether the server cannot have seen the request.
    pub(crate) fn is_before_request(self) -> bool {
        match self {
            Self::Dns
            | Self::Refused
            | Self::ConnectTimeout
            | Self::Unreachable
            | Self::Tls
            | Self::Proxy => true,
            Self::Timeout | Self::Closed | Self::NotHttp | Self::TooLarge => false,
        }
    }

    /// Whether the same request may succeed later.
    pub(crate) fn is_transient(self) -> bool {
        !matches!(self, Self::Tls | Self::NotHttp | Self::TooLarge)
    }
}

/// A fault with what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) detail: String,
}

impl Fault {
    /// Of a request whose response has not begun.
    pub(super) fn of(error: &hyper_util::client::legacy::Error) -> Self {
        let kind = if error.is_connect() { connect_kind(error) } else { request_kind(error) };
        Self { kind, detail: innermost(error) }
    }

    /// Of the body of a response.
    pub(super) fn in_body(error: &hyper::Error) -> Self {
        Self { kind: FaultKind::Closed, detail: innermost(error) }
    }

    pub(super) fn too_large(limit: usize) -> Self {
        let detail = format!("the response has more than {limit} bytes");
        Self { kind: FaultKind::TooLarge, detail }
    }

    pub(super) fn timeout(timeout: Duration) -> Self {
        Self { kind: FaultKind::Timeout, detail: format!("no response within {timeout:?}") }
    }
}

fn connect_kind(error: &(dyn StdError + 'static)) -> FaultKind {
    let mut kind = FaultKind::Unreachable;
    for cause in causes(error) {
        if cause.is::<ProxyFault>() {
            return FaultKind::Proxy;
        }
        if cause.is::<ConnectTimeout>() {
            return FaultKind::ConnectTimeout;
        }
        if cause.is::<rustls::Error>() {
            return FaultKind::Tls;
        }
        if cause.to_string().starts_with("dns error") {
            return FaultKind::Dns;
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            let error = innermost_io(error);
            if matches!(error.get_ref(), Some(inner) if inner.is::<rustls::Error>()) {
                return FaultKind::Tls;
            }
            kind = match error.kind() {
                io::ErrorKind::ConnectionRefused => FaultKind::Refused,
                io::ErrorKind::TimedOut => FaultKind::ConnectTimeout,
                // During the handshake of TLS.
                io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => FaultKind::Tls,
                _ => kind,
            };
        }
    }
    kind
}

/// The I/O error within I/O errors, which their sources leave out.
fn innermost_io(error: &io::Error) -> &io::Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>());
    inner.map_or(error, innermost_io)
}

fn request_kind(error: &(dyn StdError + 'static)) -> FaultKind {
    let hyper = causes(error).find_map(|cause| cause.downcast_ref::<hyper::Error>());
    match hyper {
        Some(error) if error.is_parse() || error.is_parse_too_large() => FaultKind::NotHttp,
        _ => FaultKind::Closed,
    }
}

fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// The last cause, which says most.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// No connection within this time.
#[derive(Debug)]
pub(super) struct ConnectTimeout(pub(super) Duration);

impl fmt::Display for ConnectTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection within {:?}", self.0)
    }
}

impl StdError for ConnectTimeout {}

/// A proxy could not be reached, or refused. Its address is without a password.
#[derive(Debug)]
pub(super) struct ProxyFault {
    pub(super) proxy: String,
    pub(super) error: Box<dyn StdError + Send + Sync>,
}

impl fmt::Display for ProxyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = innermost(&*self.error);
        let proxy = self.proxy.rsplit('@').next().unwrap_or_default();
        write!(f, "the proxy {proxy}: {why}")
    }
}

// Without a source: the address of the proxy has to be in the message.
impl StdError for ProxyFault {}
