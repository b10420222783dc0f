//! The log: the format of its lines, where they are written, and the runtime's own messages.

pub(crate) mod current_logger;
pub(crate) mod format;
#[cfg(feature = "log")]
pub(crate) mod log_crate;
pub(crate) mod runtime_log;
pub(crate) mod sink;
mod stderr_line;
mod timestamp;
#[cfg(feature = "tracing")]
mod tracing_fields;
#[cfg(feature = "tracing")]
pub(crate) mod tracing_layer;
