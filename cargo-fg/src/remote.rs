//! The commands for functions that are on the platform.

pub(crate) mod confirm;
