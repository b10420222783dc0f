//! The instances of a function: a process and a Runtime API each.

pub(crate) mod environment;
pub(crate) mod instance;
pub(crate) mod pool;
