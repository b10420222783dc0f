//! Where logs are, and the switches of the project for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::request::Named;
use crate::app::App;
use crate::catalog::function::LogIds;
use crate::catalog::id::derived_uuid;
use crate::error::ApiError;

/// What a client has switched on. Logs are kept in any case; this is what it is told, until the
/// process ends.
#[derive(Debug, Default)]
pub(crate) struct LogSwitches {
    lts: AtomicBool,
    async_status: AtomicBool,
}

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/fgs/functions/{urn}/lts-log-detail", get(detail))
        .route("/fgs/functions/enable-lts-logs", post(enable))
        .route("/fgs/functions/enable-async-status-logs", post(enable_async_status))
        .route("/fgs/functions/async-status-log-detail", get(async_status_detail))
}

/// Terraform recognises the message of the second time.
async fn enable(State(app): State<Arc<App>>) -> Result<Json<Value>, ApiError> {
    if app.log_switches.lts.swap(true, Ordering::Relaxed) {
        return Err(ApiError::bad_request("FSS.1221", "lts log has been enabled"));
    }
    Ok(Json(json!({})))
}

async fn detail(State(app): State<Arc<App>>, Named(named): Named) -> Result<Json<Value>, ApiError> {
    let function = app.catalog.find(&named)?;
    function.named_version(named.qualifier.as_ref())?;
    let LogIds { group_name, group_id, stream_name, stream_id } =
        function.log_ids(&app.place.project_id);
    Ok(Json(json!({
        "group_name": group_name,
        "group_id": group_id,
        "stream_name": stream_name,
        "stream_id": stream_id,
    })))
}

async fn enable_async_status(State(app): State<Arc<App>>) -> Json<Value> {
    app.log_switches.async_status.store(true, Ordering::Relaxed);
    Json(json!({}))
}

/// The stream of status changes; nothing is written there: the states of asynchronous invocations
/// are listed by the API.
async fn async_status_detail(State(app): State<Arc<App>>) -> Result<Json<Value>, ApiError> {
    if !app.log_switches.async_status.load(Ordering::Relaxed) {
        return Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "FSS.0404",
            "selectOneLog, group or stream not found: the status log of asynchronous invocations \
             has not been enabled",
        ));
    }
    let project = &app.place.project_id;
    Ok(Json(json!({
        "group_name": "functiongraph.async.status",
        "group_id": derived_uuid(&format!("async status group {project}")),
        "stream_name": "functiongraph.async.status",
        "stream_id": derived_uuid(&format!("async status {project}")),
    })))
}
