//! Tower layers around handlers.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use fg_core::{Context, Failure, Handlers};
use fg_http::{Body, HttpService, InvocationService, Layered};
use tower_layer::{Layer, Stack};

use crate::invocation::init_phase::InitPhase;
use crate::run::function::Function;
use crate::run::source::{Fits, FromHandlers, Nothing, Source};

/// Handlers with tower layers around each of their invocations.
pub struct LayeredHandlers<H, L, B> {
    handlers: FromHandlers<H>,
    layer: L,
    body: PhantomData<fn() -> B>,
}

impl<H, L, B> fmt::Debug for LayeredHandlers<H, L, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LayeredHandlers")
    }
}

impl<H: Handlers> Function<FromHandlers<H>> {
    /// Puts a tower layer around each invocation: a timeout, metrics, authorization.
    ///
    /// To a layer, an invocation is a `POST /invoke` with the payload as its body and the
    /// [`Context`] among its extensions, and the response of the handler is an HTTP response. So
    /// what was written for tower-http works here. `init` and `pre_stop` run as they do without
    /// layers. A layer that is added later goes around those before it.
    pub fn layer<K, L: HandlerLayer<H, L, Body, K>>(self, layer: L) -> Function<L::Layered> {
        self.layer_of::<Body, _, K>(layer)
    }

    /// As [`layer`](Self::layer), for one that takes requests with this body alone, as those do that
    /// are written for axum: `.layer_of::<axum::body::Body, _, _>(from_fn(guard))`.
    pub fn layer_of<B, L: HandlerLayer<H, L, B, K>, K>(self, layer: L) -> Function<L::Layered> {
        self.map(|handlers| L::around(layer, handlers))
    }
}

impl<H: Handlers, L: Send + 'static, B: 'static> Function<LayeredHandlers<H, L, B>> {
    /// Puts one more layer around the others.
    pub fn layer<K, O: HandlerLayer<H, Stack<L, O>, B, K>>(self, layer: O) -> Function<O::Layered> {
        self.map(|LayeredHandlers { handlers, layer: inner, .. }| {
            O::around(Stack::new(inner, layer), handlers)
        })
    }
}

/// A tower layer that can go around the invocations of handlers. `All` are all layers, this one as
/// the outermost; `B` is the body of the requests that they take.
///
/// `K` is inferred. If no implementation fits, what comes of the layer is unknown to the compiler
/// too, and so the mistake is reported once, however often the function is used after it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot go around the invocations of a handler",
    label = "not a tower layer whose service takes `http::Request<{B}>` and can be cloned and sent",
    note = "one that is written for axum takes requests with axum's body alone: say `.layer_of::<axum::body::Body, _, _>(..)`",
    note = "an axum middleware cannot go around a layer that fails, such as a timeout: add that one after it"
)]
pub trait HandlerLayer<H, All, B, K> {
    /// The handlers with the layers around them.
    type Layered: Source;

    /// Puts all of the layers around the handlers.
    fn around(all: All, handlers: FromHandlers<H>) -> Self::Layered;
}

#[diagnostic::do_not_recommend]
impl<H, L, All, B> HandlerLayer<H, All, B, Fits> for L
where
    H: Handlers,
    All: Layer<InvocationService<H::Ready>, Service: HttpService<B>> + Send + 'static,
    B: From<Bytes> + Send + 'static,
{
    type Layered = LayeredHandlers<H, All, B>;

    fn around(all: All, handlers: FromHandlers<H>) -> Self::Layered {
        LayeredHandlers { handlers, layer: all, body: PhantomData }
    }
}

#[diagnostic::do_not_recommend]
impl<H, L: Nothing, All, B> HandlerLayer<H, All, B, ()> for L
where
    LayeredHandlers<H, All, B>: Source,
{
    type Layered = LayeredHandlers<H, All, B>;

    fn around(all: All, handlers: FromHandlers<H>) -> Self::Layered {
        LayeredHandlers { handlers, layer: all, body: PhantomData }
    }
}

impl<H, L, B> InitPhase for LayeredHandlers<H, L, B>
where
    H: Handlers,
    L: Layer<InvocationService<H::Ready>, Service: HttpService<B>> + Send + 'static,
    B: From<Bytes> + Send + 'static,
{
    type Ready = Layered<H::Ready, L::Service, B>;
    const BLOCKING: bool = H::BLOCKING;

    fn choose(&mut self, handler: Option<&str>) -> Result<(), Failure> {
        self.handlers.choose(handler)
    }

    fn takes_http(&self) -> bool {
        self.handlers.takes_http()
    }

    async fn init(self, ctx: &Context) -> Result<Self::Ready, Failure> {
        let Self { handlers, layer, .. } = self;
        let ready = handlers.init(ctx).await?;
        Ok(Layered::new(layer, ready))
    }
}

impl<H, L, B> Source for LayeredHandlers<H, L, B> where Self: InitPhase {}
