//! Events that are kept for tests of a function.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::blocking::change;
use super::fields::Fields;
use super::request::{Body, Named, PathFields};
use crate::app::App;
use crate::catalog::function::{Function, TestEvent};
use crate::catalog::id::random_uuid;
use crate::error::ApiError;

/// How many events a function has at most. The number behind FSS.1068 is not documented.
const MAX_EVENTS: usize = 100;

/// The largest event in bytes (FSS.1069).
const MAX_CONTENT: usize = 4 << 10;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/fgs/functions/{urn}/events", get(list).post(create))
        .route("/fgs/functions/{urn}/events/{id}", get(show).put(update).delete(remove))
}

async fn create(
    State(app): State<Arc<App>>,
    Named(named): Named,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let name = read_name(body.fields())?;
    let content = read_content(body.fields())?;
    let function = app.catalog.find(&named)?;
    let (_, event) = change(&app, &function.name, move |function| {
        if function.test_events.iter().any(|event| event.name == name) {
            return Err(ApiError::forbidden(
                "FSS.1073",
                format!("The function event already exists: {name}"),
            ));
        }
        if function.test_events.len() >= MAX_EVENTS {
            return Err(ApiError::forbidden(
                "FSS.1068",
                format!(
                    "The number of events configured for the function exceeds the maximum allowed \
                     limit ({MAX_EVENTS})"
                ),
            ));
        }
        let last_modified = Timestamp::now();
        let event = TestEvent { id: random_uuid(), name, content, last_modified };
        function.test_events.push(event.clone());
        Ok(event)
    })
    .await?;
    Ok(Json(json!({"id": event.id, "name": event.name})))
}

fn read_name(fields: Fields<'_>) -> Result<String, ApiError> {
    let name = fields.required_string("name", "FSS.1074")?;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(is_allowed) {
        return Ok(name.to_owned());
    }
    Err(ApiError::bad_request(
        "FSS.1074",
        "The event field is invalid: name must have 1 to 64 letters, digits, hyphens and \
         underscores",
    ))
}

/// Base64 of JSON.
fn read_content(fields: Fields<'_>) -> Result<String, ApiError> {
    let content = fields.required_string("content", "FSS.1074")?;
    let bytes = STANDARD.decode(content).ok();
    if bytes.as_ref().map_or(content.len() / 4 * 3, Vec::len) > MAX_CONTENT {
        return Err(ApiError::forbidden("FSS.1069", "The size of EventData exceeds 4 KB"));
    }
    let is_json =
        bytes.is_some_and(|bytes| serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok());
    if is_json {
        return Ok(content.to_owned());
    }
    Err(ApiError::bad_request(
        "FSS.1074",
        "The event field is invalid: content must be the Base64 of JSON",
    ))
}

async fn list(State(app): State<Arc<App>>, Named(named): Named) -> Result<Json<Value>, ApiError> {
    let function = app.catalog.find(&named)?;
    let view = |event: &TestEvent| {
        let last_modified = event.last_modified.as_second();
        json!({"id": event.id, "name": event.name, "last_modified": last_modified})
    };
    let events: Vec<_> = function.test_events.iter().map(view).collect();
    let count = events.len();
    Ok(Json(json!({"events": events, "next_marker": count, "count": count})))
}

async fn show(
    State(app): State<Arc<App>>,
    Named(named): Named,
    path: PathFields,
) -> Result<Json<Value>, ApiError> {
    let function = app.catalog.find(&named)?;
    let event = &function.test_events[position(&function, &path)?];
    Ok(Json(json!({
        "id": event.id,
        "name": event.name,
        "content": event.content,
        "last_modified": event.last_modified.as_second(),
    })))
}

async fn update(
    State(app): State<Arc<App>>,
    Named(named): Named,
    path: PathFields,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let content = read_content(body.fields())?;
    let function = app.catalog.find(&named)?;
    let (_, event) = change(&app, &function.name, move |function| {
        let at = position(function, &path)?;
        let event = &mut function.test_events[at];
        event.content = content;
        event.last_modified = Timestamp::now();
        Ok(event.clone())
    })
    .await?;
    Ok(Json(json!({"id": event.id, "name": event.name})))
}

async fn remove(
    State(app): State<Arc<App>>,
    Named(named): Named,
    path: PathFields,
) -> Result<StatusCode, ApiError> {
    let function = app.catalog.find(&named)?;
    change(&app, &function.name, move |function| {
        let at = position(function, &path)?;
        function.test_events.remove(at);
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn position(function: &Function, path: &PathFields) -> Result<usize, ApiError> {
    let id = path.get("id");
    function.test_events.iter().position(|event| event.id == id).ok_or_else(|| {
        ApiError::not_found(
            "FSS.1070",
            format!("The event cannot be found: {} has no event {id}", function.name),
        )
    })
}
