//! FunctionGraph's API: which request is answered by what.

pub(crate) mod error;
pub(crate) mod invoke;

use std::sync::Arc;

use axum::Router;

use crate::app::App;

/// The routes below `/v2/{project}` and `/v3`.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new().merge(invoke::routes())
}
