//! Invokes a function for a request: with its body as the event, or with an event of API Gateway.

use serde::de::IgnoredAny;

use super::apig_event::apig_event;
use super::apig_response::apig_response;
use super::exchange::Handled;
use crate::callers::api_error::{error_response, platform_error_response};
use crate::callers::invoke_api::call;
use crate::emulator::Emulator;
use crate::execution::{Execution, Outcome};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::runtime_api::event::Event;
use crate::settings::limits::{SYNC_LIMIT, check_event_size};

/// Handles a request to this function. `target` is the target as the function sees it.
pub(super) fn handle(emulator: &Emulator, request: &Request, target: &str) -> Handled {
    if request.method == "POST" && target == "/" {
        invoke_with_body(emulator, request)
    } else {
        invoke_through_apig(emulator, request, target)
    }
}

fn invoke_with_body(emulator: &Emulator, request: &Request) -> Handled {
    if let Err(response) = call::check_body_and_headers(request) {
        return refuse_body_or_header(request, response);
    }
    let execution = emulator.invoke(Event::new(request.body.as_slice()));
    let status = match &execution.outcome {
        Outcome::Response(_) | Outcome::Streamed { .. } => 200,
        Outcome::Error(_) => 500,
        Outcome::Platform(error) => gateway_status(error.http_status()),
    };
    let mut response = Response::json(status, execution.outcome.body());
    response.default_header("X-Cff-Request-Id", &execution.summary.request_id);
    Handled {
        reason: error_of(&execution),
        response: Some(response),
        execution: Some(execution),
        advice: None,
    }
}

fn refuse_body_or_header(request: &Request, response: Response) -> Handled {
    if request.body.is_empty() || serde_json::from_slice::<IgnoredAny>(&request.body).is_ok() {
        return Handled::refused(
            response,
            "X-Cff-Instance-Memory is not one of the platform's sizes",
        );
    }
    let advice = if request.body.starts_with(b"\xef\xbb\xbf") {
        "the body begins with a byte order mark, which JSON does not allow: save the file as UTF-8 without one"
    } else {
        "an event is JSON, such as {\"name\":\"Ada\"}, or \"Ada\" with its quotation marks; a request of API Gateway may have any body, \
         and is written with a `?` after the path"
    };
    Handled { advice: Some(advice.into()), ..Handled::refused(response, "the body is not JSON") }
}

fn invoke_through_apig(emulator: &Emulator, request: &Request, target: &str) -> Handled {
    let event = Event::new(apig_event(request, target));
    if let Err(error) = check_event_size(&event, SYNC_LIMIT) {
        return Handled::refused(platform_error_response(&error), error.to_string());
    }
    let execution = emulator.invoke(event);
    let (mut response, reason, is_understood) = match &execution.outcome {
        Outcome::Response(_) | Outcome::Streamed { .. } => {
            match apig_response(&execution.outcome.body(), request.method == "HEAD") {
                Ok(response) => (response, None, true),
                Err(reason) => (error_response(500, "FSS.1202", &reason), Some(reason), false),
            }
        }
        Outcome::Error(error) => {
            let is_understood = error.error_type != "InvalidPayload";
            let response = Response::json(500, execution.outcome.body());
            (response, error_of(&execution), is_understood)
        }
        Outcome::Platform(error) => {
            let status = gateway_status(error.http_status());
            let response = Response::json(status, execution.outcome.body());
            (response, error_of(&execution), true)
        }
    };
    response.default_header("X-Request-Id", &execution.summary.request_id);
    let advice = (!is_understood).then(|| advice_about_apig(request, target));
    Handled { response: Some(response), execution: Some(execution), reason, advice }
}

/// A function of other events fails at a line and column of an event that the caller has not
/// written, or returns a result that API Gateway does not understand.
fn advice_about_apig(request: &Request, target: &str) -> String {
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

/// The invoke API has status 200 if the function was called, even if it failed. A caller of the
/// gateway gets 500 then.
fn gateway_status(invoke_api_status: u16) -> u16 {
    if invoke_api_status == 200 { 500 } else { invoke_api_status }
}

fn error_of(execution: &Execution) -> Option<String> {
    match &execution.outcome {
        Outcome::Response(_) | Outcome::Streamed { .. } => None,
        Outcome::Error(error) => Some(format!("{}: {}", error.error_type, error.error_message)),
        Outcome::Platform(error) => Some(error.to_string()),
    }
}
