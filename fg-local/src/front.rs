//! What callers reach first: connections and their limits, requests of other sites, request ids and
//! signatures. What passes goes to the [API](crate::api) or to the [gateway](crate::gateway).

mod accept_loop;
mod bodies;
mod caller_io;
mod connection;
mod open_connections;
pub(crate) mod platform_path;
mod refusal;
mod service;
pub(crate) mod signature;
mod tracked_body;

pub(crate) use accept_loop::Listening;
pub(crate) use service::Front;
