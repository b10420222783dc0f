//! One request and its response: the context, the invocation that runs meanwhile, and who writes.

pub(crate) mod error_response;
pub(crate) mod in_progress;
pub(crate) mod request_context;
pub(crate) mod response_writer;
pub(crate) mod watch_schedule;
