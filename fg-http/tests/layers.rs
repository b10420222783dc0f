//! Tower layers around an event function: tower's, tower-http's, and one that is written for axum.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use fg_core::{
    Context, Failure, IntoPayload as _, ReadyFunction, ResponseBuffer, Secret, StreamResponse,
};
use fg_http::{Body, HttpService, InvocationService, Layered};
use futures_core::Stream;
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;
use tower::timeout::TimeoutLayer;
use tower::{Layer, Service, ServiceExt as _};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

/// What the payload says is what it does.
struct Acts(Arc<Acted>);

#[derive(Default)]
struct Acted {
    stopped: AtomicBool,
    pieces: Mutex<Option<mpsc::Receiver<Result<String, Failure>>>>,
}

impl ReadyFunction for Acts {
    async fn call(
        &self,
        payload: &[u8],
        ctx: &Context,
        output: &mut ResponseBuffer,
    ) -> Result<(), Failure> {
        match payload {
            b"fail" => {
                Err(Failure::new("Order.Lost", "it is lost").with_cause(["rain".to_owned()]))
            }
            b"wait" => std::future::pending().await,
            b"stream" => {
                let pieces = self
                    .0
                    .pieces
                    .lock()
                    .expect("it is not poisoned")
                    .take()
                    .expect("there are some");
                StreamResponse::new(Received(pieces))
                    .with_content_type("text/csv")
                    .write_payload(output)
            }
            _ => format!("{} for {}", String::from_utf8_lossy(payload), ctx.request_id())
                .write_payload(output),
        }
    }

    async fn pre_stop(&self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }
}

/// Pieces that come through a channel.
struct Received(mpsc::Receiver<Result<String, Failure>>);

impl Stream for Received {
    type Item = Result<String, Failure>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        task: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0.poll_recv(task)
    }
}

/// Runs one invocation with this layer around it, as a runtime does.
macro_rules! invoke {
    ($layer:expr, $payload:expr) => {
        invoke!($layer, $payload, Context::default(), Arc::default(), Body)
    };
    ($layer:expr, $payload:expr, $ctx:expr, $state:expr, $body:ty) => {{
        let mut output = ResponseBuffer::new();
        let outcome = call::<_, $body>($layer, $payload, &$ctx, $state, &mut output).await;
        outcome.map(|()| output)
    }};
}

async fn call<L, B>(
    layer: L,
    payload: &str,
    ctx: &Context,
    state: Arc<Acted>,
    output: &mut ResponseBuffer,
) -> Result<(), Failure>
where
    L: Layer<InvocationService<Acts>, Service: HttpService<B>>,
    B: From<Bytes> + Send + 'static,
{
    let layered = Layered::<_, _, B>::new(layer, Acts(state));
    layered.call(payload.as_bytes(), ctx, output).await
}

#[tokio::test]
async fn layers_of_any_body_go_around_a_handler() {
    let layers = tower::ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(TimeoutLayer::new(Duration::from_secs(60)))
        .layer(SetResponseHeaderLayer::overriding(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("text/x-layer"),
        ));
    let output = invoke!(layers, "work").expect("it is done");
    assert_eq!(
        (output.body(), output.content_type()),
        (&br#""work for test-request""#[..], "text/x-layer")
    );
}

#[tokio::test]
async fn an_error_of_the_handler_passes_through_the_layers_whole() {
    let failure = invoke!(TraceLayer::new_for_http(), "fail").expect_err("it failed");
    assert_eq!(failure, Failure::new("Order.Lost", "it is lost").with_cause(["rain".to_owned()]));
}

#[tokio::test]
async fn an_error_of_a_layer_is_a_failure_with_its_text() {
    let failure = invoke!(TimeoutLayer::new(Duration::from_millis(1)), "wait")
        .expect_err("it takes too long");
    assert_eq!(failure, Failure::new("FunctionReturnError", "request timed out"));
}

#[tokio::test]
async fn an_error_of_a_layer_that_has_a_type_keeps_its_name() {
    #[derive(Clone, Debug)]
    struct Refused;
    impl std::fmt::Display for Refused {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("not today")
        }
    }
    impl std::error::Error for Refused {}
    let layer = tower::layer::layer_fn(|_| {
        tower::service_fn(|_: http::Request<Body>| async {
            Err::<http::Response<Body>, _>(Refused)
        })
    });
    assert_eq!(
        invoke!(layer, "work").expect_err("it is refused"),
        Failure::new("Refused", "not today")
    );
}

