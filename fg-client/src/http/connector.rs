//! Connections: TCP, through a proxy or not, and TLS.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::fault::{ConnectTimeout, ProxyFault};
use super::proxy::Proxies;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Makes connections to servers, within a time.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    https: HttpsConnector<Tcp>,
    timeout: Duration,
}

impl Connector {
    pub(super) fn new(
        timeout: Duration,
        proxies: Proxies,
        roots: &[Vec<u8>],
    ) -> Result<Self, rustls::Error> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        // Both families of addresses are tried within the time.
        http.set_connect_timeout(Some(timeout));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(super::roots::tls(roots)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(Tcp { http, proxies: Arc::new(proxies) });
        Ok(Self { https, timeout })
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let timeout = self.timeout;
        let connecting = self.https.call(uri);
        Box::pin(async move {
            match tokio::time::timeout(timeout, connecting).await {
                Ok(connected) => connected,
                Err(_) => Err(ConnectTimeout(timeout).into()),
            }
        })
    }
}

/// Makes TCP connections, and tunnels through proxies.
#[derive(Clone, Debug)]
pub(super) struct Tcp {
    http: HttpConnector,
    proxies: Arc<Proxies>,
}

impl Service<Uri> for Tcp {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.http.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Some(proxy) = self.proxies.proxy(&uri) else {
            let connecting = self.http.call(uri);
            return Box::pin(async move { connecting.await.map_err(Into::into) });
        };
        let name = proxy.uri().authority().map(ToString::to_string).unwrap_or_default();
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.http.clone());
        if let Some(auth) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        let connecting = tunnel.call(with_port(uri));
        Box::pin(async move {
            connecting.await.map_err(|error| ProxyFault { proxy: name, error: error.into() }.into())
        })
    }
}

/// The URI with its port, which a tunnel needs.
fn with_port(uri: Uri) -> Uri {
    let (None, Some("http"), Some(host)) = (uri.port(), uri.scheme_str(), uri.host()) else {
        return uri;
    };
    format!("http://{host}:80/").parse().unwrap_or(uri)
}
