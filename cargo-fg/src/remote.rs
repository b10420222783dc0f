//! The commands for functions that are on the platform.

pub(crate) mod confirm;
pub(crate) mod delete;
pub(crate) mod invoke;
pub(crate) mod logs;
pub(crate) mod output;
mod published;
pub(crate) mod rollback;
pub(crate) mod status;
mod target;
mod times;
pub(crate) mod versions;
pub(crate) mod whoami;
