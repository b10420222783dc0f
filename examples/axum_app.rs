//! An axum app: the same program is a plain server, an HTTP function, and an event function behind
//! API Gateway.
//!
//! `cargo run -q --example axum_app --features http`, then `curl
//! localhost:8000/orders/17?currency=EUR`

use std::time::Duration;

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;

#[derive(Deserialize)]
struct Prices {
    currency: String,
}

#[derive(Deserialize, Serialize)]
struct Order {
    id: u32,
    item: String,
}

async fn show(Path(id): Path<u32>, Query(prices): Query<Prices>) -> String {
    format!("order {id} in {}", prices.currency)
}

/// What the platform knows of the request is among its extensions.
async fn place(
    Extension(ctx): Extension<fg::Context>,
    Json(order): Json<Order>,
) -> impl IntoResponse {
    ctx.logger().info(format_args!("order {} for {}", order.id, order.item));
    (StatusCode::CREATED, Json(order))
}

/// Server-sent events, one at a time, as they come.
async fn ticks() -> impl IntoResponse {
    let ticks = fg::stream::from_writer(|mut out| async move {
        for number in 1..=3 {
            let event = fg::sse::Event::new().event("tick").data(number.to_string());
            out.write_all(event.to_string().as_bytes()).await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        std::io::Result::Ok(())
    });
    ([("content-type", "text/event-stream")], axum::body::Body::from_stream(ticks.into_body()))
}

fn router() -> Router {
    Router::new()
        .route("/orders/{id}", get(show))
        .route("/orders", post(place))
        .route("/ticks", get(ticks))
        .route("/upload", post(|body: axum::body::Bytes| async move { body }))
}

fn main() -> std::process::ExitCode {
    fg::http::run(router())
}
