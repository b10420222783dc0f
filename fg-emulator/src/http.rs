//! HTTP/1.1 over blocking sockets: what the servers of this crate have in common.

pub(crate) mod chunked_body;
pub(crate) mod cross_site;
pub(crate) mod request_parser;
pub(crate) mod response;
