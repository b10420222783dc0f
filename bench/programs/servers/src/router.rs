//! The axum route that two of the servers share.

use axum::routing::post;
use axum::{Json, Router};

use crate::greeting::{Greeting, Reply};

pub(crate) fn router() -> Router {
    Router::new().route("/invoke", post(greet))
}

async fn greet(Json(greeting): Json<Greeting>) -> Json<Reply> {
    Json(greeting.answer())
}
