//! What kinds of things there are: runtimes, triggers and features. Terraform has data sources of
//! them.

use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::app::App;
use crate::catalog::config::RUNTIMES;
use crate::catalog::trigger::TYPES;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/fgs/runtimetypes", get(runtimes))
        .route("/fgs/triggertypes", get(triggers))
        .route("/fgs/feature", get(features))
        .route("/fgs/dependencies", get(dependencies))
}

async fn runtimes() -> Json<Vec<Value>> {
    let view = |runtime: &&str| json!({"type": runtime, "display_name": runtime});
    Json(RUNTIMES.iter().map(view).collect())
}

async fn triggers() -> Json<Vec<&'static str>> {
    Json(TYPES.iter().map(|kind| kind.code).collect())
}

/// The platform's names of features are not documented.
async fn features() -> Json<Value> {
    Json(json!({}))
}

/// There are none: they are not emulated, and cannot be created.
async fn dependencies() -> Json<Value> {
    Json(json!({"dependencies": [], "next_marker": 0, "count": 0}))
}
