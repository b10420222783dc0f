//! Services that are made for a client's address, as axum's are that ask for `ConnectInfo`.

use std::fmt;
use std::future::{Future, poll_fn};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use fg_core::Error;
use tower_service::Service;

use crate::BoxError;
use crate::apig::RequestContext;
use crate::body::Body;
use crate::service::HttpService;

/// Among the extensions of each request to a service: the address at the other end of its
/// connection, which may be that of a proxy.
///
/// Behind API Gateway it is the client's as the gateway names it, with the port 0; `0.0.0.0:0`
/// where the gateway names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub SocketAddr);

impl ClientAddress {
    const UNKNOWN: Self = Self::without_port(IpAddr::V4(Ipv4Addr::UNSPECIFIED));

    const fn without_port(address: IpAddr) -> Self {
        Self(SocketAddr::new(address, 0))
    }

    /// The one that the gateway names.
    pub(crate) fn of_gateway(context: Option<&RequestContext>) -> Self {
        context
            .and_then(|context| context.source_ip.parse().ok())
            .map_or(Self::UNKNOWN, Self::without_port)
    }
}

/// What makes a service for a client's address: axum's
/// `Router::into_make_service_with_connect_info::<SocketAddr>()` is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not make an HTTP service for a `SocketAddr`",
    note = "an axum `Router` makes one by `.into_make_service_with_connect_info::<SocketAddr>()`"
)]
pub trait MakeHttpService: Clone + Send + 'static {
    /// The service.
    type Service: HttpService;

    /// Makes it.
    fn make(
        self,
        client: SocketAddr,
    ) -> impl Future<Output = Result<Self::Service, Error>> + Send + 'static;
}

#[diagnostic::do_not_recommend]
impl<M> MakeHttpService for M
where
    M: Service<SocketAddr, Response: HttpService, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + 'static,
{
    type Service = M::Response;

    async fn make(mut self, client: SocketAddr) -> Result<Self::Service, Error> {
        poll_fn(|task| self.poll_ready(task)).await.map_err(Error::new)?;
        self.call(client).await.map_err(Error::new)
    }
}

/// Makes a service for each request, with the address of its client.
#[derive(Clone)]
pub struct Connected<M>(M);

impl<M> Connected<M> {
    /// By what makes the service.
    pub const fn new(make: M) -> Self {
        Self(make)
    }
}

impl<M> fmt::Debug for Connected<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connected")
    }
}

impl<M: MakeHttpService> HttpService for Connected<M> {
    type ResponseBody = <M::Service as HttpService>::ResponseBody;

    fn respond(
        self,
        request: http::Request<Body>,
    ) -> impl Future<Output = Result<http::Response<Self::ResponseBody>, Error>> + Send + 'static
    {
        let ClientAddress(client) =
            request.extensions().get().copied().unwrap_or(ClientAddress::UNKNOWN);
        async move { self.0.make(client).await?.respond(request).await }
    }
}
