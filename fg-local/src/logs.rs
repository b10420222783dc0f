//! What functions write: kept in files, one stream for each function, and queried as in LTS, the
//! Log Tank Service.

mod error;
mod keywords;
mod line;
mod query;
mod routes;
mod store;
mod stream;

pub(crate) use routes::router;
pub(crate) use store::LogStore;
