//! A function with tower layers around its invocations.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};

use bytes::Bytes;
use fg_core::{BodyStream, Context, Failure, ReadyFunction, ResponseBuffer, StreamResponse};
use futures_core::Stream;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use http_body::Body as _;
use tower_layer::Layer;

use crate::BoxError;
use crate::body::Body;
use crate::collect::collect;
use crate::failure::{failure_of_body, failure_of_response};
use crate::invocation_service::InvocationService;
use crate::service::HttpService;
use crate::shared::Shared;

/// A function with tower layers around each of its invocations: timeouts, metrics, authorization.
///
/// The layers see an invocation as a `POST /invoke` with the payload as the body, the headers of
/// the invocation that are not secret, and the [`Context`] among the extensions. What comes back
/// from them is the outcome:
///
/// - a status from 200 to 299 is the response; a body whose size is known is a whole one, any other
///   is streamed;
/// - any other status is a failure: that of the error JSON, if the body is one, else of the type
///   `Http.` and the status, with the text;
/// - an error of a layer, such as that of a timeout, is a failure with its type's name and its
///   text.
///
/// `B` is the body of the requests that the layers take. Those that take any, as tower's and
/// tower-http's do, get a [`Body`]; for one that is written for axum and takes axum's alone, it is
/// `axum::body::Body`.
pub struct Layered<R, S, B = Body> {
    function: Arc<R>,
    service: Shared<S>,
    body: PhantomData<fn() -> B>,
}

impl<R: ReadyFunction, S, B> Layered<R, S, B> {
    /// Puts a layer around a function.
    pub fn new<L>(layer: L, function: R) -> Self
    where
        L: Layer<InvocationService<R>, Service = S>,
    {
        let function = Arc::new(function);
        Self {
            service: Shared::new(layer.layer(InvocationService::new(Arc::clone(&function)))),
            function,
            body: PhantomData,
        }
    }
}

impl<R, S, B> fmt::Debug for Layered<R, S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Layered")
    }
}

impl<R, S, B> ReadyFunction for Layered<R, S, B>
where
    R: ReadyFunction,
    S: HttpService<B>,
    B: From<Bytes> + Send + 'static,
{
    async fn call(
        &self,
        payload: &[u8],
        ctx: &Context,
        output: &mut ResponseBuffer,
    ) -> Result<(), Failure> {
        let mut request = http::Request::new(B::from(Bytes::copy_from_slice(payload)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static("/invoke");
        *request.headers_mut() = headers_of(ctx);
        request.extensions_mut().insert(ctx.clone());
        let response =
            self.service.get().respond(request).await.map_err(|error| error.to_failure())?;
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

    async fn pre_stop(&self) {
        self.function.pre_stop().await;
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
