//! Invokes a function for a request: with its body as the event, or with an event of API Gateway.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use fg_emulator::limits::{SYNC_LIMIT, check_event_size};
use fg_emulator::{Event, Execution, Outcome};
use serde::de::IgnoredAny;
use tokio::time::timeout;

use super::apig_event::apig_event;
use super::apig_response::apig_response;
use super::trigger_paths::Matched;
use crate::api::invoke;
use crate::app::App;
use crate::catalog::function::Function;
use crate::error::ApiError;
use crate::exchange::Told;
use crate::urn::{FunctionName, FunctionRef};

/// A function of the project that a path names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called<'a> {
    /// What its path begins with.
    pub(super) label: &'a str,
    pub(super) name: &'a FunctionName,
    /// The target as the function sees it.
    pub(super) target: &'a str,
}

/// A response with what the observer is told.
struct Handled {
    response: Response,
    told: Told,
}

impl Handled {
    fn refused(error: ApiError) -> Self {
        let told = Told::because(error.message.as_str());
        Self { response: error.into_response(), told }
    }

    fn advise(mut self, advice: impl Into<String>) -> Self {
        self.told.advice = Some(advice.into());
        self
    }

    fn into_response(mut self, function: &str) -> Response {
        function.clone_into(&mut self.told.function);
        self.told.with(self.response)
    }
}

/// Invokes a function of the project for a request to its path.
pub(super) async fn invoke_by_path(
    app: &Arc<App>,
    called: Called<'_>,
    request: &Parts,
    body: Bytes,
) -> Response {
    let handled = if request.method == Method::POST && called.target == "/" {
        invoke_with_body(app, called, request, body).await
    } else {
        invoke_through_apig(app, called, request, &body).await
    };
    handled.into_response(called.label)
}

/// Invokes the function of a trigger for a request to the trigger's path.
pub(super) async fn invoke_by_trigger(
    app: &Arc<App>,
    matched: Matched,
    request: &Parts,
    body: Bytes,
) -> Response {
    let function = Arc::clone(&matched.function);
    let handled = invoke_matched(app, matched, request, &body).await;
    handled.unwrap_or_else(Handled::refused).into_response(&function.name.name)
}

async fn invoke_matched(
    app: &Arc<App>,
    matched: Matched,
    request: &Parts,
    body: &[u8],
) -> Result<Handled, ApiError> {
    if matched.is_signed {
        if let Some(signature) = app.signatures.read(request)? {
            signature.verify(body)?;
        }
    }
    let target = request.uri.path_and_query().map_or("/", |target| target.as_str());
    let event = Event::new(apig_event(request, body, target, &matched.path_parameters));
    check_size(&event)?;
    let Matched { function, qualifier, .. } = matched;
    if matched.is_async {
        let queued =
            invoke::queue(app, &function, qualifier, event.body(), &request.headers).await?;
        return Ok(Handled { response: queued, told: Told::default() });
    }
    let (version, event) = invoke::choose(&function, qualifier.as_ref(), event, &request.headers)?;
    let execution = timeout(matched.timeout, app.invoker.invoke(&function, &version, event));
    let Ok(execution) = execution.await else {
        let reason = format!("Backend timeout: the trigger allows {:?}", matched.timeout);
        return Err(ApiError::new(StatusCode::GATEWAY_TIMEOUT, "APIG.0201", reason));
    };
    Ok(respond_through_apig(execution?, request, None))
}

/// Invokes the version `latest` of a function of the project.
async fn invoke_latest(
    app: &Arc<App>,
    name: &FunctionName,
    event: Event,
) -> Result<Execution, ApiError> {
    let named = FunctionRef {
        package: Some(name.package.clone()),
        name: name.name.clone(),
        qualifier: None,
    };
    let function: Arc<Function> = app.catalog.find(&named)?;
    app.invoker.invoke(&function, &function.latest, event).await
}

