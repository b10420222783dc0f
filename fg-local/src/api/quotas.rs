//! Quotas: the platform's limits, and what is used of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::app::App;
use crate::catalog::MAX_FUNCTIONS;

/// In MB: 20 GB (FSS.1042).
const MAX_CODE: u64 = 20 << 10;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/fgs/quotas", get(list))
}

async fn list(State(app): State<Arc<App>>) -> Json<Value> {
    let functions = app.catalog.list();
    let packages: BTreeMap<_, _> = functions
        .iter()
        .flat_map(|function| std::iter::once(&function.latest).chain(&function.versions))
        .map(|version| (&version.code.digest, version.code.size))
        .collect();
    let code = packages.values().sum::<u64>().div_ceil(1 << 20);
    let resource = |kind: &str, quota: u64, used: u64, unit: &str| json!({"type": kind, "quota": quota, "used": used, "unit": unit});
    let resources = [
        resource("fgs_func_num", MAX_FUNCTIONS as u64, functions.len() as u64, ""),
        resource("fgs_func_code_size", MAX_CODE, code, "MB"),
        resource("fgs_func_occurs", 1000, 0, ""),
        resource("fgs_func_scale_down_timeout", 60, 0, ""),
        resource("fgs_func_pat_idle_time", 100, 0, ""),
        resource("fgs_workflow_num", 0, 0, ""),
        resource("fgs_on_demand_instance_limit", 1000, 0, ""),
        resource("fgs_func_qos_limit", 1000, 0, ""),
    ];
    Json(json!({"quotas": {"resources": resources}}))
}
