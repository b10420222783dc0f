//! Invocations over the API (API reference, "executing a function synchronously" and
//! "asynchronously").

mod response;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use fg_emulator::limits::{ASYNC_LIMIT, MEMORY_SIZES, SYNC_LIMIT, check_event_size};
use fg_emulator::printable::excerpt;
use fg_emulator::{Event, PlatformError};
use serde::de::IgnoredAny;
use serde_json::json;

use crate::api::error::ApiError;
use crate::app::App;
use crate::catalog::function::Function;
use crate::catalog::version::Version;
use crate::invoker::streamed_response::Started;
use crate::urn::{FunctionRef, Qualifier};

use response::{Form, response_of, streamed_response};

/// How much of a URN is repeated in a message, in characters.
const MAX_QUOTED: usize = 200;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v2/{project_id}/fgs/functions/{urn}/invocations", post(invoke))
        .route("/v2/{project_id}/fgs/functions/{urn}/invocations-async", post(invoke_async))
}

type InvocationPath = Path<(String, String)>;

async fn invoke(
    State(app): State<Arc<App>>,
    Path((_, urn)): InvocationPath,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let (function, qualifier) = find(&app, &urn)?;
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
    Path((_, urn)): InvocationPath,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let (function, qualifier) = find(&app, &urn)?;
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
    let event = Event::new(payload).asynchronous();
    let (version, event) = choose(function, qualifier.as_ref(), event, headers)?;
    let id = event.id().to_owned();
    if version.code.is_project {
        let emulator = app.invoker.project().wait_for(&function.name).await?;
        emulator.invoke_async(event).map_err(|error| refusal(&error))?;
    } else {
        let (invoker, function) = (Arc::clone(&app.invoker), Arc::clone(function));
        tokio::spawn(async move { invoker.invoke(&function, &version, event).await });
    }
    let body = axum::Json(json!({"request_id": id}));
    Ok((StatusCode::ACCEPTED, [("X-Request-Id", id)], body).into_response())
}

/// The function that a URN names, and the version or alias in it.
fn find(app: &App, urn: &str) -> Result<(Arc<Function>, Option<Qualifier>), ApiError> {
    let shown = || excerpt(urn, MAX_QUOTED);
    let named = FunctionRef::parse(urn).ok_or_else(|| {
        ApiError::bad_request("FSS.1309", format!("{} is not the URN of a function", shown()))
    })?;
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
        let message = format!("Not found the function: there is no function {} here; {there}", shown());
        ApiError { message, ..error }
    })?;
    Ok((function, named.qualifier))
}

/// The version that an invocation goes to. The function is told the alias that it was invoked by.
pub(crate) fn choose(
    function: &Function,
    qualifier: Option<&Qualifier>,
    event: Event,
    _headers: &HeaderMap,
) -> Result<(Version, Event), ApiError> {
    let version = function.named_version(qualifier)?.clone();
    let event = match qualifier {
        Some(Qualifier::Alias(alias)) => {
            event.header("X-CFF-Origin-Version-Tag", format!("!{alias}"))
        }
        Some(Qualifier::Version(_)) | None => event,
    };
    Ok((version, event))
}

/// A random number below 100, which decides between the versions of an alias.
#[allow(dead_code)]
fn roll() -> u32 {
    // Each `RandomState` has new random keys. The remainder is below 100.
    u32::try_from(RandomState::new().hash_one(()) % 100).unwrap_or_default()
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
