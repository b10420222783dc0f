//! What functions write: kept in files, one stream for each function, and queried as in LTS, the
//! Log Tank Service.

mod error;
mod keywords;
#[cfg(test)]
mod kill_tests;
mod line;
mod query;
mod routes;
mod store;
mod stream;

pub(crate) use routes::router;
pub(crate) use store::LogStore;
