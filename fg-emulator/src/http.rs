//! HTTP/1.1 over blocking sockets: for the Runtime API, and for requests to HTTP functions.
//!
//! It is written by hand because faults are scripted below the level at which an HTTP library
//! works: a request is left half read, a response is cut at a byte.

pub(crate) mod accept_loop;
pub(crate) mod chunked_body;
pub(crate) mod cross_site;
pub(crate) mod deadline_stream;
pub(crate) mod hop_by_hop;
pub(crate) mod limits;
pub(crate) mod read_error;
pub(crate) mod reader;
pub(crate) mod request;
pub(crate) mod request_parser;
pub(crate) mod response;
pub(crate) mod response_head;
pub(crate) mod response_reader;
pub(crate) mod socket;
