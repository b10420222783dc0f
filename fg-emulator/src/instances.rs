//! The instances of a function, each with a process and a Runtime API of its own.

pub(crate) mod command;
pub(crate) mod environment;
mod instance;
pub(crate) mod pool;
