//! Versions: publish and list.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::async_config;
use super::blocking::change;
use super::functions::view::{function_view, listed_view};
use super::request::{Named, OptionalBody, Page, QueryFields};
use crate::app::App;
use crate::catalog::function::Function;
use crate::catalog::version::Version;
use crate::error::ApiError;

/// The largest page of versions.
const MAX_PAGE: usize = 400;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/fgs/functions/{urn}/versions", get(list).post(publish))
}

/// The `digest` of a body is not compared: it is an MD5 of code that is not kept as such.
async fn publish(
    State(app): State<Arc<App>>,
    Named(named): Named,
    body: OptionalBody,
) -> Result<Json<Map<String, Value>>, ApiError> {
    let fields = body.fields();
    let name = fields.string("version", "FSS.1015")?.filter(|name| !name.is_empty());
    let name = name.map(ToOwned::to_owned);
    let description = fields.string("description", "FSS.1019")?.unwrap_or_default().to_owned();
    let function = app.catalog.find(&named)?;
    function.named_version(named.qualifier.as_ref())?;
    let (function, version) = change(&app, &function.name, move |function| {
        function.publish(name.as_deref(), &description, Timestamp::now())
    })
    .await?;
    Ok(Json(with_async_config(&app, &function, &version, function_view(&app, &function, &version))))
}

/// `latest` first, then the newest.
async fn list(
    State(app): State<Arc<App>>,
    Named(named): Named,
    query: QueryFields,
) -> Result<Json<Value>, ApiError> {
    let page = Page::of(&query, "maxitems", MAX_PAGE, MAX_PAGE)?;
    let function = app.catalog.find(&named)?;
    let versions: Vec<_> =
        std::iter::once(&function.latest).chain(function.versions.iter().rev()).collect();
    let count = versions.len();
    let (versions, next) = page.take(versions);
    let view = |version: &&Version| {
        let view = listed_view(&app, &function, version);
        with_async_config(&app, &function, version, view)
    };
    let versions: Vec<_> = versions.iter().map(view).collect();
    Ok(Json(json!({"versions": versions, "next_marker": next, "count": count})))
}

fn with_async_config(
    app: &App,
    function: &Function,
    version: &Version,
    mut view: Map<String, Value>,
) -> Map<String, Value> {
    if let Some(config) = function.async_configs.get(&version.name) {
        let config = async_config::view(app, function, &version.name, config);
        view.insert("function_async_config".into(), config);
    }
    view
}
