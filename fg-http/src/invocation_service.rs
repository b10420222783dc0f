//! The invocations of a function as a tower service.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use fg_core::{Context, Failure, ReadyFunction, ResponseBuffer};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use tower_service::Service;

use crate::BoxError;
use crate::body::Body;
use crate::collect::collect;

/// The invocations of a function as a tower service, for the layers of
/// [`Layered`](crate::Layered) to go around.
///
/// An invocation is a `POST /invoke` whose body is the payload and whose extensions hold the
/// [`Context`]. The HTTP response is 200 with the handler's response, streamed if that is, or 500 with the
/// error JSON.
///
/// The service takes a request with any body, so that layers may replace it, and is an axum service
/// too.
pub struct InvocationService<R> {
    function: Arc<R>,
}

impl<R> InvocationService<R> {
    /// The invocations of this function.
    #[must_use]
    pub const fn new(function: Arc<R>) -> Self {
        Self { function }
    }
}

impl<R> Clone for InvocationService<R> {
    fn clone(&self) -> Self {
        Self { function: Arc::clone(&self.function) }
    }
}

impl<R> fmt::Debug for InvocationService<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvocationService")
    }
}

impl<R, B> Service<http::Request<B>> for InvocationService<R>
where
    R: ReadyFunction,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let function = Arc::clone(&self.function);
        Box::pin(async move {
            let response = invoke(request, &*function).await;
            Ok(response.unwrap_or_else(|failure| error_response(&failure)))
        })
    }
}

async fn invoke<R, B>(
    request: http::Request<B>,
    function: &R,
) -> Result<http::Response<Body>, Failure>
where
    R: ReadyFunction,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let (mut parts, body) = request.into_parts();
    let Some(ctx) = parts.extensions.remove::<Context>() else {
        let message = "the request has no `fg::Context` among its extensions; a layer has to pass on the extensions of the request it got";
        return Err(Failure::new(Failure::INVALID_PAYLOAD, message));
    };
    let payload = collect(body, usize::MAX).await?;
    let mut output = ResponseBuffer::new();
    function.call(&payload, &ctx, &mut output).await?;
    // Characters that cannot stand in a header are left out.
    let content_type: Vec<u8> =
        output.content_type().bytes().filter(|byte| !byte.is_ascii_control()).collect();
    let content_type = HeaderValue::try_from(content_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let body = output.take_stream().map_or_else(|| Body::from(output.into_body()), Body::from);
    let mut response = http::Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(response)
}

fn error_response(failure: &Failure) -> http::Response<Body> {
    let mut response = http::Response::new(Body::from(failure.to_json()));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // What is logged of it does not stand in its JSON.
    response.extensions_mut().insert(failure.clone());
    response
}
