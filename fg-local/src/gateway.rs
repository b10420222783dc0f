//! Requests to functions: plain events, and requests that API Gateway turns into events.
//!
//! | request | how it is handled |
//! | --- | --- |
//! | below the path of a trigger of API Gateway | an event of API Gateway for the function of the trigger |
//! | `POST` to the path of a function of the project, without a query | the body is the event |
//! | anything else below the path of a function of the project | an event of API Gateway |

mod apig_event;
mod apig_response;
mod invocation;
mod project_paths;
mod trigger_paths;

use std::sync::Arc;

use axum::http::header::ALLOW;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::app::App;
use crate::error::ApiError;
use crate::exchange::Told;

pub(crate) use project_paths::ProjectPaths;
use project_paths::Route;

/// The response to a request that is not for the platform's API.
pub(crate) async fn respond(app: &Arc<App>, request: &Parts, body: Bytes) -> Response {
    let functions = app.catalog.list();
    if let Some(matched) = trigger_paths::find(&functions, &request.method, request.uri.path()) {
        return invocation::invoke_by_trigger(app, matched, request, body).await;
    }
    let target = request.uri.path_and_query().map_or("/", |target| target.as_str());
    match app.project_paths.route(target) {
        Route::Function { label, name, target } => {
            let called = invocation::Called { label: &label, name: &name, target: &target };
            invocation::invoke_by_path(app, called, request, body).await
        }
        Route::List if matches!(request.method, Method::GET | Method::HEAD) => {
            (StatusCode::OK, [("Content-Type", "application/json")], list(app)).into_response()
        }
        Route::List | Route::NotFound => not_found(app, request),
    }
}

/// All functions with their paths, as JSON.
fn list(app: &App) -> String {
    let mut entries = app.project_paths.list(app.invoker.project());
    for function in app.catalog.list() {
        let paths = trigger_paths::of(&function);
        entries.extend(paths.map(|path| -> Value {
            json!({"name": function.name.name, "path": path, "state": "served", "reason": null})
        }));
    }
    format!("{:#}\n", json!({"functions": entries}))
}

fn not_found(app: &App, request: &Parts) -> Response {
    let reason =
        format!("the first part of the path names a function; {}", app.project_paths.paths());
    let is_list = request.uri.path() == "/";
    let mut response = ApiError::not_found("FSS.0404", reason.as_str()).into_response();
    if is_list {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    Told::because(reason).with(response)
}
