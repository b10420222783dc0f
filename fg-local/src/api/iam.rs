//! The few answers of IAM with which an SDK finds its project and its account.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::request::QueryFields;
use crate::app::App;
use crate::error::ApiError;

/// The routes below `/v3`.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/projects", get(projects))
        .route("/auth/projects", get(projects))
        .route("/auth/domains", get(domains))
        .route("/auth/tokens", post(tokens))
}

/// The one project, which is named as its region. With another name there is none: SDKs expect
/// exactly one project for a name.
async fn projects(State(app): State<Arc<App>>, query: QueryFields) -> Json<Value> {
    let place = &app.place;
    let is_wanted = query.get("name").is_none_or(|name| name == place.region)
        && query.get("domain_id").is_none_or(|domain| domain == app.domain_id);
    let project = is_wanted.then(|| {
        json!({
            "id": place.project_id,
            "name": place.region,
            "domain_id": app.domain_id,
            "parent_id": app.domain_id,
            "is_domain": false,
            "enabled": true,
            "description": "",
            "links": {
                "self": format!("/v3/projects/{}", place.project_id),
                "previous": null,
                "next": null,
            },
        })
    });
    Json(json!({
        "projects": Vec::from_iter(project),
        "links": {"self": "/v3/projects", "previous": null, "next": null},
    }))
}

/// The one account.
async fn domains(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({
        "domains": [{
            "id": app.domain_id,
            "name": app.domain_id,
            "enabled": true,
            "description": "",
            "links": {"self": format!("/v3/domains/{}", app.domain_id)},
        }],
        "links": {"self": "/v3/auth/domains", "previous": null, "next": null},
    }))
}

async fn tokens() -> ApiError {
    ApiError::new(
        StatusCode::NOT_IMPLEMENTED,
        "FSS.0501",
        "tokens are not emulated here: use an access key and a secret key (AK/SK), which sign each \
         request",
    )
}
