//! One instance of a function, of any kind.

use std::sync::Arc;
use std::time::Duration;

use super::event_instance::EventInstance;
use super::http_instance::{HttpInstance, PortUse};
use super::memory::MemoryPolicy;
use crate::execution::Execution;
use crate::execution::platform_error::PlatformError;
use crate::execution::shutdown_report::ShutdownReport;
use crate::runtime_api::chunk_queue::ChunkQueue;
use crate::runtime_api::event::Event;
use crate::settings::{Kind, Settings};

#[derive(Debug)]
pub(super) enum Instance {
    Event(EventInstance),
    Http(HttpInstance),
}

impl Instance {
    /// Starts an instance. `on_end` is called when its process has ended.
    pub(super) fn start(
        settings: &Arc<Settings>,
        memory: &MemoryPolicy,
        on_end: impl FnOnce() + Send + 'static,
    ) -> Result<Self, PlatformError> {
        match settings.kind {
            Kind::Event => EventInstance::start(settings, memory, on_end).map(Self::Event),
            Kind::Http => HttpInstance::start(settings, memory, on_end).map(Self::Http),
        }
    }

    /// Host and port of its Runtime API, if it has one.
    pub(super) fn api_address(&self) -> Option<String> {
        match self {
            Self::Event(instance) => Some(instance.address()),
            Self::Http(_) => None,
        }
    }

    pub(super) fn process_id(&self) -> Option<u32> {
        match self {
            Self::Event(instance) => instance.process_id(),
            Self::Http(instance) => instance.process_id(),
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        match self {
            Self::Event(instance) => instance.has_ended(),
            Self::Http(instance) => instance.has_ended(),
        }
    }

    /// Waits until it can handle an event.
    pub(super) fn wait_until_ready(&self) -> Result<(), PlatformError> {
        match self {
            Self::Event(instance) => instance.wait_for_poll(),
            Self::Http(instance) => instance.wait_until_listening().map(drop),
        }
    }

    /// Waits until it has done most of what it does at its start, at most for this time. An HTTP
    /// function does not tell.
    pub(super) fn wait_for_start(&self, limit: Duration) {
        if let Self::Event(instance) = self {
            instance.wait_for_first_poll(limit);
        }
    }

    /// Waits until it can handle an event, and returns whether others can be started beside it.
    pub(super) fn port_use(&self) -> Option<PortUse> {
        match self {
            Self::Event(_) => Some(PortUse::Own),
            Self::Http(instance) => instance.port_use(),
        }
    }

    /// Handles an event. The process may have ended then. With a reader, and if streaming is
    /// enabled, a response that comes in pieces goes into the reader's queue.
    pub(super) fn run(&self, event: Event, reader: Option<&Arc<ChunkQueue>>) -> Execution {
        match self {
            Self::Event(instance) => instance.run(event, reader),
            Self::Http(instance) => instance.run(&event, reader),
        }
    }

    /// Kills the process if it handles this event. An instance of an HTTP function may handle other
    /// requests, too, and goes on.
    pub(super) fn cancel(&self, request_id: &str) -> bool {
        match self {
            Self::Event(instance) => instance.cancel(request_id),
            Self::Http(_) => false,
        }
    }

    /// Waits until the function is done with what it does after its answer, stops it, and reports
    /// what it has written and how it has ended.
    pub(super) fn finish(&self) -> ShutdownReport {
        match self {
            Self::Event(instance) => instance.finish(),
            Self::Http(instance) => instance.finish(),
        }
    }

    pub(super) fn stop(&self) {
        match self {
            Self::Event(instance) => instance.stop(),
            Self::Http(instance) => instance.stop(),
        }
    }
}
