//! What is done with asynchronous invocations of a version or an alias: retries, age limit and
//! destinations.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::blocking::change;
use super::fields::Fields;
use super::functions::view::time;
use super::request::{Body, Named, Page, QueryFields};
use crate::app::App;
use crate::catalog::function::{AsyncConfig, Destination, Function};
use crate::error::ApiError;

/// In seconds, and a number: what holds if a body does not say (API reference `06_0127`).
const DEFAULT_AGE: u32 = 3600;
const DEFAULT_RETRIES: u32 = 1;

/// The longest `param` of a destination in bytes.
const MAX_PARAM: usize = 2048;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/fgs/functions/{urn}/async-invoke-config", get(show).put(update).delete(remove))
        .route("/fgs/functions/{urn}/async-invoke-configs", get(list))
}

async fn update(
    State(app): State<Arc<App>>,
    Named(named): Named,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let function = app.catalog.find(&named)?;
    let qualifier = function.qualifier_key(named.qualifier.as_ref())?;
    let mut config = read(body.fields())?;
    let (function, config) = change(&app, &function.name, {
        let qualifier = qualifier.clone();
        move |function| {
            if let Some(before) = function.async_configs.get(&qualifier) {
                config.created = before.created;
            }
            function.async_configs.insert(qualifier, config.clone());
            Ok(config)
        }
    })
    .await?;
    Ok(Json(view(&app, &function, &qualifier, &config)))
}

fn read(fields: Fields<'_>) -> Result<AsyncConfig, ApiError> {
    let number = |name: &str, default: u32, range: std::ops::RangeInclusive<i64>| {
        let number = fields.integer_or_string(name, "FSS.0400")?.unwrap_or(default.into());
        u32::try_from(number).ok().filter(|_| range.contains(&number)).ok_or_else(|| {
            ApiError::bad_request(
                "FSS.0400",
                format!("Invalid parameter: {name} must be {} to {}", range.start(), range.end()),
            )
        })
    };
    let destinations = fields.object("destination_config", "FSS.0400")?;
    let destination = |name: &str| {
        let fields = destinations.map(|fields| fields.object(name, "FSS.0400")).transpose()?;
        fields.flatten().map_or(Ok(None), read_destination)
    };
    let now = Timestamp::now();
    Ok(AsyncConfig {
        max_age_in_seconds: number("max_async_event_age_in_seconds", DEFAULT_AGE, 1..=86_400)?,
        max_retries: number("max_async_retry_attempts", DEFAULT_RETRIES, 0..=3)?,
        on_success: destination("on_success")?,
        on_failure: destination("on_failure")?,
        enable_status_log: fields.flag("enable_async_status_log", "FSS.0400")?.unwrap_or(false),
        created: now,
        last_modified: now,
    })
}

/// A destination and its `param`, a JSON object as a string. An empty destination is none.
fn read_destination(fields: Fields<'_>) -> Result<Option<Destination>, ApiError> {
    let destination = fields.string("destination", "FSS.0400")?.unwrap_or_default();
    let param = fields.string("param", "FSS.0400")?.unwrap_or_default();
    let needed = match destination {
        "" => return Ok(None),
        "FunctionGraph" => "func_urn",
        "OBS" => "bucket",
        "SMN" => "topic_urn",
        "DIS" => "stream_name",
        _ => {
            return Err(ApiError::bad_request(
                "FSS.0400",
                "Invalid parameter: destination must be FunctionGraph, OBS, SMN or DIS",
            ));
        }
    };
    let object = serde_json::from_str::<Map<String, Value>>(param).unwrap_or_default();
    let is_named = object.get(needed).and_then(Value::as_str).is_some_and(|name| !name.is_empty());
    if !is_named || param.len() > MAX_PARAM {
        return Err(ApiError::bad_request(
            "FSS.0400",
            format!(
                "Invalid parameter: the param of a destination {destination} must be a JSON object \
                 as a string, of at most {MAX_PARAM} bytes, with {needed}"
            ),
        ));
    }
    Ok(Some(Destination { destination: destination.to_owned(), param: param.to_owned() }))
}

async fn show(State(app): State<Arc<App>>, Named(named): Named) -> Result<Json<Value>, ApiError> {
    let function = app.catalog.find(&named)?;
    let qualifier = function.qualifier_key(named.qualifier.as_ref())?;
    let config = function.async_configs.get(&qualifier).ok_or_else(|| none(&function))?;
    Ok(Json(view(&app, &function, &qualifier, config)))
}

async fn remove(State(app): State<Arc<App>>, Named(named): Named) -> Result<StatusCode, ApiError> {
    let function = app.catalog.find(&named)?;
    let qualifier = function.qualifier_key(named.qualifier.as_ref())?;
    change(&app, &function.name, move |function| {
        function.async_configs.remove(&qualifier).ok_or_else(|| none(function)).map(|_| ())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list(
    State(app): State<Arc<App>>,
    Named(named): Named,
    query: QueryFields,
) -> Result<Json<Value>, ApiError> {
    let page = Page::of(&query, "limit", 100, 500)?;
    let function = app.catalog.find(&named)?;
    let configs: Vec<_> = function.async_configs.iter().collect();
    let count = configs.len();
    let (configs, next) = page.take(configs);
    let view =
        |(qualifier, config): &(&String, &AsyncConfig)| view(&app, &function, qualifier, config);
    let configs: Vec<_> = configs.iter().map(view).collect();
    let page_info = page.info(configs.len(), next);
    Ok(Json(json!({
        "async_invoke_configs": configs,
        "count": count,
        "page_info": page_info,
    })))
}

fn none(function: &Function) -> ApiError {
    ApiError::not_found(
        "FSS.0404",
        format!(
            "The specified resource was not found: {} has no configuration of asynchronous \
             invocations for this version",
            function.name
        ),
    )
}

/// A configuration in an answer. A destination is there if it has been set.
pub(super) fn view(app: &App, function: &Function, qualifier: &str, config: &AsyncConfig) -> Value {
    let mut destinations = Map::new();
    for (name, destination) in
        [("on_success", &config.on_success), ("on_failure", &config.on_failure)]
    {
        if let Some(Destination { destination, param }) = destination {
            let destination = json!({"destination": destination, "param": param});
            destinations.insert(name.to_owned(), destination);
        }
    }
    json!({
        "func_urn": app.place.urn(&function.name, qualifier),
        "max_async_event_age_in_seconds": config.max_age_in_seconds,
        "max_async_retry_attempts": config.max_retries,
        "destination_config": destinations,
        "created_time": time(config.created),
        "last_modified": time(config.last_modified),
        "enable_async_status_log": config.enable_status_log,
    })
}