#[tokio::test]
async fn a_response_of_a_layer_that_is_no_success_is_a_failure_with_its_status() {
    let authorize = from_fn(|request: Request, next: Next| async move {
        if request.headers().contains_key("x-cff-workflow-id") {
            return next.run(request).await;
        }
        (StatusCode::UNAUTHORIZED, "only workflows may call").into_response()
    });
    let failure =
        invoke!(authorize.clone(), "work", Context::default(), Arc::default(), axum::body::Body)
            .expect_err("it is refused");
    assert_eq!(failure, Failure::new("Http.401", "401 Unauthorized: only workflows may call"));
    let ctx = Context::builder().header("X-CFF-Workflow-Id", "w-1").build();
    let output =
        invoke!(authorize, "work", ctx, Arc::default(), axum::body::Body).expect("it is allowed");
    assert_eq!(output.body(), br#""work for test-request""#);
}

#[tokio::test]
async fn a_layer_written_for_axum_sees_the_invocation_and_changes_the_reply() {
    async fn stamp(request: Request, next: Next) -> Response {
        let id =
            request.extensions().get::<Context>().expect("it is there").request_id().to_owned();
        let line = format!("{} {} {id}", request.method(), request.uri());
        let body =
            next.run(request).await.into_body().collect().await.expect("it is read").to_bytes();
        format!("{line}: {}", String::from_utf8_lossy(&body)).into_response()
    }
    let output =
        invoke!(from_fn(stamp), "work", Context::default(), Arc::default(), axum::body::Body)
            .expect("it is done");
    assert_eq!(
        String::from_utf8_lossy(output.body()),
        r#"POST /invoke test-request: "work for test-request""#
    );
    assert_eq!(output.content_type(), "text/plain; charset=utf-8");
}

#[tokio::test]
async fn a_streamed_reply_passes_through_the_layers_piece_by_piece() {
    let (send, pieces) = mpsc::channel(1);
    let state = Arc::new(Acted { pieces: Mutex::new(Some(pieces)), ..Acted::default() });
    let layers = tower::ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(from_fn(|request: Request, next: Next| next.run(request)));
    let mut output =
        invoke!(layers, "stream", Context::default(), state, axum::body::Body).expect("it begins");
    assert_eq!(output.content_type(), "text/csv");
    let mut stream = output.take_stream().expect("it is a stream");
    for piece in ["a", "b"] {
        send.send(Ok(piece.to_owned())).await.expect("it is read");
        assert_eq!(stream.next().await, Some(Ok(Bytes::from(piece))));
    }
    let failure = Failure::new("Export.Lost", "the disk is gone");
    send.send(Err(failure.clone())).await.expect("it is read");
    assert_eq!(stream.next().await, Some(Err(failure)));
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn the_layers_see_the_headers_of_the_invocation_and_no_secret() {
    let seen = Arc::new(Mutex::new(String::new()));
    let keep = Arc::clone(&seen);
    let look = tower::util::MapRequestLayer::new(move |request: http::Request<Body>| {
        *keep.lock().expect("it is not poisoned") = format!("{request:?}");
        request
    });
    let builder = Context::builder()
        .token(&Secret::new("s3cr3t"))
        .header("X-CFF-Secret-Key", "s3cr3t")
        .header("X-Stream-Token", "s3cr3t");
    invoke!(look, "work", builder.header("X-CaaS-Trace-Id", "t-1").build(), Arc::default(), Body)
        .expect("it is done");
    let seen = seen.lock().expect("it is not poisoned");
    assert!(
        seen.contains("x-cff-request-id") && seen.contains(r#""x-caas-trace-id": "t-1""#),
        "{seen}"
    );
    assert!(!seen.contains("s3cr3t"), "{seen}");
}

#[tokio::test]
async fn the_handler_inside_is_told_of_the_end() {
    let acted = Arc::<Acted>::default();
    let function = Acts(Arc::clone(&acted));
    Layered::<_, _, Body>::new(TraceLayer::new_for_http(), function).pre_stop().await;
    assert!(acted.stopped.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_handler_is_an_axum_service_too() {
    let router: axum::Router = axum::Router::new()
        .route_service("/invoke", InvocationService::new(Arc::new(Acts(Arc::default()))));
    let request = |with_context| {
        let mut request = http::Request::post("/invoke")
            .body(axum::body::Body::from("work"))
            .expect("it is valid");
        if with_context {
            request.extensions_mut().insert(Context::default());
        }
        request
    };
    let response = router.clone().oneshot(request(true)).await.expect("it cannot fail");
    assert_eq!(
        response.into_body().collect().await.expect("it is read").to_bytes(),
        r#""work for test-request""#
    );

    let response = router.oneshot(request(false)).await.expect("it cannot fail");
    assert_eq!(response.status(), 500);
    let error = response.into_body().collect().await.expect("it is read").to_bytes();
    assert!(
        error.starts_with(
            br#"{"errorMessage":"the request has no `fg::Context` among its extensions"#
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_service_is_one_of_invocations() {
    fn is_a_service<
        S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible> + Clone,
    >(
        _: &S,
    ) {
    }
    is_a_service(&InvocationService::new(Arc::new(Acts(Arc::default()))));
}
