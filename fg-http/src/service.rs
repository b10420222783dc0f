//! What can be served: a tower service of HTTP requests.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use fg_core::Error;
use pin_project_lite::pin_project;
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
pub(crate) fn ready_then_call<S, R>(service: S, request: R) -> ReadyThenCall<S, R>
where
    S: Service<R, Error: Into<BoxError>>,
{
    ReadyThenCall::Waiting { call: Some((service, request)) }
}

pin_project! {
    /// The future of [`ready_then_call`]. An `async fn` would move the request and the service's
    /// future once more, and have the space for both.
    #[project = Projection]
    pub(crate) enum ReadyThenCall<S: Service<R>, R> {
        /// Until the service is ready.
        Waiting {
            // Taken when it is called.
            call: Option<(S, R)>,
        },
        Called {
            #[pin]
            future: S::Future,
        },
    }
}

impl<S, R> Future for ReadyThenCall<S, R>
where
    S: Service<R, Error: Into<BoxError>>,
{
    type Output = Result<S::Response, Error>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        if let Projection::Waiting { call } = self.as_mut().project() {
            let (service, _) = call.as_mut().expect("it is not polled after its end");
            ready!(service.poll_ready(task)).map_err(Error::new)?;
            let (mut service, request) = call.take().expect("it is there");
            let future = service.call(request);
            self.set(Self::Called { future });
        }
        match self.project() {
            Projection::Called { future } => future.poll(task).map_err(Error::new),
            Projection::Waiting { .. } => unreachable!("the service has been called"),
        }
    }
}
