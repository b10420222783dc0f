//! Quotas: the platform's limits, and what is used of them.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::app::App;
use crate::catalog::{MAX_CODE, MAX_FUNCTIONS};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/fgs/quotas", get(list))
}

async fn list(State(app): State<Arc<App>>) -> Json<Value> {
    let functions = app.catalog.list();
    let code = app.catalog.code_size().div_ceil(1 << 20);
    let resources = [
        resource("fgs_func_num", MAX_FUNCTIONS as u64, functions.len() as u64, ""),
        resource("fgs_func_code_size", MAX_CODE >> 20, code, "MB"),
        resource("fgs_func_occurs", 1000, 0, ""),
        resource("fgs_func_scale_down_timeout", 60, 0, ""),
        resource("fgs_func_pat_idle_time", 100, 0, ""),
        resource("fgs_workflow_num", 0, 0, ""),
        resource("fgs_on_demand_instance_limit", 1000, 0, ""),
        resource("fgs_func_qos_limit", 1000, 0, ""),
    ];
    Json(json!({"quotas": {"resources": resources}}))
}

fn resource(kind: &str, quota: u64, used: u64, unit: &str) -> Value {
    json!({"type": kind, "quota": quota, "used": used, "unit": unit})
}
