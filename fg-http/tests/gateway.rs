//! Services as event functions behind API Gateway: axum routers, and services of other kinds.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll};

use axum::Json;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use fg_core::{Context, Failure, LogSink, ReadyFunction, Record, ResponseBuffer};
use fg_http::apig::{self, PathParameters, RequestContext};
use fg_http::{Body, Connected, Gateway, HttpService};
use http_body::Frame;
use http_body_util::Full;
use serde_json::{Value, json};

/// Runs one invocation, as a runtime does.
async fn invoked<S: HttpService>(
    service: &S,
    event: Value,
    ctx: &Context,
) -> Result<http::Response<Bytes>, Failure> {
    let mut reply = ResponseBuffer::new();
    Gateway::new(service.clone()).call(event.to_string().as_bytes(), ctx, &mut reply).await?;
    Ok(apig::response_of(reply.body()).expect("the gateway accepts the answer"))
}

fn event(method: &str, path: &str) -> Value {
    json!({ "httpMethod": method, "path": path, "headers": {}, "queryStringParameters": {}, "body": "", "isBase64Encoded": true })
}

#[tokio::test]
async fn an_axum_router_answers_an_event() {
    async fn put_order(
        Path(id): Path<String>,
        Query(query): Query<Vec<(String, String)>>,
        headers: HeaderMap,
        Json(body): Json<Value>,
    ) -> impl IntoResponse {
        let tags: Vec<_> = headers
            .get_all("x-tag")
            .iter()
            .map(|tag| tag.to_str().expect("it is a text").to_owned())
            .collect();
        let cookies = [("set-cookie", "a=1"), ("set-cookie", "b=2")];
        let reply = json!({ "id": id, "query": query, "tags": tags, "body": body });
        (StatusCode::CREATED, axum::response::AppendHeaders(cookies), Json(reply))
    }
    let router: Router = Router::new().route("/orders/{id}", post(put_order));
    let mut event = event("POST", "/orders/a%2Fb");
    event["headers"] = json!({ "content-type": "application/json", "x-tag": ["one", "two"] });
    event["queryStringParameters"] = json!({ "q": ["a b", "&"] });
    event["body"] = r#"{"item":"tea"}"#.into();
    event["isBase64Encoded"] = false.into();

    let response = invoked(&router, event, &Context::default()).await.expect("it is answered");
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
    let body: Value = serde_json::from_slice(response.body()).expect("it is JSON");
    let expected = json!({ "id": "a/b", "query": [["q", "a b"], ["q", "&"]], "tags": ["one", "two"], "body": { "item": "tea" } });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn the_extensions_tell_of_the_invocation_and_of_the_gateway() {
    async fn about(
        Extension(ctx): Extension<Context>,
        Extension(PathParameters(parameters)): Extension<PathParameters>,
        Extension(gateway): Extension<RequestContext>,
    ) -> String {
        ctx.spawn_after(async {});
        format!("{} {} {:?}", ctx.request_id(), gateway.request_id, parameters.get("id"))
    }
    let router: Router = Router::new().route("/about", get(about));
    let mut event = event("GET", "/about");
    event["pathParameters"] = json!({ "id": "7" });
    event["requestContext"] = json!({ "requestId": "of-the-gateway" });
    let ctx = Context::builder().request_id("of-the-invocation").build();
    let response = invoked(&router, event, &ctx).await.expect("it is answered");
    assert_eq!(response.body(), r#"of-the-invocation of-the-gateway Some("7")"#);
    assert!(
        fg_core::__private::lifecycle::has_after_work(&ctx),
        "work left by the service is work of the invocation"
    );
}

#[tokio::test]
async fn what_the_router_does_not_know_is_its_own_not_found() {
    let response = invoked(&Router::<()>::new(), event("GET", "/nowhere"), &Context::default())
        .await
        .expect("it is answered");
    assert_eq!(response.status(), 404);
}

#[tokio::test]
async fn bytes_without_a_content_type_are_not_corrupted() {
    let service = tower::service_fn(|_: http::Request<Body>| async {
        Ok::<_, Infallible>(http::Response::new(Full::new(Bytes::from_static(b"\x89PNG\xff\x00"))))
    });
    let response = invoked(&service, event("GET", "/image"), &Context::default())
        .await
        .expect("it is answered");
    assert_eq!(&**response.body(), b"\x89PNG\xff\x00");
}

/// A body of so many pieces of 4 KiB.
struct Pieces(usize, Arc<AtomicUsize>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0 = self.0.saturating_sub(1);
        Poll::Ready((self.0 > 0).then(|| Ok(Frame::data(Bytes::from_static(&[b'x'; 4096])))))
    }
}

#[tokio::test]
async fn a_response_without_an_end_is_given_up_where_it_is_too_large() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let service = tower::service_fn(move |_: http::Request<Body>| {
        let response = http::Response::new(Pieces(usize::MAX, Arc::clone(&count)));
        async { Ok::<_, Infallible>(response) }
    });
    let failure = invoked(&service, event("GET", "/"), &Context::default())
        .await
        .expect_err("it is too large");
    assert_eq!(failure.error_type(), "FunctionResponseTooLarge");
    assert_eq!(asked.load(Ordering::Relaxed), 6 * 1024 * 1024 / 4096 + 1);
}

#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl LogSink for Lines {
    fn write(&self, record: &Record<'_>) {
        self.0
            .lock()
            .expect("it is not poisoned")
            .push(format!("{} {}", record.level, record.message));
    }
}

