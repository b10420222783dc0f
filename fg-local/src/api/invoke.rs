//! Invocations over the API (API reference, "executing a function synchronously" and
//! "asynchronously").

mod response;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use fg_emulator::limits::{ASYNC_LIMIT, MEMORY_SIZES, SYNC_LIMIT, check_event_size};
use fg_emulator::printable::excerpt;
use fg_emulator::{Event, PlatformError};
use serde::de::IgnoredAny;
use serde_json::json;

use crate::api::request::Named;
use crate::app::App;
use crate::catalog::function::Function;
use crate::catalog::version::Version;
use crate::error::ApiError;
use crate::invoker::streamed_response::Started;
use crate::invoker::{ORIGIN_VERSION_TAG, roll};
use crate::urn::{FunctionRef, Qualifier};

use response::{Form, response_of, streamed_response};

/// How much of a URN is repeated in a message, in characters.
const MAX_QUOTED: usize = 200;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/fgs/functions/{urn}/invocations", post(invoke))
        .route("/fgs/functions/{urn}/invocations-async", post(invoke_async))
}

async fn invoke(
    State(app): State<Arc<App>>,
    Named(named): Named,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let (function, qualifier) = find(&app, named)?;
    let event = event(&headers, body, SYNC_LIMIT)?;
    let (version, event) = choose(&function, qualifier.as_ref(), event, &headers)?;
    let form = Form::of(&headers);
    if form.is_v1 {
        // The response is inside JSON, which cannot be streamed.
        let execution = app.invoker.invoke(&function, &version, event).await?;
        return response_of(&execution, form);
    }
    match app.invoker.start(&function, &version, event).await? {
        Started::Whole(execution) => response_of(&execution, form),
        Started::Streamed { request_id, head, body } => {
            Ok(streamed_response(&request_id, &head, body))
        }
    }
}

async fn invoke_async(
    State(app): State<Arc<App>>,
    Named(named): Named,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let (function, qualifier) = find(&app, named)?;
    let event = event(&headers, body, ASYNC_LIMIT)?;
    queue(&app, &function, qualifier, event.body(), &headers).await
}

/// Queues an invocation. The response is that of the platform: status 202 with the request id.
pub(crate) async fn queue(
    app: &Arc<App>,
    function: &Arc<Function>,
    qualifier: Option<Qualifier>,
    payload: &[u8],
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let key = function.qualifier_key(qualifier.as_ref())?;
    let kept = function.rule_headers(qualifier.as_ref(), headers);
    let id = app.invoker.queue(function, key, payload.to_vec(), kept).await?;
    let body = axum::Json(json!({"request_id": id}));
    Ok((StatusCode::ACCEPTED, [("X-Request-Id", id)], body).into_response())
}

/// The function that a URN names, and the version or alias in it.
fn find(app: &App, named: FunctionRef) -> Result<(Arc<Function>, Option<Qualifier>), ApiError> {
    let function = app.catalog.find(&named).map_err(|error| {
        if error.status != StatusCode::NOT_FOUND {
            return error;
        }
        let names: Vec<_> =
            app.catalog.list().iter().take(20).map(|function| function.name.to_string()).collect();
        let there = if names.is_empty() {
            "there is none".to_owned()
        } else {
            format!("there are: {}", names.join(", "))
        };
        let message = format!(
            "Not found the function: there is no function {} here; {there}",
            excerpt(&named.name, MAX_QUOTED)
        );
        ApiError { message, ..error }
    })?;
    Ok((function, named.qualifier))
}

/// The version that an invocation goes to. The function is told the alias that it was invoked by.
pub(crate) fn choose(
    function: &Function,
    qualifier: Option<&Qualifier>,
    event: Event,
    headers: &HeaderMap,
) -> Result<(Version, Event), ApiError> {
    let version = function.choose_version(qualifier, headers, roll())?.clone();
    let event = match qualifier {
        Some(Qualifier::Alias(alias)) => event.header(ORIGIN_VERSION_TAG, format!("!{alias}")),
        Some(Qualifier::Version(_)) | None => event,
    };
    Ok((version, event))
}

fn event(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Event, ApiError> {
    let event = Event::new(body);
    check_event_size(&event, limit).map_err(|error| refusal(&error))?;
    check_body_and_headers(headers, event.body())?;
    Ok(event)
}

/// Checks that the body is JSON, and that the headers have valid values.
pub(crate) fn check_body_and_headers(headers: &HeaderMap, body: &[u8]) -> Result<(), ApiError> {
    let not_acceptable =
        |message: String| ApiError::new(StatusCode::NOT_ACCEPTABLE, "FSS.0406", message);
    if !body.is_empty() {
        serde_json::from_slice::<IgnoredAny>(body)
            .map_err(|error| not_acceptable(format!("the body is not JSON: {error}")))?;
    }
    let Some(size) = headers.get("X-Cff-Instance-Memory") else { return Ok(()) };
    let number = size.to_str().ok().and_then(|size| size.trim().parse().ok());
    if number.is_some_and(|number| MEMORY_SIZES.contains(&number)) {
        return Ok(());
    }
    let size = String::from_utf8_lossy(size.as_bytes());
    Err(not_acceptable(format!("X-Cff-Instance-Memory cannot be {}", excerpt(&size, MAX_QUOTED))))
}

/// The error of a request that the platform refuses.
pub(crate) fn refusal(error: &PlatformError) -> ApiError {
    let status = StatusCode::from_u16(error.http_status());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    ApiError::new(status, error.code(), error.platform_message())
}
