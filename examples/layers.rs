//! Tower layers around a handler: middleware written for axum works with any function.
//!
//! `echo '{"milliseconds":2000}' | cargo run -q --example layers --features http`

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use serde::Deserialize;
use tower::timeout::TimeoutLayer;

#[derive(Deserialize)]
struct Nap {
    milliseconds: u64,
}

#[fg::handler]
async fn sleep(nap: Nap) -> Result<&'static str, fg::Error> {
    tokio::time::sleep(Duration::from_millis(nap.milliseconds)).await;
    Ok("rested")
}

/// An axum middleware, which knows nothing of functions but the context.
async fn measure(request: Request, next: Next) -> Response {
    let ctx = request.extensions().get::<fg::Context>().cloned();
    let begun = std::time::Instant::now();
    let response = next.run(request).await;
    if let Some(ctx) = ctx {
        ctx.logger().info(format_args!(
            "status {} after {:.0?}",
            response.status(),
            begun.elapsed()
        ));
    }
    response
}

fn main() -> std::process::ExitCode {
    fg::Function::of::<sleep>()
        .layer_of::<axum::body::Body, _, _>(from_fn(measure))
        .layer(TimeoutLayer::new(Duration::from_secs(1)))
        .run()
}