#[tokio::test]
async fn a_response_that_base64_makes_too_large_is_warned_of_once() {
    const SAFE: usize = 6 * 1024 * 1024 / 4 * 3;
    let service = tower::service_fn(|request: http::Request<Body>| async move {
        let size = request.uri().path().trim_start_matches('/').parse().expect("it is a number");
        Ok::<_, Infallible>(http::Response::new(Full::new(Bytes::from(vec![b'x'; size]))))
    });
    let lines = Arc::new(Lines::default());
    let ctx = Context::builder().log_to(Arc::<Lines>::clone(&lines)).build();
    for size in [SAFE, SAFE + 1, SAFE + 1] {
        invoked(&service, event("GET", &format!("/{size}")), &ctx).await.expect("it is answered");
    }
    let lines = lines.0.lock().expect("it is not poisoned");
    let [line] = lines.as_slice() else { panic!("{} lines", lines.len()) };
    assert!(
        line.starts_with("WARN a response of 4718593 bytes is larger than 4718592 bytes"),
        "{line}"
    );
}

#[tokio::test]
async fn headers_that_http_does_not_allow_are_left_out_with_one_line() {
    let service = tower::service_fn(|request: http::Request<Body>| async move {
        assert_eq!(request.headers().len(), 1);
        Ok::<_, Infallible>(http::Response::new(Full::new(Bytes::new())))
    });
    let lines = Arc::new(Lines::default());
    let ctx = Context::builder().log_to(Arc::<Lines>::clone(&lines)).build();
    let event = json!({ "httpMethod": "GET", "path": "/", "headers": { "host": "h", "a b": "1", "x-token": "se\ncret" } });
    invoked(&service, event, &ctx).await.expect("it is answered");
    let lines = lines.0.lock().expect("no test panics with it");
    assert_eq!(
        *lines,
        [
            "WARN 2 header values that HTTP does not allow are left out of the request: \"a b\", \"x-token\""
        ]
    );
}

#[tokio::test]
async fn an_error_of_the_service_is_a_failure_with_its_type() {
    #[derive(Debug)]
    struct OutOfStock;
    impl std::fmt::Display for OutOfStock {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("there is nothing left")
        }
    }
    impl std::error::Error for OutOfStock {}
    let service = tower::service_fn(|_: http::Request<Body>| async {
        Err::<http::Response<Body>, _>(OutOfStock)
    });
    let failure =
        invoked(&service, event("GET", "/"), &Context::default()).await.expect_err("it failed");
    assert_eq!(failure, Failure::new("OutOfStock", "there is nothing left"));
}

#[tokio::test]
async fn a_payload_that_is_no_event_does_not_reach_the_service() {
    let service = tower::service_fn(|_: http::Request<Body>| async {
        panic!("it was called") as Result<http::Response<Body>, Infallible>
    });
    let failure = invoked(&service, json!({ "name": "Ada" }), &Context::default())
        .await
        .expect_err("it is none");
    assert_eq!(failure.error_type(), "InvalidPayload");
}

#[tokio::test]
async fn a_service_is_called_when_it_is_ready_and_not_before() {
    #[derive(Clone, Default)]
    struct Slow(usize);
    impl tower::Service<http::Request<Body>> for Slow {
        type Response = http::Response<String>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Self::Response, Infallible>>;

        fn poll_ready(&mut self, task: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
            self.0 += 1;
            task.waker().wake_by_ref();
            if self.0 < 3 { Poll::Pending } else { Poll::Ready(Ok(())) }
        }

        fn call(&mut self, _: http::Request<Body>) -> Self::Future {
            std::future::ready(Ok(http::Response::new(format!("asked {} times", self.0))))
        }
    }
    let response = invoked(&Slow::default(), event("GET", "/"), &Context::default())
        .await
        .expect("it is answered");
    assert_eq!(response.body(), "asked 3 times");
}

#[tokio::test]
async fn a_head_is_answered_with_the_length_of_the_body_and_without_it() {
    let router: Router = Router::new().route("/", get(async || "thirteen long"));
    let plain = tower::service_fn(async |_: http::Request<Body>| {
        Ok::<_, Infallible>(http::Response::new(Body::from("four")))
    });
    for (response, length) in [
        (invoked(&router, event("HEAD", "/"), &Context::default()).await, "13"),
        (invoked(&plain, event("HEAD", "/"), &Context::default()).await, "4"),
    ] {
        let response = response.expect("it is answered");
        assert_eq!(
            (response.headers()["content-length"].as_bytes(), response.body().len()),
            (length.as_bytes(), 0)
        );
    }
}

#[tokio::test]
async fn a_service_that_is_not_sync_is_served() {
    let router: Router = Router::new().route("/", get(async || "hello"));
    let boxed = tower::util::BoxCloneService::new(router);
    let response =
        invoked(&boxed, event("GET", "/"), &Context::default()).await.expect("it is answered");
    assert_eq!(response.body(), "hello");
}

#[tokio::test]
async fn connect_info_is_the_address_that_the_gateway_names() {
    use axum::extract::ConnectInfo;
    use std::net::SocketAddr;
    let router: Router = Router::new()
        .route("/", get(async |ConnectInfo(client): ConnectInfo<SocketAddr>| client.to_string()));
    let service = Connected::new(router.into_make_service_with_connect_info::<SocketAddr>());
    for (source, expected) in
        [("203.0.113.7", "203.0.113.7:0"), ("2001:db8::1", "[2001:db8::1]:0"), ("", "0.0.0.0:0")]
    {
        let mut event = event("GET", "/");
        event["requestContext"] = json!({ "sourceIp": source });
        let response = invoked(&service, event, &Context::default()).await.expect("it is answered");
        assert_eq!(response.body(), expected);
    }
}
