//! HTTP requests, one at a time: connections, TLS, proxies, limits. No retries, no signatures.

mod connector;
mod fault;
mod proxy;
mod roots;

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use self::connector::Connector;
pub(crate) use self::fault::{Fault, FaultKind};
pub(crate) use self::proxy::Proxies;

/// The platform's gateways close connections that are idle for longer; a request on a connection
/// that was closed cannot be told from one that was lost.
const IDLE: Duration = Duration::from_secs(20);

/// Sends requests, and keeps connections.
#[derive(Clone)]
pub(crate) struct Http {
    client: Client<Connector, Full<Bytes>>,
}

/// A response, read to its end.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Http {
    pub(crate) fn new(
        connect_timeout: Duration,
        proxies: Proxies,
        roots: &[Vec<u8>],
    ) -> Result<Self, rustls::Error> {
        let connector = Connector::new(connect_timeout, proxies, roots)?;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Ok(Self { client })
    }

    /// Sends a request, and reads at most `limit` bytes of its response.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        timeout: Duration,
        limit: usize,
    ) -> Result<Response, Fault> {
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| Fault::of(&error))?;
            let (head, mut body) = response.into_parts();
            let mut content = BytesMut::new();
            while let Some(frame) = body.frame().await {
                let Ok(data) = frame.map_err(|error| Fault::in_body(&error))?.into_data() else {
                    continue;
                };
                if content.len() + data.len() > limit {
                    return Err(Fault::too_large(limit));
                }
                content.extend_from_slice(&data);
            }
            Ok(Response { status: head.status, headers: head.headers, body: content.freeze() })
        };
        match tokio::time::timeout(timeout, exchange).await {
            Ok(result) => result,
            Err(_) => Err(Fault::timeout(timeout)),
        }
    }
}

impl Response {
    /// A header, if it is a string.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

impl fmt::Debug for Response {
    // The body may be anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}
