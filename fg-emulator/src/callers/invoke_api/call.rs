//! One call of the invoke API: the event in the request, and the response to the caller (the
//! platform's API reference, "executing a function").

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::de::IgnoredAny;
use serde_json::json;

use super::urn::{segments, version_in};
use crate::callers::api_error::{error_response, platform_error_response};
use crate::callers::signature;
use crate::emulator::Emulator;
use crate::execution::log::Log;
use crate::execution::{Execution, Outcome};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::printable::excerpt;
use crate::runtime_api::event::Event;
use crate::settings::Settings;
use crate::settings::limits::{ASYNC_LIMIT, MEMORY_SIZES, SYNC_LIMIT, check_event_size};

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    is_async: bool,
    alias: Option<String>,
}

/// The event of a synchronous call, or the response to any other request.
pub(super) fn accept(emulator: &Emulator, request: &Request) -> Result<Event, Response> {
    let settings = emulator.pool().settings();
    if let Some(pair) = &settings.key_pair {
        signature::verify(pair, request)
            .map_err(|reason| error_response(401, "FSS.0401", &reason))?;
    }
    let call = Call::of(request, settings)?;
    let limit = if call.is_async { ASYNC_LIMIT } else { SYNC_LIMIT };
    let mut event = Event::new(request.body.as_slice());
    check_event_size(&event, limit).map_err(|error| platform_error_response(&error))?;
    check_body_and_headers(request)?;
    if let Some(alias) = call.alias {
        event = event.header("X-CFF-Origin-Version-Tag", format!("!{alias}"));
    }
    if !call.is_async {
        return Ok(event);
    }
    Err(match emulator.invoke_async(event) {
        Ok(invocation) => {
            let id = invocation.request_id();
            let mut response = Response::json(202, json!({"request_id": id}).to_string());
            response.default_header("X-Request-Id", id);
            response
        }
        Err(error) => platform_error_response(&error),
    })
}

impl Call {
    fn of(request: &Request, settings: &Settings) -> Result<Self, Response> {
        let path = request.path();
        let segments = segments(path);
        let segments: Vec<_> = segments.iter().map(String::as_str).collect();
        let path = &excerpt(path, 200);
        let (urn, is_async) = match segments[..] {
            ["v2", _, "fgs", "functions", urn, "invocations"] => (urn, false),
            ["v2", _, "fgs", "functions", urn, "invocations-async"] => (urn, true),
            ["v2", _, "fgs", ..] => return Err(not_emulated(&request.method, path)),
            _ => {
                let message = format!("there is nothing at {path}");
                return Err(error_response(404, "FSS.0404", &message));
            }
        };
        if request.method != "POST" {
            let message = format!("{} is not a method of {path}", request.method);
            return Err(error_response(405, "FSS.0400", &message));
        }
        let version = version_in(urn, &settings.name).ok_or_else(|| {
            let message = format!("the function {urn} is not here; this is {}", settings.urn());
            error_response(404, "FSS.1051", &message)
        })?;
        match version.strip_prefix('!') {
            Some(alias) => Ok(Self { is_async, alias: Some(alias.to_owned()) }),
            None if ["", "latest", &settings.version].contains(&version) => {
                Ok(Self { is_async, alias: None })
            }
            None => {
                let message =
                    format!("there is no version {version}; this is {}", settings.version);
                Err(error_response(404, "FSS.1052", &message))
            }
        }
    }
}

/// The response to a call of the platform's API that is not emulated.
pub(in crate::callers) fn not_emulated(method: &str, path: &str) -> Response {
    let message = format!(
        "{method} {path} is a call of FunctionGraph's API that is not emulated here; POST /v2/PROJECT/fgs/functions/URN/invocations and \
         ../invocations-async are"
    );
    error_response(501, "FSS.0501", &message)
}

/// Checks that the body is JSON, and that the headers have valid values.
pub(in crate::callers) fn check_body_and_headers(request: &Request) -> Result<(), Response> {
    if !request.body.is_empty() {
        serde_json::from_slice::<IgnoredAny>(&request.body).map_err(|error| {
            error_response(406, "FSS.0406", &format!("the body is not JSON: {error}"))
        })?;
    }
    match request.header("X-Cff-Instance-Memory") {
        Some(size) if !size.parse().is_ok_and(|size| MEMORY_SIZES.contains(&size)) => {
            let message = format!("X-Cff-Instance-Memory cannot be {size}");
            Err(error_response(406, "FSS.0406", &message))
        }
        _ => Ok(()),
    }
}

/// Whether the caller wants the response inside JSON, which cannot be streamed.
pub(super) fn is_v1(request: &Request) -> bool {
    request
        .header("X-CFF-Request-Version")
        .is_some_and(|version| version.eq_ignore_ascii_case("v1"))
}

/// The response to the caller of a synchronous invocation.
pub(super) fn response_of(execution: &Execution, request: &Request) -> Response {
    let Execution { outcome, summary, log } = execution;
    if let Outcome::Platform(error) = outcome {
        if error.http_status() != 200 {
            let mut response = platform_error_response(error);
            response.default_header("X-Request-Id", &summary.request_id);
            return response;
        }
    }
    let (error_code, status) = match outcome {
        Outcome::Response(_) | Outcome::Streamed { .. } => ("0", 200),
        Outcome::Error(_) => ("4002", 500),
        Outcome::Platform(error) => (error.code(), 500),
    };
    let wants_log =
        request.header("X-Cff-Log-Type").is_some_and(|value| value.eq_ignore_ascii_case("tail"));
    let log = if wants_log { BASE64_STANDARD.encode(log.tail(Log::SHORT)) } else { String::new() };
    let is_v1 = is_v1(request);
    let body = if is_v1 {
        let result = String::from_utf8_lossy(&outcome.body()).into_owned();
        let body = json!({"result": result, "log": log, "status": status, "request_id": summary.request_id});
        body.to_string().into_bytes()
    } else {
        outcome.body().into_owned()
    };
    let mut headers: Vec<(String, String)> = [
        ("Content-Type", "application/json"),
        ("X-Cff-Request-Id", &summary.request_id),
        ("X-Cff-Invoke-Summary", &summary.to_json()),
        ("X-CFF-Billing-Duration", &summary.billed_duration.as_millis().to_string()),
        ("X-Cff-Response-Version", if is_v1 { "v1" } else { "v0" }),
        ("X-Func-Err-Code", error_code),
        ("X-Is-Func-Err", if outcome.is_response() { "false" } else { "true" }),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    if wants_log {
        headers.push(("X-Cff-Function-Log".into(), log));
    }
    Response { status: 200, headers, body }
}
