//! Starts an instance: its Runtime API, and then its process.

use std::sync::Arc;

use super::EventInstance;
use crate::execution::platform_error::{Cause, PlatformError};
use crate::instances::command::command;
use crate::instances::environment;
use crate::instances::function_process::FunctionProcess;
use crate::instances::memory::MemoryPolicy;
use crate::runtime_api::handle::RuntimeApi;
use crate::runtime_api::peer::Owner;
use crate::runtime_api::state::{FunctionRequest, State};
use crate::settings::{Program, Settings};

impl EventInstance {
    /// Starts an instance. `on_end` is called when its process has ended.
    pub(in crate::instances) fn start(
        settings: &Arc<Settings>,
        memory: &MemoryPolicy,
        on_end: impl FnOnce() + Send + 'static,
    ) -> Result<Self, PlatformError> {
        let started = settings.api_address.map_or_else(RuntimeApi::start, RuntimeApi::start_at);
        let api = started.map_err(|error| PlatformError::new(Cause::NoPort(error.to_string())))?;
        api.shared().update(|state| {
            state.restrict_to_instance(settings.answer_limit(), settings.line_sink.clone());
        });
        let function = match &settings.program {
            Program::Attached => {
                api.shared().update(|state| state.set_owner(Owner::Announced));
                FunctionProcess::attached(settings)
            }
            Program::Started { .. } => start_process(settings, memory, &api, on_end)?,
        };
        Ok(Self { api, function })
    }
}

fn start_process(
    settings: &Arc<Settings>,
    memory: &MemoryPolicy,
    api: &RuntimeApi,
    on_end: impl FnOnce() + Send + 'static,
) -> Result<FunctionProcess, PlatformError> {
    let shared = Arc::clone(api.shared());
    let on_end = move || {
        let is_between_requests =
            shared.read(|state| state.has_polled() && state.unanswered_request_id().is_none());
        shared.update(State::mark_function_ended);
        on_end();
        is_between_requests
    };
    let address = api.address();
    let command = command(settings, &environment::event_interface(&address));
    let mark = format!("{}={address}", environment::API_ADDRESS);
    let function = FunctionProcess::start(settings, memory, command, mark, on_end)?;
    let (drain, output) = (function.drain_function(), Arc::clone(function.output()));
    api.shared().on_request(move |request| {
        drain();
        match request {
            // By its next poll a function is done with what it does after its answer.
            FunctionRequest::Poll => output.end_line(),
            FunctionRequest::Answer => output.end_request(),
        }
    });
    if let Some(id) = function.id() {
        api.shared().update(|state| state.set_owner(Owner::Process(id)));
    }
    Ok(function)
}
