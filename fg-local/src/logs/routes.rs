//! The routes of LTS: log groups, log streams, and the query of a stream.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query as QueryString, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::error::LtsError;
use super::query::{Page, Query};
use crate::app::App;
use crate::catalog::function::{Function, LogIds};

/// The largest body of a query in bytes.
const MAX_BODY: usize = 64 << 10;

/// The routes below `/v2/{project}`, which are those of LTS.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/groups", get(groups))
        .route("/groups/{group}/streams", get(streams))
        .route("/log-streams", get(all_streams))
        .route("/groups/{group}/streams/{stream}/content/query", post(query))
        .layer(DefaultBodyLimit::max(MAX_BODY))
}

/// The one group, if there is a function.
async fn groups(State(app): State<Arc<App>>) -> Json<Value> {
    let functions = app.catalog.list();
    let created = functions.iter().map(|function| function.created).min();
    let group = functions.first().zip(created).map(|(function, created)| {
        let ids = ids(&app, function);
        json!({
            "creation_time": created.as_millisecond(),
            "log_group_name": ids.group_name,
            "log_group_id": ids.group_id,
            // The default of LTS. Here logs are limited by their size.
            "ttl_in_days": 30,
            "tag": {},
        })
    });
    Json(json!({"log_groups": Vec::from_iter(group)}))
}

async fn streams(
    State(app): State<Arc<App>>,
    Path((_, group)): Path<(String, String)>,
) -> Result<Json<Value>, LtsError> {
    let functions = in_group(&app, &group)?;
    let streams: Vec<_> = functions.iter().map(|function| stream(&app, function)).collect();
    Ok(Json(json!({"log_streams": streams})))
}

/// The names by which streams are filtered.
#[derive(Deserialize)]
struct Names {
    log_group_name: Option<String>,
    log_stream_name: Option<String>,
}

async fn all_streams(
    State(app): State<Arc<App>>,
    QueryString(names): QueryString<Names>,
) -> Json<Value> {
    let is_wanted = |function: &&Arc<Function>| {
        let ids = ids(&app, function);
        names.log_group_name.as_ref().is_none_or(|name| *name == ids.group_name)
            && names.log_stream_name.as_ref().is_none_or(|name| *name == ids.stream_name)
    };
    let functions = app.catalog.list();
    let streams = functions.iter().filter(is_wanted).map(|function| stream(&app, function));
    Json(json!({"log_streams": streams.collect::<Vec<_>>()}))
}

fn stream(app: &App, function: &Function) -> Value {
    let ids = ids(app, function);
    json!({
        "creation_time": function.created.as_millisecond(),
        "log_stream_name": ids.stream_name,
        "log_stream_id": ids.stream_id,
        "filter_count": 0,
        "is_favorite": false,
        "tag": {},
    })
}

fn ids(app: &App, function: &Function) -> LogIds {
    function.log_ids(&app.place.project_id)
}

/// The functions whose streams are in this group: all are in the same.
fn in_group(app: &App, group: &str) -> Result<Vec<Arc<Function>>, LtsError> {
    let functions = app.catalog.list();
    let is_group = functions.first().is_some_and(|first| ids(app, first).group_id == group);
    if is_group { Ok(functions) } else { Err(LtsError::no_group(group)) }
}

async fn query(
    State(app): State<Arc<App>>,
    Path((_, group, stream)): Path<(String, String, String)>,
    body: Bytes,
) -> Result<Json<Page>, LtsError> {
    let functions = in_group(&app, &group)?;
    let function = functions.iter().find(|function| ids(&app, function).stream_id == stream);
    let function = Arc::clone(function.ok_or_else(|| LtsError::no_stream(&stream))?);
    let query = Query::parse(&body, &app.place.region)?;
    let page = spawn_blocking(move || app.logs.query(&function, &query));
    page.await.map_err(LtsError::failed)?.map(Json).map_err(LtsError::failed)
}
