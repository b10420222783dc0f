//! The Runtime API of one instance: the HTTP server that a custom runtime polls.

pub(crate) mod answer;
pub(crate) mod answer_stream;
pub(crate) mod chunk_queue;
pub(crate) mod event;
pub(crate) mod fault;
pub(crate) mod function_connection;
pub(crate) mod handle;
pub(crate) mod invocation;
pub(crate) mod peer;
pub(crate) mod server;
pub(crate) mod state;
