//! A function as a value: whatever it is made from, it takes layers and settings, and is called in
//! a unit test.

use std::sync::Arc;
use std::time::Duration;

use fg::testing::{CapturedLog, invoke, invoke_with};
use fg::{Context, Function};

#[fg::handler]
async fn greet(name: String) -> Result<String, fg::Error> {
    Ok(format!("Hello, {name}!"))
}

#[fg::handler]
async fn farewell(name: String) -> Result<String, fg::Error> {
    Ok(format!("Goodbye, {name}!"))
}

#[fg::handler(blocking)]
fn count(name: &str) -> Result<usize, fg::Error> {
    Ok(name.len())
}

#[tokio::test]
async fn a_handler_is_called() {
    assert_eq!(
        invoke(Function::of::<greet>(), br#""Ada""#).await.expect("it is answered"),
        br#""Hello, Ada!""#
    );
}

#[tokio::test]
async fn a_test_says_which_of_several_handlers_is_called() {
    let function = || Function::of::<(greet, farewell, count)>();
    let call = async |name: &str| {
        let ctx = Context::builder().handler(name).build();
        String::from_utf8(invoke_with(function(), br#""Ada""#, &ctx).await?)
            .map_err(|_| fg::Failure::new("Test", "bytes"))
    };
    assert_eq!(call("greet").await.expect("it is answered"), r#""Hello, Ada!""#);
    assert_eq!(call("index.farewell").await.expect("it is answered"), r#""Goodbye, Ada!""#);
    assert_eq!(call("count").await.expect("it is answered"), "3");
    let failure = call("greeet").await.expect_err("there is none of this name");
    assert_eq!(failure.error_type(), "InitError");
    assert!(failure.message().contains("`greet`, `farewell`, `count`"), "{}", failure.message());
    let failure = invoke(function(), b"").await.expect_err("it is not said which");
    assert!(failure.message().contains("set it to one of"), "{}", failure.message());
}

#[cfg(feature = "http")]
mod http {
    use super::*;

    use axum::extract::{Request, State};
    use axum::http::StatusCode;
    use axum::middleware::{Next, from_fn};
    use axum::response::{IntoResponse, Response};
    use axum::routing::get;
    use axum::{Extension, Router};
    use tower::layer::util::Identity;
    use tower::timeout::TimeoutLayer;

    const EVENT: &[u8] = br#"{"httpMethod":"GET","path":"/","body":"","isBase64Encoded":false,"headers":{},"requestContext":{}}"#;

    /// The body of what the gateway gets.
    async fn get_root(function: Function<impl fg::Source>) -> (u64, String) {
        let answer = invoke(function, EVENT).await.expect("there is an answer");
        let answer: serde_json::Value = serde_json::from_slice(&answer).expect("it is JSON");
        (
            answer["statusCode"].as_u64().expect("there is a status"),
            answer["body"].as_str().expect("there is a body").to_owned(),
        )
    }

    fn router() -> Router {
        Router::new().route("/", get(async || "root"))
    }

    /// Refuses each request.
    async fn refuse(_: Request, _: Next) -> Response {
        (StatusCode::FORBIDDEN, "no").into_response()
    }

    /// Calls what is inside, and adds to what it says.
    async fn mark(request: Request, next: Next) -> Response {
        let response = next.run(request).await;
        let body = axum::body::to_bytes(response.into_body(), 1000).await.expect("it is read");
        format!("<{}>", String::from_utf8_lossy(&body)).into_response()
    }

    #[tokio::test]
    async fn layers_go_around_a_handler_the_last_one_outermost() {
        let function = Function::of::<greet>()
            .layer_of::<axum::body::Body, _, _>(from_fn(mark))
            .layer(from_fn(refuse))
            .layer(TimeoutLayer::new(Duration::from_secs(60)));
        let failure = invoke(function, br#""Ada""#).await.expect_err("it is refused");
        assert_eq!((failure.error_type(), failure.message()), ("Http.403", "403 Forbidden: no"));

        let function = Function::of::<greet>()
            .layer_of::<axum::body::Body, _, _>(from_fn(mark))
            .layer(Identity::new());
        assert_eq!(
            invoke(function, br#""Ada""#).await.expect("it is answered"),
            br#"<"Hello, Ada!">"#
        );
    }

    #[tokio::test]
    async fn layers_go_around_each_of_several_handlers() {
        let function = Function::of::<(greet, farewell, count)>()
            .layer(TimeoutLayer::new(Duration::from_secs(60)))
            .layer(Identity::new());
        let ctx = Context::builder().handler("count").build();
        assert_eq!(invoke_with(function, br#""Ada""#, &ctx).await.expect("it is answered"), b"3");
    }

    #[tokio::test]
    async fn a_router_answers_an_event_of_api_gateway() {
        assert_eq!(get_root(Function::http(router())).await, (200, "root".to_owned()));
    }

    #[tokio::test]
    async fn layers_of_a_router_see_the_http_request() {
        async fn path(request: Request, next: Next) -> Response {
            let path = request.uri().path().to_owned();
            let mut response = next.run(request).await;
            response.headers_mut().insert("x-path", path.parse().expect("it is valid"));
            response
        }
        let function = Function::http(router().layer(from_fn(path)))
            .layer(TimeoutLayer::new(Duration::from_secs(60)))
            .layer(Identity::new());
        let answer = invoke(function, EVENT).await.expect("there is an answer");
        assert!(String::from_utf8_lossy(&answer).contains(r#""x-path":"/""#));
    }

    #[derive(Clone)]
    struct Pool(&'static str);

    async fn show(State(pool): State<Arc<Pool>>, Extension(ctx): Extension<Context>) -> String {
        format!("{} for {}", pool.0, ctx.request_id())
    }

    async fn connect(ctx: &Context) -> Result<Router, fg::Error> {
        let name = ctx.user_data("POOL").ok_or("POOL is not set")?.len();
        assert_eq!(name, 4);
        let logger = ctx.logger().clone();
        ctx.before_stop(async move { logger.info("closed the pool") });
        Ok(Router::new().route("/", get(show)).with_state(Arc::new(Pool("a pool"))))
    }

    #[tokio::test]
    async fn a_router_can_be_made_by_an_init_phase_which_may_fail() {
        let log = CapturedLog::new();
        let ctx = Context::builder().user_data("POOL", "main").log_to(log.clone()).build();
        let function = Function::http_with(connect).layer(Identity::new());
        let answer = invoke_with(function, EVENT, &ctx).await.expect("there is an answer");
        assert!(String::from_utf8_lossy(&answer).contains("a pool for test-request"));
        assert_eq!(log.lines(), ["test-request INFO closed the pool"]);

        let failure = invoke(Function::http_with(connect), EVENT).await.expect_err("no pool");
        assert_eq!(
            (failure.error_type(), failure.message()),
            ("InitError", "the function could not be initialised: POOL is not set")
        );
    }

    #[tokio::test]
    async fn an_init_phase_may_be_a_closure_or_take_no_context() {
        async fn without() -> Result<Router, std::io::Error> {
            Ok(router())
        }
        let root = (200, "root".to_owned());
        assert_eq!(get_root(Function::http_with(without)).await, root);
        let text = String::from("root");
        let function = Function::http_with(async move |_: &Context| {
            Ok::<_, fg::Error>(Router::new().route("/", get(async move || text.clone())))
        });
        assert_eq!(get_root(function).await, root);
        let function = Function::http_with(|ctx: &Context| {
            let timeout = ctx.timeout();
            async move { if timeout.is_zero() { Err("no time") } else { Ok(router()) } }
        });
        assert_eq!(get_root(function).await, root);
    }
}
