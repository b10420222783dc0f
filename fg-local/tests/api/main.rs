//! The management API over HTTP, as clients see it.

mod aliases;
mod client;
mod functions;
mod iam;
mod refusals;
mod versions;
