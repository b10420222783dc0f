//! The management API over HTTP, as clients see it.

mod aliases;
mod client;
mod firing;
mod functions;
mod http_functions;
mod iam;
mod invocations;
mod load;
mod logs;
mod project;
mod refusals;
mod resources;
mod triggers;
mod versions;
mod worker;
