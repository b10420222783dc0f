//! Starts an instance: its Runtime API, and then its process.

use std::path::Path;
use std::sync::{Arc, mpsc};

use super::Instance;
use crate::execution::platform_error::{Cause, PlatformError};
use crate::instances::command::command;
use crate::process::output::Output;
use crate::process::{Process, ProcessEnd};
use crate::runtime_api::handle::RuntimeApi;
use crate::runtime_api::peer::Owner;
use crate::runtime_api::state::{FunctionRequest, State};
use crate::settings::{Program, Settings};

impl Instance {
    pub(in crate::instances) fn start(settings: &Arc<Settings>) -> Result<Self, PlatformError> {
        let started = settings.api_address.map_or_else(RuntimeApi::start, RuntimeApi::start_at);
        let api = started.map_err(|error| PlatformError::new(Cause::NoPort(error.to_string())))?;
        api.shared().update(|state| {
            state.restrict_to_instance(settings.answer_limit(), settings.line_sink.clone());
        });
        let output = Arc::new(Output::new(settings.line_sink.clone()));
        let process = match &settings.program {
            Program::Attached => {
                api.shared().update(|state| state.set_owner(Owner::Announced));
                None
            }
            Program::Started { path, .. } => Some(start_process(settings, path, &api, &output)?),
        };
        Ok(Self { settings: Arc::clone(settings), api, output, process })
    }
}

fn start_process(
    settings: &Settings,
    path: &Path,
    api: &RuntimeApi,
    output: &Arc<Output>,
) -> Result<Process, PlatformError> {
    let shared = Arc::clone(api.shared());
    let (send_id, id) = mpsc::channel();
    let (process_sink, line_sink) = (settings.process_sink.clone(), settings.line_sink.clone());
    let on_end = move |ProcessEnd { exit, was_requested }| {
        if let (Some(sink), Ok(id)) = (process_sink, id.recv()) {
            sink(id, false);
        }
        // An end before the first poll, or during a request, is reported in a result.
        let is_between_requests =
            shared.read(|state| state.has_polled() && state.unanswered_request_id().is_none());
        shared.update(State::mark_function_ended);
        if let (Some(sink), true, false) = (line_sink, is_between_requests, was_requested) {
            sink(&format!("the function {exit}, while it handled no request"));
        }
    };
    let started = Process::start(
        command(settings, &api.address()),
        settings.group,
        api.address(),
        Arc::clone(output),
        on_end,
    );
    let process = started.map_err(|error| PlatformError::not_started(path, &error))?;
    let (drain, hook_output) = (process.drain_function(), Arc::clone(output));
    api.shared().on_request(move |request| {
        drain(&hook_output);
        match request {
            // By its next poll a function is done with what it does after its answer.
            FunctionRequest::Poll => hook_output.end_line(),
            FunctionRequest::Answer => hook_output.end_request(),
        }
    });
    api.shared().update(|state| state.set_owner(Owner::Process(process.id())));
    if let Some(sink) = &settings.process_sink {
        sink(process.id(), true);
    }
    // Only now can `on_end` report the end, so that it follows the start. Without a sink the
    // receiver may be gone.
    let _ = send_id.send(process.id());
    Ok(process)
}
