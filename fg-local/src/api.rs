//! FunctionGraph's API: which request is answered by what.
//!
//! A file per resource. Rules for what is accepted are in the catalog; here is what comes and goes
//! over the wire.

mod aliases;
mod async_config;
mod async_invocations;
mod blocking;
mod code;
pub(crate) mod error;
mod export;
mod fields;
mod functions;
mod iam;
pub(crate) mod invoke;
pub(crate) mod log_settings;
mod quotas;
mod request;
mod reserved;
mod statistics;
mod tags;
mod test_events;
mod triggers;
mod types;
mod versions;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode, Uri};

use crate::app::App;
use error::ApiError;

/// The largest body of a request without code, in bytes.
const MAX_BODY: usize = 1 << 20;

/// The largest body with code, in bytes: a package of 50 MB as Base64, and the fields beside it.
const MAX_CODE_BODY: usize = 70 << 20;

/// The routes below `/v2/{project}` and `/v3`. The project is not compared: a client may have been
/// configured with one of the cloud.
pub(crate) fn router() -> Router<Arc<App>> {
    let with_code = Router::new()
        .merge(functions::create_router())
        .merge(code::update_router())
        .merge(export::import_router())
        .layer(DefaultBodyLimit::max(MAX_CODE_BODY));
    let functions = Router::new()
        .merge(functions::router())
        .merge(code::router())
        .merge(versions::router())
        .merge(aliases::router())
        .merge(async_config::router())
        .merge(async_invocations::router())
        .merge(triggers::router())
        .merge(tags::router())
        .merge(quotas::router())
        .merge(reserved::router())
        .merge(test_events::router())
        .merge(log_settings::router())
        .merge(statistics::router())
        .merge(export::router())
        .merge(types::router())
        .merge(invoke::router())
        .merge(crate::logs::router())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .merge(with_code)
        .fallback(not_emulated)
        .method_not_allowed_fallback(not_emulated);
    let iam = iam::router().fallback(not_emulated).method_not_allowed_fallback(not_emulated);
    Router::new().nest("/v2/{project}", functions).nest("/v3", iam).merge(crate::triggers::router())
}

/// The answer for operations of the cloud that are not there, whatever their method.
pub(crate) async fn not_emulated(method: Method, uri: Uri) -> ApiError {
    ApiError::new(
        StatusCode::NOT_IMPLEMENTED,
        "FSS.0501",
        format!(
            "{method} {} is not an operation that FunctionGraph on this machine emulates",
            uri.path()
        ),
    )
}
