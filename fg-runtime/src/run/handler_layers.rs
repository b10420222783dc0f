//! Tower layers around handlers.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use fg_core::{Context, Failure, Handlers};
use fg_http::{Body, HttpService, InvocationService, Layered};
use tower_layer::{Layer, Stack};

use crate::invocation::init_phase::InitPhase;
use crate::run::function::Function;
use crate::run::source::{Fits, FromHandlers, Never, Source};

/// Handlers with tower layers around each of their invocations. `A` is [`Around`].
pub struct LayeredHandlers<H, A> {
    handlers: FromHandlers<H>,
    around: A,
}

impl<H, A> fmt::Debug for LayeredHandlers<H, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LayeredHandlers")
    }
}

/// Layers whose service takes requests with the body `B`.
pub struct Around<L, B> {
    layer: L,
    body: PhantomData<fn() -> B>,
}

impl<L, B> fmt::Debug for Around<L, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Around")
    }
}

impl<H: Handlers> Function<FromHandlers<H>> {
    /// Puts a tower layer around each invocation: a timeout, metrics, authorization.
    ///
    /// For a layer, an invocation is a `POST /invoke` with the payload as its body and the
    /// [`Context`] in its extensions, and the response of the handler is an HTTP response. So
    /// layers of tower-http work here. `init` and `pre_stop` run as they do without layers. A layer
    /// that is added later is outside of those before it.
    pub fn layer<K, L: HandlerLayer<H, L, Body, K>>(
        self,
        layer: L,
    ) -> Function<LayeredHandlers<H, L::Around>> {
        self.layer_of::<Body, L, K>(layer)
    }

    /// Like [`layer`](Self::layer), for a layer that only takes requests with the body `B`, such as
    /// one that is written for axum: `.layer_of::<axum::body::Body, _, _>(from_fn(guard))`.
    pub fn layer_of<B, L: HandlerLayer<H, L, B, K>, K>(
        self,
        layer: L,
    ) -> Function<LayeredHandlers<H, L::Around>> {
        self.map(|handlers| LayeredHandlers { handlers, around: L::around(layer) })
    }
}

impl<H: Handlers, L, B> Function<LayeredHandlers<H, Around<L, B>>> {
    /// Puts another layer around the others.
    pub fn layer<K, O: HandlerLayer<H, Stack<L, O>, B, K>>(
        self,
        layer: O,
    ) -> Function<LayeredHandlers<H, O::Around>> {
        self.map(|LayeredHandlers { handlers, around }| LayeredHandlers {
            handlers,
            around: O::around(Stack::new(around.layer, layer)),
        })
    }
}

/// A tower layer that can go around the invocations of handlers. `All` are all layers, with this
/// one as the outermost. `B` is the body of the requests that they take.
///
/// `K` is inferred. If no implementation applies, the compiler does not know the output of the
/// layer either, so it reports the mistake once, however often the function is used later.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot go around the invocations of a handler",
    label = "not a tower layer whose service takes `http::Request<{B}>` and can be cloned and sent",
    note = "one that is written for axum takes requests with axum's body alone: write `.layer_of::<axum::body::Body, _, _>(..)`",
    note = "an axum middleware cannot go around a layer that fails, such as a timeout: add that one after it"
)]
pub trait HandlerLayer<H, All, B, K> {
    /// The layers in the form that goes around handlers.
    type Around;

    /// Wraps all of the layers.
    fn around(all: All) -> Self::Around;
}

#[diagnostic::do_not_recommend]
impl<H, L, All, B> HandlerLayer<H, All, B, Fits> for L
where
    H: Handlers,
    All: Layer<InvocationService<H::Ready>, Service: HttpService<B>> + Send + 'static,
    B: From<Bytes> + Send + 'static,
{
    type Around = Around<All, B>;

    fn around(all: All) -> Around<All, B> {
        Around { layer: all, body: PhantomData }
    }
}

#[diagnostic::do_not_recommend]
impl<H, L: Never, All, B> HandlerLayer<H, All, B, ()> for L {
    type Around = Around<All, B>;

    fn around(all: All) -> Around<All, B> {
        Around { layer: all, body: PhantomData }
    }
}

impl<H, L, B> InitPhase for LayeredHandlers<H, Around<L, B>>
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
        let Self { handlers, around } = self;
        let ready = handlers.init(ctx).await?;
        Ok(Layered::new(around.layer, ready))
    }
}

impl<H, L, B> Source for LayeredHandlers<H, Around<L, B>>
where
    H: Handlers,
    Self: InitPhase,
{
}
