//! One instance of an HTTP function: a process that listens on a port of loopback, and handles as
//! many requests at the same time as it is configured for.

mod exchange;
mod handling;
mod listening;
mod platform_response;
mod ports;
mod replayed_request;

use std::sync::{Arc, Weak};
use std::time::Instant;

use super::command::command;
use super::environment;
use super::function_process::FunctionProcess;
use super::memory::MemoryPolicy;
use crate::execution::platform_error::{Cause, PlatformError, TriedPorts};
use crate::execution::shutdown_report::ShutdownReport;
use crate::monitor::Monitor;
use crate::runtime_api::chunk_queue::ChunkQueue;
use crate::settings::Settings;

use ports::{OwnPort, PLATFORM_PORT, is_free};

/// On which port the instances of a function listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PortUse {
    /// Each on its own.
    Own,
    /// On the platform's, so that there can be only one instance.
    Platform,
}

#[derive(Debug)]
pub(super) struct HttpInstance {
    function: FunctionProcess,
    own_port: OwnPort,
    tried: TriedPorts,
    started: Instant,
    state: Arc<Monitor<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The port on which it listens, once that is known.
    port: Option<u16>,
    has_ended: bool,
    stopped: bool,
    /// Why it will not listen.
    start_error: Option<PlatformError>,
    running: usize,
    /// The request at whose timeout it was killed.
    timed_out: Option<String>,
    /// Where its streamed responses go.
    streams: Vec<Weak<ChunkQueue>>,
}

impl HttpInstance {
    /// Starts an instance. `on_end` is called when its process has ended.
    pub(super) fn start(
        settings: &Arc<Settings>,
        memory: &MemoryPolicy,
        on_end: impl FnOnce() + Send + 'static,
    ) -> Result<Self, PlatformError> {
        let own_port = OwnPort::take()
            .map_err(|error| PlatformError::new(Cause::NoPort(error.to_string())))?;
        let tried = TriedPorts { own: own_port.number(), default_was_free: is_free(PLATFORM_PORT) };
        let state = Arc::<Monitor<State>>::default();
        let ending = Arc::clone(&state);
        let on_end = move || {
            let is_between_requests = ending.update(|state| {
                state.has_ended = true;
                state.port.is_some() && state.running == 0
            });
            on_end();
            is_between_requests
        };
        let command = command(settings, &environment::http_interface(own_port.number()));
        let mark = format!("{}={}", environment::FG_PORT, own_port.number());
        let function = FunctionProcess::start(settings, memory, command, mark, on_end)?;
        Ok(Self { function, own_port, tried, started: Instant::now(), state })
    }

    pub(super) fn process_id(&self) -> Option<u32> {
        self.function.id()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.state.read(|state| state.has_ended)
    }

    /// Stops it and reports what it has written since its last response.
    pub(super) fn finish(&self) -> ShutdownReport {
        let exit = self.function.exit();
        self.stop();
        let mut report = ShutdownReport::new(self.function.take_lines());
        if let Some(exit) = exit {
            report.errors.push(format!("after its response, the function {exit}"));
        }
        report
    }

    /// Kills the process: the platform sends HTTP functions no SIGTERM.
    pub(super) fn stop(&self) {
        let streams = self.state.update(|state| {
            state.stopped = true;
            std::mem::take(&mut state.streams)
        });
        streams.iter().filter_map(Weak::upgrade).for_each(|stream| stream.interrupt());
        self.function.kill();
    }
}
