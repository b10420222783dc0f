//! A handler with tower layers around it.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};

use bytes::Bytes;
use fg_core::{BodyStream, Context, Failure, Handler, ResponseBuffer, StreamResponse};
use futures_core::Stream;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use http_body::Body as _;
use tower_layer::Layer;
use tower_service::Service;

use crate::BoxError;
use crate::body::Body;
use crate::collect::collect;
use crate::failure::{failure_of_body, failure_of_response};
use crate::handler_service::HandlerService;
use crate::service::ready_then_call;
use crate::shared::Shared;

/// A [`Handler`] that is another handler with tower layers around each of its invocations:
/// timeouts, metrics, authorization.
///
/// The layers see an invocation as a `POST /invoke` with the payload as the body, the headers of
/// the invocation that are not secret, and the [`Context`] among the extensions. What comes back
/// from them is the outcome:
///
/// - a status from 200 to 299 is the reply; a body whose size is known is a whole one, any other is
///   streamed;
/// - any other status is a failure: that of the error JSON, if the body is one, else of the type
///   `Http.` and the status, with the text;
/// - an error of a layer, such as that of a timeout, is a failure with its type's name and its
///   text.
///
/// `B` is the body of the requests that the layers take. Those that take any, as tower's and
/// tower-http's do, get a [`Body`]; for one that is written for axum and takes axum's alone, say
/// `axum::body::Body`.
pub struct Layered<H, L, B = Body>(PhantomData<(H, L, B)>);

impl<H, L, B> fmt::Debug for Layered<H, L, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Layered")
    }
}

/// The state of a [`Layered`] handler: that of the handler inside, and the service that the layers
/// make around it.
pub struct LayeredState<H: Handler, S> {
    handler: Arc<H::State>,
    service: Shared<S>,
}

impl<H: Handler, S> fmt::Debug for LayeredState<H, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LayeredState({})", H::NAME)
    }
}

/// A tower layer that can go around each invocation of a handler; what [`Layered`] takes.
///
/// Implemented for every layer whose service takes `http::Request<B>`, answers with
/// `http::Response<R>`, can be cloned and sent, and whose errors become boxes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot go around the invocations of a handler",
    label = "not a tower layer whose service takes `http::Request<{B}>` and can be cloned and sent",
    note = "a layer that is written for axum takes requests with `axum::body::Body` alone: put \
            `tower_http::map_request_body::MapRequestBodyLayer::new(axum::body::Body::new)` before it, in one `tower::ServiceBuilder`",
    note = "layers go around one handler, as in `fg::tower::run::<greet>(layers)`, and not around a tuple of several"
)]
pub trait InvocationLayer<H: Handler, B = Body>:
    Layer<HandlerService<H>, Service = Self::Around> + Send + Sync + 'static
{
    /// The body of what the layers answer.
    type ResponseBody: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static;

    /// The service that the layer makes around the handler.
    type Around: Service<
            http::Request<B>,
            Response = http::Response<Self::ResponseBody>,
            Error: Into<BoxError>,
            Future: Send,
        > + Clone
        + Send
        + 'static;
}

#[diagnostic::do_not_recommend]
impl<H, L, B, R> InvocationLayer<H, B> for L
where
    H: Handler,
    L: Layer<HandlerService<H>> + Send + Sync + 'static,
    L::Service: Service<http::Request<B>, Response = http::Response<R>, Error: Into<BoxError>, Future: Send>,
    L::Service: Clone + Send + 'static,
    R: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type ResponseBody = R;
    type Around = L::Service;
}

impl<H: Handler, L: InvocationLayer<H, B>, B> Layered<H, L, B> {
    /// The state, of what the handler's `init` has made and of the layers.
    pub fn state(handler: H::State, layer: &L) -> LayeredState<H, L::Around> {
        let handler = Arc::new(handler);
        LayeredState {
            service: Shared::new(layer.layer(HandlerService::new(Arc::clone(&handler)))),
            handler,
        }
    }
}

impl<H, L, B> Handler for Layered<H, L, B>
where
    H: Handler,
    L: InvocationLayer<H, B>,
    B: From<Bytes> + Send + 'static,
{
    const NAME: &'static str = H::NAME;
    const BLOCKING: bool = H::BLOCKING;
    const HTTP: bool = H::HTTP;
    type State = LayeredState<H, L::Around>;

    /// Fails: nothing but the program can make a layer. A runtime is given the state.
    async fn init(_: &Context) -> Result<Self::State, Failure> {
        let message = "the layers around a handler cannot be made by the runtime; pass them to `fg::tower::run`";
        Err(Failure::new(Failure::INIT_ERROR, message))
    }

    async fn call(
        payload: &[u8],
        ctx: &Context,
        state: &Self::State,
        output: &mut ResponseBuffer,
    ) -> Result<(), Failure> {
        let mut request = http::Request::new(B::from(Bytes::copy_from_slice(payload)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static("/invoke");
        *request.headers_mut() = headers_of(ctx);
        request.extensions_mut().insert(ctx.clone());
        let response = ready_then_call(state.service.get(), request)
            .await
            .map_err(|error| error.to_failure())?;
        let (parts, body) = response.into_parts();
        let limit = ctx.environment().max_response_size();
        if !parts.status.is_success() {
            let body = collect(body, limit).await?;
            let own = parts.extensions.get::<Failure>().filter(|failure| failure.to_json() == body);
            return Err(own.cloned().unwrap_or_else(|| failure_of_response(parts.status, &body)));
        }
        let content_type = parts
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or(BYTES)
            .to_owned();
        if body.size_hint().exact().is_some() {
            output.set_bytes(collect(body, limit).await?.into(), content_type);
        } else {
            output.set_stream(stream_of(body), content_type);
        }
        Ok(())
    }

    async fn pre_stop(state: &Self::State) {
        H::pre_stop(&state.handler).await;
    }
}

const BYTES: &str = "application/octet-stream";

/// The headers of the invocation, without those with secrets and without those of the connection
/// that it came on.
fn headers_of(ctx: &Context) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in ctx.headers() {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    headers
}

fn stream_of<R>(body: R) -> BodyStream
where
    R: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    StreamResponse::new(Pieces(Box::pin(body))).into_body()
}

/// The data of a body; its trailers are left out.
struct Pieces<R>(Pin<Box<R>>);

impl<R> Stream for Pieces<R>
where
    R: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.0.as_mut().poll_frame(task)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(failure_of_body(error)))),
                None => return Poll::Ready(None),
            }
        }
    }
}
