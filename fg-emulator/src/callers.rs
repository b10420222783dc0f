//! What serves the callers of functions: API Gateway, the invoke API, signatures.

pub(crate) mod gateway;
pub(crate) mod http_server;
pub(crate) mod invoke_api;
pub(crate) mod signature;
