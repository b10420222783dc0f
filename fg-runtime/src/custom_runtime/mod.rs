//! The custom runtime: polls the Runtime API for events and handles them one at a time.

pub(crate) mod api_connection;
pub(crate) mod backoff;
pub(crate) mod event_loop;
pub(crate) mod fault_policy;
pub(crate) mod response_reader;
