//! What can be served: a tower service of HTTP requests.

use std::future::{Future, poll_fn};

use bytes::Bytes;
use fg_core::Error;
use tower_service::Service;

use crate::BoxError;
use crate::body::Body;

/// A tower service of HTTP requests that can be cloned for each of them: any axum `Router` is one,
/// and so is a `BoxCloneService`.
///
/// Implemented for every `Service<http::Request<B>, Response = http::Response<R>>` whose future can
/// be sent, whose errors become boxes, and whose response body `R` is an [`http_body::Body`] of
/// `Bytes`. The body of the requests, `B`, is [`Body`] for what is served.
///
/// ```
/// use axum::{Router, routing::get};
/// use fg_http::HttpService;
///
/// fn service() -> impl HttpService {
///     Router::new().route("/", get(async || "Hello!"))
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be served as a FunctionGraph function",
    label = "not a tower service of HTTP requests that can be cloned and sent",
    note = "an axum `Router` is one once it has its state: call `.with_state(..)` on it",
    note = "any other `tower::Service<http::Request<fg::http::Body>>` must be `Clone + Send + 'static`, and so must its response body be `Send + 'static`"
)]
pub trait HttpService<B = Body>: Clone + Send + 'static {
    /// The body of a response.
    type ResponseBody: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static;

    /// Waits until the service is ready, and calls it.
    ///
    /// The error has the name of the service's error type, unless that is a box.
    fn respond(
        self,
        request: http::Request<B>,
    ) -> impl Future<Output = Result<http::Response<Self::ResponseBody>, Error>> + Send + 'static;
}

#[diagnostic::do_not_recommend]
impl<S, B, R> HttpService<B> for S
where
    S: Service<http::Request<B>, Response = http::Response<R>, Error: Into<BoxError>, Future: Send>,
    S: Clone + Send + 'static,
    B: Send + 'static,
    R: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type ResponseBody = R;

    fn respond(
        self,
        request: http::Request<B>,
    ) -> impl Future<Output = Result<http::Response<R>, Error>> + Send + 'static {
        ready_then_call(self, request)
    }
}

/// Waits until the service is ready, and calls it.
pub(crate) async fn ready_then_call<S, R>(mut service: S, request: R) -> Result<S::Response, Error>
where
    S: Service<R, Error: Into<BoxError>>,
{
    poll_fn(|task| service.poll_ready(task)).await.map_err(Error::new)?;
    service.call(request).await.map_err(Error::new)
}