async fn invoke_with_body(
    app: &Arc<App>,
    called: Called<'_>,
    request: &Parts,
    body: Bytes,
) -> Handled {
    if let Err(error) = invoke::check_body_and_headers(&request.headers, &body) {
        return refuse_body_or_header(error, &body);
    }
    let execution = match invoke_latest(app, called.name, Event::new(body)).await {
        Ok(execution) => execution,
        Err(error) => return Handled::refused(error),
    };
    let status = match &execution.outcome {
        Outcome::Response(_) | Outcome::Streamed { .. } => StatusCode::OK,
        Outcome::Error(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Outcome::Platform(error) => gateway_status(error.http_status()),
    };
    let mut response = json_response(status, execution.outcome.body().into_owned());
    add_id(&mut response, "x-cff-request-id", &execution);
    executed(response, error_of(&execution), execution)
}

fn refuse_body_or_header(error: ApiError, body: &[u8]) -> Handled {
    let response = error.into_response();
    if body.is_empty() || serde_json::from_slice::<IgnoredAny>(body).is_ok() {
        let told = Told::because("X-Cff-Instance-Memory is not one of the platform's sizes");
        return Handled { response, told };
    }
    let advice = if body.starts_with(b"\xef\xbb\xbf") {
        "the body begins with a byte order mark, which JSON does not allow: save the file as UTF-8 without one"
    } else {
        "an event is JSON, such as {\"name\":\"Ada\"}, or \"Ada\" with its quotation marks; a request of API Gateway may have any body, \
         and is written with a `?` after the path"
    };
    Handled { response, told: Told::because("the body is not JSON") }.advise(advice)
}

async fn invoke_through_apig(
    app: &Arc<App>,
    called: Called<'_>,
    request: &Parts,
    body: &[u8],
) -> Handled {
    let event = Event::new(apig_event(request, body, called.target, &BTreeMap::new()));
    let invoked = match check_size(&event) {
        Ok(()) => invoke_latest(app, called.name, event).await,
        Err(error) => Err(error),
    };
    match invoked {
        Ok(execution) => respond_through_apig(execution, request, Some(called.target)),
        Err(error) => Handled::refused(error),
    }
}

fn check_size(event: &Event) -> Result<(), ApiError> {
    check_event_size(event, SYNC_LIMIT).map_err(|error| invoke::refusal(&error))
}

/// The response that API Gateway makes of a result. `target` is that of a request that could have
/// been meant as a plain event.
fn respond_through_apig(execution: Execution, request: &Parts, target: Option<&str>) -> Handled {
    let (mut response, reason, is_understood) = match &execution.outcome {
        Outcome::Response(_) | Outcome::Streamed { .. } => {
            match apig_response(&execution.outcome.body(), request.method == Method::HEAD) {
                Ok(response) => (response, None, true),
                Err(reason) => {
                    let status = StatusCode::INTERNAL_SERVER_ERROR;
                    let error = ApiError::new(status, "FSS.1202", reason.as_str());
                    (error.into_response(), Some(reason), false)
                }
            }
        }
        Outcome::Error(error) => {
            let is_understood = error.error_type != "InvalidPayload";
            let body = execution.outcome.body().into_owned();
            let response = json_response(StatusCode::INTERNAL_SERVER_ERROR, body);
            (response, error_of(&execution), is_understood)
        }
        Outcome::Platform(error) => {
            let status = gateway_status(error.http_status());
            let response = json_response(status, execution.outcome.body().into_owned());
            (response, error_of(&execution), true)
        }
    };
    add_id(&mut response, "x-request-id", &execution);
    let advice = target.filter(|_| !is_understood).map(|target| advice_about_apig(request, target));
    let handled = executed(response, reason, execution);
    match advice {
        Some(advice) => handled.advise(advice),
        None => handled,
    }
}

/// A function of other events fails at a line and column of an event that the caller has not
/// written, or returns a result that API Gateway does not understand.
fn advice_about_apig(request: &Parts, target: &str) -> String {
    let why = match request.method.as_str() {
        "POST" if target.starts_with("/?") => "its path has a query".to_owned(),
        "POST" => "its path is longer than that of the function".to_owned(),
        method => format!("it is a {method}"),
    };
    format!(
        "the function was given this request as an event of API Gateway, because {why}. If it expects an event of its own, POST that \
         to the path of the function, without a query"
    )
}

fn executed(response: Response, reason: Option<String>, execution: Execution) -> Handled {
    let told = Told { reason, execution: Some(Arc::new(execution)), ..Told::default() };
    Handled { response, told }
}

fn json_response(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Adds the id of the invocation, unless the function has set this header.
fn add_id(response: &mut Response, name: &'static str, execution: &Execution) {
    if let Ok(id) = HeaderValue::from_str(&execution.summary.request_id) {
        response.headers_mut().entry(HeaderName::from_static(name)).or_insert(id);
    }
}

/// The invoke API has status 200 if the function was called, even if it failed. A caller of the
/// gateway gets 500 then.
fn gateway_status(invoke_api_status: u16) -> StatusCode {
    match invoke_api_status {
        200 => StatusCode::INTERNAL_SERVER_ERROR,
        status => StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn error_of(execution: &Execution) -> Option<String> {
    match &execution.outcome {
        Outcome::Response(_) | Outcome::Streamed { .. } => None,
        Outcome::Error(error) => Some(format!("{}: {}", error.error_type, error.error_message)),
        Outcome::Platform(error) => Some(error.to_string()),
    }
}
