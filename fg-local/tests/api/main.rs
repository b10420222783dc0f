//! The management API over HTTP, as clients see it.

mod aliases;
mod client;
mod functions;
mod iam;
mod invocations;
mod project;
mod refusals;
mod resources;
mod triggers;
mod versions;
