//! The instances of a function, each with a process of its own.

pub(crate) mod command;
pub(crate) mod environment;
mod event_instance;
mod function_process;
mod http_instance;
mod instance;
pub(crate) mod memory;
pub(crate) mod pool;
pub(crate) mod slots;
