//! Tower layers around HTTP services.

use std::fmt;

use fg_core::{Context, Failure};
use fg_http::HttpService;
use tower_layer::Layer;

use crate::run::function::Function;
use crate::run::service::{MakeService, Service};
use crate::run::source::{Fits, Never};

impl<M: MakeService> Function<Service<M>> {
    /// Puts a tower layer around the service. The layer gets the HTTP request, also behind API
    /// Gateway.
    ///
    /// Use `Router::layer` for a layer that is written for axum.
    pub fn layer<K, L: ServiceLayer<M, K>>(self, layer: L) -> Function<Service<L::Layered>> {
        self.map(|Service(inner)| Service(layer.around(inner)))
    }
}

/// A tower layer that can go around an HTTP service.
///
/// `K` is inferred. If no implementation applies, the compiler does not know the output of the
/// layer either, so it reports the mistake once, however often the function is used later.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot go around this HTTP service",
    label = "not a tower layer whose service is an HTTP service that can be cloned and sent",
    note = "one that is written for axum goes on the router itself: `Router::layer(..)`"
)]
pub trait ServiceLayer<M, K> {
    /// The service with the layer around it.
    type Layered: MakeService;

    /// Puts the layer around the service.
    fn around(self, inner: M) -> Self::Layered;
}

/// A service with a layer around it.
pub struct LayeredService<M, L> {
    inner: M,
    layer: L,
}

impl<M, L> fmt::Debug for LayeredService<M, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LayeredService")
    }
}

#[diagnostic::do_not_recommend]
impl<M, L> ServiceLayer<M, Fits> for L
where
    M: MakeService,
    L: Layer<M::Service> + Send + 'static,
    L::Service: HttpService,
{
    type Layered = LayeredService<M, L>;

    fn around(self, inner: M) -> Self::Layered {
        LayeredService { inner, layer: self }
    }
}

#[diagnostic::do_not_recommend]
impl<M, L: Never> ServiceLayer<M, ()> for L
where
    LayeredService<M, L>: MakeService,
{
    type Layered = LayeredService<M, L>;

    fn around(self, inner: M) -> Self::Layered {
        LayeredService { inner, layer: self }
    }
}

impl<M, L> MakeService for LayeredService<M, L>
where
    M: MakeService,
    L: Layer<M::Service> + Send + 'static,
    L::Service: HttpService,
{
    type Service = L::Service;
    const HAS_INIT: bool = M::HAS_INIT;

    async fn make(self, ctx: &Context) -> Result<Self::Service, Failure> {
        let Self { inner, layer } = self;
        let service = inner.make(ctx).await?;
        Ok(layer.layer(service))
    }
}
