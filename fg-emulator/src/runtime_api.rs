//! The Runtime API of one instance: the HTTP server that a custom runtime polls for events and
//! answers.

pub(crate) mod answer;
pub(crate) mod answer_stream;
pub(crate) mod chunk_queue;
mod endpoint;
pub(crate) mod event;
pub(crate) mod fault;
mod function_connection;
pub(crate) mod handle;
pub(crate) mod invocation;
pub(crate) mod peer;
pub(crate) mod pending;
mod server;
pub(crate) mod state;
