//! Serves the callers of functions: API Gateway, the invoke API, and what both have in common.
//!
//! Nothing below imports from here.

mod api_error;
pub(crate) mod gateway;
mod http_server;
pub(crate) mod invoke_api;
mod signature;
