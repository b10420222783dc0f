//! The server mode under load: fg beside bare hyper and axum, which do the same work.

mod load;
mod report;
mod server;
mod suite;

pub(crate) use report::{SERVERS, markdown};
pub(crate) use suite::run;
